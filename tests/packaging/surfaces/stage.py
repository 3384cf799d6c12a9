"""One small installation, and workflows that come through everything that leaves a name behind."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import redis

from littleflow_redis import Client, TaskListener, WorkflowState
from tests.support import RedisServer, Spawned, free_port, wait_until
from tests.web import Answer, ask

_APPS = Path(__file__).parents[2] / "apps"

#: Workflows that end without help: id, text.
_ALONE = {
    "chain": "n:echo → math:collect → { n:echo → n:echo } → n:echo",
    "typed": "math:typed → math:passed",
    "items": "<[1, 2]> → * math:mul → math:collect",
    "guard": '<{"n": 1}> → { ? `$[?(@.n=1)]` n:echo ? `$[?(@.n=2)]` n:echo } → > n:echo',
    "retry": "n:flaky(- $retry: 1 -)",
    "failing": "n:echo → n:fail → n:echo",
    "carry": "n:fail(- $on-failure: continue -)",
    "loop": (
        "n:echo → wait:delay(- duration: 0.05 -) → :start; wait:delay(- duration: 0.3 -) → :end"
    ),
    "late": "math:nap(- {line: a, seconds: 2, $timeout: 0.3} -)",
    "queue": "n:echo(- $queue-timeout: 60 -)",
}

#: Workflows that wait for what the scene does.
_HELPED = {
    "event": '<{"n": 1}> → wait:event(- {event: go, match: input, timeout: 60} -)',
    "latched": "wait:acquire(- name: l -) → { wait:countdown(- name: l -)"
    " x:hand → wait:release(- name: l -) }",
    "unserved": "x:never(- $queue-timeout: 0.1 -)",
    "lost": "x:hand",
    "stopped": "n:echo → x:hand",
}


class Stage:
    """Redis with every change of a key announced, a worker, a bridge with a Celery worker, a
    TaskListener, the API, and ``done`` once :func:`played` has brought all to its end.
    """

    def __init__(self, server: RedisServer, folder: Path, stack: ExitStack) -> None:
        self.server, self.folder = server, folder
        self.client = Client(server.url)
        self.redis: redis.Redis = self.client.redis
        self.processes: dict[str, Spawned] = {}
        #: The stream's entries, before any was deleted.
        self.stream: list[dict[bytes, bytes]] = []
        self.api = f"http://127.0.0.1:{free_port()}"
        self._stack = stack

    @property
    def environment(self) -> dict[str, str]:
        at = f"redis://{self.server.host}:{self.server.port}"
        celery = {"CELERY_BROKER_URL": f"{at}/1", "CELERY_RESULT_BACKEND": f"{at}/2"}
        ledger = {"LEDGER": str(self.folder / "ledger"), "LITTLEFLOW_API_RATE": "0"}
        return {**self.server.environment, **celery, **ledger}

    def start(self, name: str, *command: str) -> Spawned:
        output = self.folder / f"{name}.txt"
        environment = {**os.environ, **self.environment}
        process = Spawned([sys.executable, "-m", *command], environment, _APPS, output)
        self._stack.callback(process.kill_group)
        self.processes[name] = process
        return process

    def ask(self, path: str, body: Any = None, method: str = "") -> Answer:
        if body is None:
            return ask(self.api + path, method or "GET")
        text = json.dumps(body).encode()
        return ask(self.api + path, method or "POST", text, Content_Type="application/json")

    def trace_of(self, workflow: str) -> set[str]:
        return {entry.what for entry in self.client.trace(workflow)}

    def wait_for(self, *workflows: str) -> None:
        def ended() -> bool:
            open = [id for id in workflows if not self.client.state(id).state.ended]
            assert not open, [self.client.state(id) for id in open]
            return True

        wait_until(ended, "these workflows end")


@contextmanager
def played(server: RedisServer, folder: Path) -> Iterator[Stage]:
    """The stage, when everything has been played on it. The server must announce changes."""
    with ExitStack() as stack:
        stage = Stage(server, folder, stack)
        command = "littleflow_redis"
        stage.start("worker", command, "worker", "--default", "x:timeout=3600")
        bridge = ("--category", "math", "--sweep", "0.2", "--rate", "1000/s")
        stage.start("bridge", command, "bridge", "-A", "plain", *bridge)
        celery = ("--pool", "threads", "--without-mingle", "--without-gossip", "--concurrency", "2")
        stage.start("celery", "celery", "-A", "plain", "worker", *celery)
        stage.start("api", f"{command}.service", stage.api.removeprefix("http://"))
        stack.enter_context(_native(stage))
        for name, ready in {"worker": "ready", "bridge": "ready", "api": "serving"}.items():
            stage.processes[name].wait_for_output(f"event={ready}")
        _play(stage)
        yield stage


@contextmanager
def _native(stage: Stage) -> Iterator[TaskListener]:
    listener, failed = TaskListener("n", client=Client(stage.server.url)), list[bool]()

    @listener.task("echo")
    def echo(*given: Any, **named: Any) -> Any:
        return given[0] if given else named

    @listener.task("fail")
    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("never")

    @listener.task("flaky")
    def flaky(*_: Any, **__: Any) -> None:
        failed.append(True)
        if len(failed) == 1:
            raise ValueError("once")

    with listener:
        yield listener


def _play(stage: Stage) -> None:
    client = stage.client
    for id, text in (_HELPED | _ALONE).items():
        client.start(text, workflow_id=id)
    _by_hand(stage, "stopped", 2)
    assert client.terminate("unserved") is WorkflowState.TERMINATED
    client.delete("unserved")
    _lose(stage)
    wait_until(lambda: len(client.waits("latched")) == 2, "one counts down, one is worked on")
    _by_hand(stage, "latched", 4)
    wait_until(lambda: _waits_for_event(client), "it waits for its event")
    client.send_event("go", {"n": 2})
    client.send_event("go", {"n": 1, "output": 1})
    for event in ({"index": "one"}, {"index": "two"}):
        client.send_event("end-task", {"workflow": "workflow:nobody", **event})
    wait_until(lambda: len(client.dead_letters()) == 2, "what is garbage is put aside")
    # As a listener that is not ours reports a failure, of an attempt that is over.
    failed = {"error": {"type": "E"}, "reason": "E", "worker": "w", "token": "1.1-over"}
    client.send_event("end-task", {"workflow": "workflow:latched", "index": 4, **failed})
    client.retry_dead(client.dead_letters()[0].id)
    stage.wait_for(*_ALONE, "event", "latched", "stopped")
    wait_until(lambda: "late" in stage.trace_of("late"), "its end comes after its timeout")
    _again(stage)
    stage.stream = [fields for _, fields in stage.redis.xrange("workflows:run")]
    stage.start("receipts", "littleflow_redis", "receipts").wait_for_output("event=ready")


def _waits_for_event(client: Client) -> bool:
    return "event go" in "".join(wait.sentence for wait in client.waits("event"))


def _by_hand(stage: Stage, workflow: str, step: int) -> None:
    """Terminate where nothing has ended but, with an end by hand, does."""
    queued = stage.client.state
    wait_until(lambda: queued(workflow).steps[step].state == "queued", "it is queued")
    if workflow == "stopped":
        stage.client.terminate(workflow)
    else:
        answer = stage.ask(f"/workflows/{workflow}/steps/{step}/end", {"output": 1})
        assert answer.status == 200, answer.body


def _lose(stage: Stage) -> None:
    """Take a start-task out of the stream: a worker that begins writes it again."""
    stream = "workflows:run"
    for id, fields in stage.redis.xrange(stream):
        if fields.get(b"workflow") == b'"workflow:lost"':
            stage.redis.xdel(stream, id)
    second = stage.start("second", "littleflow_redis", "worker")
    wait_until(lambda: "reemit" in stage.trace_of("lost"), "it is written again")
    second.signal(signal.SIGTERM)
    assert second.wait() == 0, second.output
    assert stage.ask("/workflows/lost/steps/1/end", {"status": "FAILURE"}).status == 200


def _again(stage: Stage) -> None:
    """Restarts, from a step and where it stopped, and an archive that is restored."""
    client = stage.client
    client.restart("chain", from_steps=[1])
    client.restart("failing")
    client.restore(client.archive("stopped"), workflow_id="restored")
    client.restart("restored")
    stage.wait_for("chain", "failing")
