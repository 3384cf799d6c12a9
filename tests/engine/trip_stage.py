"""One run that is turned by hand, step by step, so that it can be seen at every moment."""

from __future__ import annotations

import json
from typing import Any

import redis

from littleflow_redis.engine.builtins import BUILTIN_CATEGORIES
from littleflow_redis.engine.model.task_events import StartTask, encode_success, end_fields
from littleflow_redis.engine.model.timers import Timer, TimerKind
from littleflow_redis.engine.model.wait_kinds import WaitKind
from littleflow_redis.engine.store.keys import Keys
from littleflow_redis.tasks.conversion import output_text
from littleflow_redis.workers.lifecycle import LifecycleWorker

from .support import Player, append, due, hurry
from .trip_flows import output_of
from .unsettled import Unsettled

#: Timers that end what takes too long.
LIMITS = (TimerKind.TIMEOUT, TimerKind.QUEUE, TimerKind.LAPSE)

#: Tasks that a run may hand out until it counts as endless.
MOST_TASKS = 300


class Scene:
    """A namespace with a run in it, and who serves it."""

    def __init__(self, client: redis.Redis, namespace: str) -> None:
        self.engine = Unsettled(redis=client, keys=Keys(namespace))
        self.workflow = ""
        self.worker = LifecycleWorker(self.engine)
        self.player = Player(self.engine)
        self.player.serve = self.seen  # type: ignore[method-assign]
        self.worker.reader.ensure()
        self._seen: dict[str, StartTask] = {}

    def close(self) -> None:
        self.worker.reader.close()
        self.player.reader.close()

    def seen(self, task: StartTask) -> None:
        if task.category not in BUILTIN_CATEGORIES:
            self._seen[task.event] = task

    def turn(self) -> None:
        """Until nothing is left to do; timers that are not due aside."""
        quiet = 0
        # A turn that only fires timers reads no events, and what it wrote is for the next one.
        while quiet < 2:
            busy = self.player.turn() + self.worker.turn() or due(self.engine)
            quiet = 0 if busy else quiet + 1

    def settle(self) -> None:
        """The same, with all the time that this takes."""
        self.turn()
        while self.engine.redis.zcard(self.engine.keys.timers) - len(self._limits()):
            hurry(self.engine, *LIMITS)
            self.turn()

    def _limits(self) -> list[bytes]:
        found: Any = self.engine.redis.zrange(self.engine.keys.timers, 0, -1)
        return [member for member in found if Timer.read(member).kind in LIMITS]

    def tasks(self) -> list[StartTask]:
        """What is open, in an order that does not hang on when it was handed out."""
        known: Any = self.engine.redis.hkeys(self.engine.keys.open_attempts)
        open = {event.decode() for event in known}
        self._seen = {event: task for event, task in self._seen.items() if event in open}
        return sorted(self._seen.values(), key=place)

    def take(self, task: StartTask) -> None:
        self.engine.transitions.run([self.engine.transitions.claim_attempt(task, "players")])

    def succeed(self, task: StartTask) -> None:
        fields: Any = encode_success(task, output_text(output_of(task)))
        self.engine.redis.xadd(self.engine.keys.events, fields)
        self.turn()

    def fail(self, task: StartTask) -> None:
        error = {"type": "Refused", "message": "no"}
        fields = end_fields(task, reason="no", error=error)
        append(self.engine.redis, self.engine.keys.events, fields)
        self.turn()

    def run(self) -> list[Any]:
        """Let it come to its end, one task after the other; which these were, with their inputs."""
        played: list[Any] = []
        self.settle()
        while not self.engine.views.state(self.workflow).ended:
            if tasks := self.tasks():
                played.append((*place(tasks[0])[:2], tasks[0].value))
                self.succeed(tasks[0])
            elif any(wait.kind is WaitKind.EVENT for wait in self.engine.waits(self.workflow)):
                self.engine.send_event("go", {"output": {"event": 1}})
            self.settle()
            assert len(played) < MOST_TASKS, "it has no end"
        return played

    def outcome(self) -> tuple[Any, ...]:
        view = self.engine.state(self.workflow)
        return view.state, view.output, [(s.name, s.state, s.activations) for s in view.steps]


def place(task: StartTask) -> tuple[int, str, int, str]:
    """Of which step, item and activation it is an attempt."""
    activation = int(task.token.split(".")[0])
    return task.index, task.field, activation, json.dumps(task.input, sort_keys=True)


#: What a restored workflow has of its own, or what changes with the clock.
OWN = ("id", "state", "reason", "created", "ended", "archived", "trace")


def said(archive: dict[str, Any]) -> dict[str, Any]:
    """What an archive says, without what differs from one of the same workflow restored."""
    steps = {
        name: {**step, "ended": None} if step["state"] == "cancelled" else step
        for name, step in archive["steps"].items()
    }
    return {**{k: v for k, v in archive.items() if k not in OWN}, "steps": steps}
