"""Starts workflows and cares for them: events, mending, restarts; sees who is stuck."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from functools import partial
from random import Random
from typing import Any

from littleflow_redis.engine.model.errors import LittleflowError, NotRestartable
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.store.keys import STATE, TRACE

from .flows import Job
from .world import World

#: Seconds between two looks at all workflows.
LOOK = 0.5

#: Seconds after which a workflow that waits for an event is sent it again: with the stream an
#: operator deletes events that nobody has read.
SEND_AGAIN = 20.0

#: Seconds without any change after which a workflow is stuck: longer than any timeout in use.
STUCK = 240.0


class Stuck(AssertionError):
    """Workflows do not move; the message says what is known of them."""


class Shepherd:
    """``seconds`` is the time over which the starts are spread."""

    def __init__(self, world: World, jobs: Sequence[Job], seconds: float, seed: int) -> None:
        self.world = world
        self.started: dict[str, Job] = {}
        #: Those that are not what they should be, by full id.
        self.wrong: dict[str, str] = {}
        self.finished: set[str] = set()
        self._jobs = jobs
        self._pace = seconds / max(len(jobs), 1)
        self._rng = Random(f"care {seed}")
        self._cares: dict[str, tuple[str, float]] = {}
        self._seen: dict[str, tuple[Any, float]] = {}
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=work, daemon=True) for work in (self._start, self._tend)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    @property
    def done(self) -> bool:
        """All workflows were started and have ended as they should."""
        return len(self.finished) + len(self.wrong) == len(self._jobs)

    def stuck(self, patience: float = STUCK) -> list[str]:
        """The workflows that did not move for so many seconds."""
        now = time.monotonic()
        return [id for id, (_, at) in list(self._seen.items()) if now - at > patience]

    def dump(self, ids: Sequence[str]) -> str:
        """What is known of these workflows, and of everybody who could move them."""
        return "\n".join([*(self._describe(id) for id in ids[:5]), self._surroundings()])

    def _start(self) -> None:
        begin = time.monotonic()
        for number, job in enumerate(self._jobs):
            self._over.wait(max(0.0, begin + number * self._pace - time.monotonic()))
            if self._over.is_set():
                return
            start = partial(self.world.engine.start, job.text, job.input, workflow_id=job.id)
            self.started[self.world.patiently(start)] = job

    def _tend(self) -> None:
        while not self._over.wait(LOOK):
            ids = [id for id in list(self.started) if id not in self.finished | set(self.wrong)]
            if not ids:
                continue
            for id, state, length in zip(ids, *self._look(ids), strict=True):
                self._note(id, (state, length))
                try:
                    self.world.patiently(partial(self._tend_one, id, self.started[id], state))
                except NotRestartable:
                    # The reply to a restart was lost: it runs already.
                    continue
                except LittleflowError as error:
                    self.wrong[id] = f"{type(error).__name__}: {error}"

    def _look(self, ids: Sequence[str]) -> tuple[list[str], list[int]]:
        def look() -> tuple[list[str], list[int]]:
            redis = self.world.engine.redis
            with redis.pipeline(transaction=False) as pipe:
                pipe.mget([id + STATE for id in ids])
                for id in ids:
                    pipe.llen(id + TRACE)
                states, *lengths = pipe.execute()
            return [state.decode() if state else "" for state in states], lengths

        return self.world.patiently(look)

    def _note(self, id: str, seen: Any) -> None:
        if id not in self._seen or self._seen[id][0] != seen:
            self._seen[id] = seen, time.monotonic()

    def _tend_one(self, id: str, job: Job, state: str) -> None:
        engine = self.world.engine
        match state:
            case WorkflowState.FINISHED:
                self.finished.add(id)
                self._seen.pop(id, None)
            case "":
                self.wrong[id] = "it is gone"
            case WorkflowState.FAILED if job.care == "mend":
                self.world.ledger.mark(f"{id}:mended")
                engine.restart(id)
            case WorkflowState.FAILED:
                self.wrong[id] = f"FAILED: {engine.state(id).reasons}"
            case WorkflowState.TERMINATED if job.care == "stop":
                engine.restart(id)
            case WorkflowState.TERMINATED:
                self.wrong[id] = "TERMINATED by nobody"
            case _:
                self._care(id, job, state)

    def _care(self, id: str, job: Job, state: str) -> None:
        engine, now = self.world.engine, time.monotonic()
        last, due = self._cares.get(id, ("", now + self._rng.uniform(0.2, 3.0)))
        self._cares[id] = last, due
        if now < due:
            return
        if job.care == "event":
            engine.send_event("go", {"output": "event"}, id)
            self._cares[id] = "sent", now + SEND_AGAIN
        elif job.care == "stop" and (last == "" or state == WorkflowState.TERMINATING):
            engine.terminate(id)
            self._cares[id] = "stopped", now + 3.0

    def _describe(self, id: str) -> str:
        engine = self.world.engine
        view = engine.state(id)
        steps = [
            f"  {step.index} {step.name} {step.state} activations={step.activations}"
            f" attempts={step.attempts} open={step.open} {step.reason or ''}"
            for step in view.steps
            if step.state != "idle"
        ]
        waits = [f"  waits: {wait}" for wait in engine.waits(id)]
        trace = [f"  trace: {entry}" for entry in list(engine.trace(id))[-12:]]
        job = self.started[id]
        return "\n".join([f"{id} ({job.form}) {view.state}: {job.text}", *steps, *waits, *trace])

    def _surroundings(self) -> str:
        engine = self.world.engine
        redis: Any = engine.redis
        stream = engine.keys.events
        lines = [f"stream: {redis.xlen(stream)} entries; timers: {redis.zcard(engine.keys.timers)}"]
        for group in redis.xinfo_groups(stream):
            lines.append(f"group {group}")
            lines += [
                f"  pending {row}"
                for row in redis.xpending_range(stream, group["name"], "-", "+", 5)
            ]
        lines += [
            f"open {row}" for row in list(redis.hgetall(engine.keys.open_attempts).items())[:20]
        ]
        return "\n".join([*lines, self.world.fleet.logs()])
