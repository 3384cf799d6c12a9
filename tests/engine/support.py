"""Driving workflows in one process, step by step, on a real server."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

import redis

from littleflow_redis.engine.builtins import BUILTIN_CATEGORIES
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.exception_classes import class_names
from littleflow_redis.engine.model.states import Outcome, WorkflowState
from littleflow_redis.engine.model.task_events import (
    Garbage,
    StartTask,
    end_fields,
    kind_of,
    start_task,
)
from littleflow_redis.engine.model.timers import Timer, TimerKind
from littleflow_redis.events.event_codec import encode
from littleflow_redis.events.group import Entry, GroupReader
from littleflow_redis.events.script_batch import run_batch
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import LONG

#: Plays a task: its output, or an exception to fail it.
Play = Callable[[StartTask], Any]

#: Seconds without progress after which a workflow counts as stuck: longer than any timer here.
PATIENCE = LONG


def echo(task: StartTask) -> Any:
    """Output that shows which step ran on which input."""
    return {task.name: [task.index, task.input]}


def append(client: redis.Redis, stream: str, fields: Mapping[str, Any]) -> str:
    encoded: Any = encode(fields)
    id: bytes = client.xadd(stream, encoded)
    return id.decode()


class Player:
    """Serves every task of the stream, as a listener of its own group; keeps what it played."""

    def __init__(self, client: Client, play: Play = echo, group: str = "players") -> None:
        self.client = client
        self.play = play
        self.reader = GroupReader(client.redis, client.keys.events, group, claim_idle=0.02)
        self.reader.ensure()
        self.played: list[StartTask] = []
        #: How often each end is sent.
        self.copies = 1

    def turn(self) -> int:
        return self._handle(self.reader.read(100))

    def take_over(self) -> int:
        """What a player that is gone had in hand, at once."""
        self.reader.claim_idle = 0.0
        return self._handle(self.reader.claim_stale(100))

    def _handle(self, entries: Sequence[Entry]) -> int:
        for entry in entries:
            if kind_of(entry.fields) == "start-task":
                with suppress(Garbage):
                    self.serve(start_task(entry.id, entry.fields))
        self.reader.ack([entry.id for entry in entries])
        return len(entries)

    def serve(self, task: StartTask) -> None:
        if task.category in BUILTIN_CATEGORIES:
            return
        (report,) = self.client.transitions.run(
            [self.client.transitions.claim_attempt(task, self.reader.group)]
        )
        assert not isinstance(report, Exception), report
        if report.outcome is Outcome.APPLIED:
            self.played.append(task)
            for _ in range(self.copies):
                self.end(task)

    def end(self, task: StartTask) -> None:
        try:
            fields = end_fields(task, output=self.play(task))
        except Exception as error:
            kind, classes = type(error).__name__, class_names(type(error))
            told = {"type": kind, "message": str(error), "classes": classes}
            fields = end_fields(task, reason=f"{kind}: {error}", error=told)
        append(self.client.redis, self.client.keys.events, fields)


class Turns(Protocol):
    """Whatever makes progress when asked to."""

    def turn(self) -> int: ...


def due(client: Client) -> Sequence[bytes]:
    """The timers that are due."""
    (reply,) = run_batch(client.redis, [client.transitions.due_timers(1000)])
    return client.transitions.read_due_timers(reply)[1]


def hurry(client: Client, *spared: TimerKind) -> None:
    """Make every timer due now: nobody waits in a test for what Redis' clock would do."""
    timers = [
        member
        for member in client.redis.zrange(client.keys.timers, 0, -1)
        if Timer.read(member).kind not in spared
    ]
    if timers:
        client.redis.zadd(client.keys.timers, dict.fromkeys(timers, 0), xx=True)


def drive(client: Client, workflow: str, player: Player, worker: Turns) -> WorkflowState:
    """Turn player and worker until the workflow has ended and the stream is quiet."""
    quiet, since = 0, time.monotonic()
    while quiet < 2 or not client.views.state(workflow).ended:
        if player.turn() + worker.turn():
            quiet, since = 0, time.monotonic()
        else:
            hurry(client, TimerKind.TIMEOUT, TimerKind.QUEUE)
        quiet += 1
        assert time.monotonic() - since < PATIENCE, f"stuck: {client.state(workflow)}"
    return client.views.state(workflow)


def run(
    client: Client, text: Any, input: Any = None, play: Play = echo, **options: Any
) -> tuple[str, Player]:
    """Start a workflow, drive it to its end, and return its id and what was played."""
    worker = LifecycleWorker(client)
    worker.reader.ensure()
    player = Player(client, play)
    workflow = client.start(text, input, **options)
    drive(client, workflow, player, worker)
    return workflow, player


def read_all(engine: Client, group: str) -> GroupReader:
    """A consumer of this group that has read and acknowledged all that there is."""
    reader = GroupReader(engine.redis, engine.keys.events, group)
    reader.ensure()
    reader.ack([entry.id for entry in reader.read(1000)])
    return reader
