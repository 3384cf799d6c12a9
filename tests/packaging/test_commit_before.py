"""Processes of the commit before rooms and words and of this one, side by side on one Redis."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.support import LONG, RedisServer, Spawned, wait_until

from .versions import ROOT, Version, tree_of

#: The last commit before the modules, scripts and words of the engine got their present names.
BEFORE = "e6e945d8a447457655c5446a09bba3c67935b6a9"

#: Consumer group of the lifecycle workers.
GROUP = "ending"

#: Each stands here until its event comes, whose output is 3.
GATE = "wait:event(- event: go -)"

RETRY = "(- $retry: {limit: 2, delay: 0.05} -)"

#: What a flow makes of 3, as its input and with the event. `old` and `new` say who serves a step.
FLOWS: dict[str, tuple[str, Any]] = {
    "chain": (f"old:grow → new:grow → {GATE} → old:grow → new:grow → old:grow", 6),
    "join": (
        f"old:grow → {{ {'old:grow new:grow ' * 4} }} → new:total → {GATE}"
        f" → {{ {'old:grow new:grow ' * 4} }} → old:total",
        32,
    ),
    "items": (f"{GATE} → old:split → * new:grow → old:total", 6),
    "subflow per item": (
        f"{GATE} → new:split → * {{ old:grow → {{ new:grow old:grow }} }} → new:total",
        18,
    ),
    "retry": (f"old:flaky{RETRY} → {GATE} → new:flaky{RETRY} → old:grow", 4),
    "delay": (
        f"wait:delay(- duration: 0.1 -) → {GATE} → wait:delay(- duration: 0.1 -) → old:grow",
        4,
    ),
    "latch": (
        f"wait:acquire(- name: LATCH -) → {GATE} → {{ old:grow → wait:release(- name: LATCH -)"
        " wait:countdown(- name: LATCH -) → new:grow } → old:total",
        8,
    ),
    "merge": (f"{GATE} → {{ old:flag new:flag }} → > old:seen", 3),
    "guard": (
        f"{GATE} → old:flag → {{ ? `$[?(@.value=3)]` new:seen ? `$[?(@.value=4)]` new:seen }}",
        [3, {"value": 3}],
    ),
    "null": (f"new:nothing → {GATE} → old:nothing → new:shown", "null"),
}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tree_of(BEFORE, tmp_path_factory.mktemp("before"))


@pytest.fixture
def versions(
    before: Path,
    client: redis.Redis,
    redis_server: RedisServer,
    spawn: Callable[..., Spawned],
    tmp_path: Path,
) -> Iterator[dict[str, Version]]:
    """Both, with a listener each that serves the category of its name."""
    assert not client.dbsize()
    with ExitStack() as stack:
        found = {
            name: Version(name, package, redis_server.environment, spawn, tmp_path)
            for name, package in {"old": before, "new": ROOT}.items()
        }
        for version in found.values():
            stack.enter_context(version)
        listeners = [version.spawn("serve", version.name) for version in found.values()]
        for listener in listeners:
            listener.wait_for_output("event=ready")
        for name, package in {"old": before, "new": ROOT}.items():
            assert found[name].home() == package / "littleflow_redis"
        yield found


@pytest.mark.parametrize("first", ["old", "new"])
def test_both_versions_drive_the_same_workflows_and_one_is_killed(
    versions: dict[str, Version], first: str, client: redis.Redis
) -> None:
    """``first`` works alone, then beside the other, and is killed with work in hand."""
    doomed, survivor = (versions[name] for name in _both(first))
    worker = doomed.spawn("worker")
    begun = _start_all(survivor)
    _wait_for_waits(doomed, begun, "event")
    sleeper = survivor.call("start", "wait:delay(- duration: 1h -) → new:grow", 3)
    _wait_for_waits(doomed, [sleeper], "timer")

    survivor.spawn("worker").wait_for_output("event=ready")
    begun |= _start_all(doomed)
    _wait_for_waits(survivor, begun, "event")
    _agree(versions, [*begun, sleeper])

    left = list(begun)
    _kill_with_work_in_hand(client, worker, lambda: _open(doomed, left.pop(0)))
    assert left, "it died in the midst of the work"
    _make_timers_due(client)
    for workflow in left:
        _open(survivor, workflow)
    for workflow, form in begun.items():
        assert doomed.call("wait", workflow, timeout=LONG) == FLOWS[form][1], form
    assert doomed.call("wait", sleeper, timeout=LONG) == 4
    wait_until(lambda: not client.xpending("workflows:run", GROUP)["pending"], "nothing is left")
    _agree(versions, [*begun, sleeper])
    assert not survivor.call("dead_letters")


def test_what_one_version_archives_the_other_restores_and_restarts(
    versions: dict[str, Version], tmp_path: Path
) -> None:
    for writer in ("old", "new"):
        source, target = (versions[name] for name in _both(writer))
        (tmp_path / "mended").unlink(missing_ok=True)
        worker = source.spawn("worker")
        started = source.call("start", "old:grow → { new:broken new:grow } → old:total", 3)
        failed = source.call("wait", started, timeout=LONG)
        assert "it is broken" in failed["error"]
        archive = source.call("archive", started)
        source.call("delete", started)
        worker.kill_group()

        worker = target.spawn("worker")
        restored = target.call("restore", archive)
        assert target.call("state", restored) == source.call("state", restored)
        (tmp_path / "mended").touch()
        assert target.call("restart", restored) == "RUNNING"
        assert source.call("wait", restored, timeout=LONG) == 9
        _agree(versions, [restored])
        worker.kill_group()


def _both(first: str) -> tuple[str, str]:
    return ("old", "new") if first == "old" else ("new", "old")


def _start_all(version: Version) -> dict[str, str]:
    """Start one workflow of each form; their forms by id."""
    ids = {}
    for number, (form, (text, _)) in enumerate(FLOWS.items()):
        named = text.replace("LATCH", f"of-{version.name}")
        id = f"by-{version.name}-{number}"
        ids[version.call("start", named, 3, workflow_id=id)] = form
    return ids


def _wait_for_waits(version: Version, workflows: Iterable[str], kind: str) -> None:
    """Each waits for one thing of this kind, and for nothing else."""

    def there() -> bool:
        for workflow in workflows:
            waits = version.call("waits", workflow)
            assert [wait["kind"] for wait in waits] == [kind], (workflow, waits)
        return True

    wait_until(there, f"all wait for: {kind}")


def _make_timers_due(client: redis.Redis) -> None:
    """Make the delay of an hour, which a dead worker began, a matter of now."""
    timers: Any = client.zrange("workflows:timers", 0, -1)
    client.zadd("workflows:timers", dict.fromkeys(timers, 0), xx=True)


def _open(version: Version, workflow: str) -> None:
    version.call("send_event", "go", {"output": 3}, workflow=workflow)


def _kill_with_work_in_hand(client: redis.Redis, worker: Spawned, give: Callable[[], None]) -> None:
    """Kill it at a time when it was given events, and has not acknowledged them.

    A stopped process is given what comes while its read blocks; what it acts on is ``give``.
    """

    def caught() -> bool:
        worker.signal(signal.SIGSTOP)
        os.waitid(os.P_PID, worker.pid, os.WSTOPPED)
        give()
        consumers: Any = client.xinfo_consumers("workflows:run", GROUP)
        if any(c["pending"] for c in consumers if f"-{worker.pid}-".encode() in c["name"]):
            return True
        worker.signal(signal.SIGCONT)
        return False

    wait_until(caught, "the worker has work in hand")
    worker.kill_group()


def _agree(versions: dict[str, Version], workflows: Iterable[str]) -> None:
    """Whatever one version shows of these workflows, the other shows too."""
    for workflow in workflows:
        for method in ("state", "trace", "attempts", "waits", "graph", "source", "input"):
            shown = {name: of.call(method, workflow) for name, of in versions.items()}
            assert shown["new"] == shown["old"], (method, workflow)
        archives = [of.call("archive", workflow) | {"archived": ""} for of in versions.values()]
        assert archives[0] == archives[1], workflow
