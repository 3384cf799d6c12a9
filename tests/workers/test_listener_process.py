"""Listeners as processes: killed, stopped, started before Redis."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from littleflow_redis import Client, StepState
from tests.support import RedisServer, Spawned, wait_until
from tests.workers.scenes import PATIENCE, lifecycle, names, wait_for_step

PROGRAM = Path(__file__).with_name("listening.py")

Start = Callable[..., Spawned]


@pytest.fixture
def engine(client: redis.Redis) -> Iterator[Client]:
    engine = Client(redis=client)
    with lifecycle(engine):
        yield engine


@pytest.fixture
def start(spawn: Start, redis_server: RedisServer, tmp_path: Path) -> Start:
    """Start a listener in ``tmp_path``; ``claim_idle`` is in seconds; two deaths are enough."""

    def listening(
        claim_idle: float = 0.3, concurrency: int = 1, server: RedisServer = redis_server
    ) -> Spawned:
        root = str(PROGRAM.parents[2])
        command = [sys.executable, str(PROGRAM), str(claim_idle), str(concurrency), "2"]
        return spawn(command, env={**server.environment, "PYTHONPATH": root}, cwd=tmp_path)

    return listening


def ledger(folder: Path) -> list[list[str]]:
    """What was done, and by which process."""
    file = folder / "ledger"
    return [line.split() for line in file.read_text().splitlines()] if file.exists() else []


def wait_for_ledger(folder: Path, count: int, what: str = "begin") -> list[list[str]]:
    def written() -> list[list[str]]:
        lines = [line for line in ledger(folder) if line[0] == what]
        assert len(lines) >= count, ledger(folder)
        return lines

    return wait_until(written, f"{what} stands {count} times in the ledger")


@pytest.mark.parametrize("concurrency", [1, 2])
def test_when_one_is_killed_another_does_its_work(
    engine: Client, start: Start, tmp_path: Path, concurrency: int
) -> None:
    first = start(concurrency=concurrency)
    workflow = engine.start("work:long → work:quick")
    wait_for_ledger(tmp_path, 1)

    first.signal(signal.SIGKILL)
    first.wait()
    second = start(concurrency=concurrency)

    begun = wait_for_ledger(tmp_path, 2)
    assert [int(pid) for _, pid in begun] == [first.pid, second.pid]
    (tmp_path / "go").touch()
    assert engine.wait(workflow, timeout=PATIENCE) == "done"
    assert engine.state(workflow).steps[1].attempts == 1


@pytest.mark.parametrize("concurrency", [1, 2])
def test_a_long_task_is_renewed_and_never_handed_to_another(
    engine: Client, start: Start, tmp_path: Path, concurrency: int
) -> None:
    claim_idle = 1.0
    for _ in range(2):
        start(claim_idle, concurrency).wait_for_output("event=ready")
    workflow = engine.start("work:long")
    wait_for_ledger(tmp_path, 1)

    # Long enough for the other one to have claimed it twice over.
    until = time.monotonic() + 2.5 * claim_idle
    wait_until(lambda: time.monotonic() > until, "it was long")
    (tmp_path / "go").touch()

    assert engine.wait(workflow, timeout=PATIENCE) == "done"
    assert [what for what, _ in ledger(tmp_path)] == ["begin", "end"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_it_finish_what_it_has_in_hand(
    engine: Client, start: Start, tmp_path: Path, how: signal.Signals
) -> None:
    listener = start()
    workflow = engine.start(names(["work:long", "work:quick(- {value: 1} -)"]))
    wait_for_ledger(tmp_path, 1)

    listener.signal(how)
    listener.wait_for_output("event=stopping")
    (tmp_path / "go").touch()

    assert listener.wait() == 0
    wait_for_step(engine, workflow, 2, StepState.ENDED)
    assert "quick" not in dict(ledger(tmp_path))

    # What it had not begun was handed back: nobody has to wait for it.
    start(claim_idle=100.0)
    assert engine.wait(workflow, timeout=PATIENCE) == ["done", 1]


def test_a_second_signal_ends_it_at_once(engine: Client, start: Start, tmp_path: Path) -> None:
    listener = start()
    engine.start("work:long")
    wait_for_ledger(tmp_path, 1)

    listener.signal(signal.SIGTERM)
    listener.wait_for_output("event=stopping")
    listener.signal(signal.SIGTERM)

    assert listener.wait() == 128 + signal.SIGTERM


def test_it_waits_for_a_redis_that_is_not_there_yet(
    own_server: Callable[..., RedisServer], start: Start
) -> None:
    server = own_server(start=False)
    listener = start(server=server)
    listener.wait_for_output("event=redis-waiting")

    server.start()

    listener.wait_for_output("event=ready")
    engine = Client(server.url)
    with lifecycle(engine):
        assert engine.wait(engine.start("work:quick(- [5] -)"), timeout=PATIENCE) == 5
    assert listener.output.count("event=redis-waiting") == 1


def test_credentials_that_are_refused_end_it_and_say_what_to_set(
    own_server: Callable[..., RedisServer], start: Start
) -> None:
    server = own_server()
    with server.client() as admin:
        admin.config_set("requirepass", "secret")

    listener = start(server=server)

    assert listener.wait() == 1
    assert "set REDIS_USERNAME and REDIS_PASSWORD" in listener.output


def test_a_task_that_kills_its_process_is_ended_by_the_third(
    engine: Client, start: Start, tmp_path: Path
) -> None:
    workflow, other = engine.start("work:crash"), engine.start("work:quick")
    for _ in range(2):
        assert start().wait() == -signal.SIGKILL
    living = start()

    wait_until(lambda: engine.state(workflow).state.ended, "it is given up")

    assert engine.state(workflow).reasons == (
        "step 1 (work:crash): its worker died 2 times while running it",
    )
    assert engine.wait(other, timeout=PATIENCE) == 0
    assert [what for what, _ in ledger(tmp_path)].count("crash") == 2
    assert "event=given-up" in living.output
    (letter,) = engine.dead_letters()
    assert letter.workflow == workflow
