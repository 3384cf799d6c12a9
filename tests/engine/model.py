"""What workflows do, in a few lines of plain Python: the state machine compares the engine to it.

It knows nothing of streams, scripts or workers. A rule happens as a whole, in no time.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

#: Seconds of every delay and limit in the flows: none passes by itself while a test runs.
LONG = 1000

#: The latch of all flows that have one.
LATCH = "gate"

#: How often an attempt that got lost in its queue is handed out again.
REQUEUES = 3


@dataclass(frozen=True, slots=True)
class Task:
    """A step that somebody has to do, or that waits for an event."""

    after: tuple[str, ...] = ()
    retry: int = 0
    timeout: bool = False
    wait: bool = False
    merge: bool = False
    carry_on: bool = False
    #: Its output comes back as its input, for ever.
    loop: bool = False
    queue: bool = False
    latch: str = ""

    @property
    def played(self) -> bool:
        """Somebody has to do it."""
        return not (self.wait or self.latch)


Flow = Mapping[str, Task]


@dataclass(slots=True)
class Step:
    """``attempts`` counts what was handed out in this round, ``retries`` since the last restart.

    ``queued`` is when: what was handed out later has a larger one.
    """

    state: str = "idle"
    rounds: int = 0
    attempts: int = 0
    earlier: int = 0
    #: Rounds that ended, of all.
    ends: int = 0
    retries: int = 0
    requeues: int = 0
    queued: int = 0
    taken: bool = False
    output: Any = None

    @property
    def open(self) -> bool:
        return self.state in ("queued", "running", "waiting")


@dataclass(slots=True)
class Queue:
    """When the youngest attempt that was taken up had come into the queue."""

    handed: int = 0
    frontier: int = 0


@dataclass(slots=True)
class Workflow:
    """One workflow: of its steps only those that are work; the last one is its end."""

    id: str
    flow: Flow
    input: Any
    queue: Queue
    state: str = "RUNNING"
    steps: dict[str, Step] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.steps = {name: Step() for name in self.flow}
        self.advance()

    @property
    def ended(self) -> bool:
        return self.state in ("FAILED", "TERMINATED", "FINISHED")

    @property
    def output(self) -> Any:
        return self.steps[list(self.flow)[-1]].output if self.state == "FINISHED" else None

    def input_of(self, name: str) -> Any:
        if self.flow[name].loop and self.steps[name].rounds > 1:
            return self.steps[name].output
        outputs = [self.steps[before].output for before in self.flow[name].after]
        if self.flow[name].merge:
            return {key: value for output in outputs for key, value in output.items()}
        return outputs if len(outputs) > 1 else outputs[0] if outputs else self.input

    def advance(self) -> None:
        """Hand out what has its inputs, and see whether this is the end."""
        if self.state == "RUNNING":
            for name, task in self.flow.items():
                ready = all(self.steps[before].state == "ended" for before in task.after)
                step = self.steps[name]
                if (step.state == "idle" and ready) or (task.loop and step.state == "ended"):
                    step.rounds, step.earlier = step.rounds + 1, step.earlier + step.attempts
                    step.attempts = step.retries = step.requeues = 0
                    self.emit(name)
            if self.steps[list(self.flow)[-1]].state == "ended":
                self.state = "FINISHED"
        if self.state == "TERMINATING" and not any(step.open for step in self.steps.values()):
            self.state = "TERMINATED"

    def emit(self, name: str) -> None:
        step = self.steps[name]
        step.state, step.attempts, step.taken = "queued", step.attempts + 1, False
        self.queue.handed += 1
        step.queued = self.queue.handed

    def take(self, name: str) -> None:
        step = self.steps[name]
        before, step.taken = step.taken, self.state == "RUNNING"
        if step.taken:
            step.state = "running"
            if self.flow[name].queue:
                self.queue.frontier = max(self.queue.frontier, step.queued)
        elif before and self.state == "TERMINATING":
            # Whoever had taken it is gone, and nobody works on it any more.
            step.state = "cancelled"
            self.advance()

    def succeed(self, name: str, output: Any) -> None:
        step = self.steps[name]
        step.state, step.output, step.ends = "ended", output, step.ends + 1
        self.advance()

    def fail(self, name: str, type: str, message: str) -> None:
        task, step = self.flow[name], self.steps[name]
        if self.state == "RUNNING" and step.retries < task.retry:
            step.state, step.retries = "retrying", step.retries + 1
        elif task.carry_on:
            self.succeed(name, {"error": {"type": type, "message": message, "step": name}})
        else:
            step.state = "failed"
            if self.state == "RUNNING":
                self.state = "FAILED"
        self.advance()

    def timers(self) -> Iterator[tuple[str, str, str]]:
        for name, step in self.steps.items():
            if step.state == "retrying":
                yield "retry", self.id, name
            elif step.state == "waiting":
                if self.flow[name].wait:
                    yield "lapse", self.id, name
            elif step.state == "queued" and self.flow[name].queue:
                yield "queue", self.id, name
            elif step.open and self.flow[name].timeout:
                yield "timeout", self.id, name

    def pass_time(self, kind: str, name: str) -> None:
        if kind == "queue":
            self.requeue(name)
        elif kind != "retry":
            self.fail(name, "TimeoutError", f"timed out after {LONG} s")
        elif self.state == "RUNNING":
            self.emit(name)
        else:
            self.steps[name].state = "cancelled"

    def requeue(self, name: str) -> None:
        """It was lost if others, which came later, were taken up."""
        step = self.steps[name]
        if self.state == "RUNNING" and self.queue.frontier <= step.queued:
            return
        if self.state == "RUNNING" and step.requeues < REQUEUES:
            step.requeues += 1
            self.emit(name)
        else:
            step.retries = self.flow[name].retry
            self.fail(name, "TimeoutError", "lost")

    def cancel(self, *, running: bool, retrying: bool) -> None:
        for step in self.steps.values():
            if (step.open and (running or not step.taken)) or (
                retrying and step.state == "retrying"
            ):
                step.state = "cancelled"

    def terminate(self) -> None:
        if not self.ended:
            self.cancel(running=self.state == "TERMINATING", retrying=True)
            self.state = "TERMINATING"
            self.advance()

    def follows(self, name: str) -> set[str]:
        """This step and all that come after it."""
        found = {name}
        for next, task in self.flow.items():
            if found & set(task.after):
                found.add(next)
        return found

    def restart(self, all: bool, begin: str | None = None) -> None:
        """With ``begin`` that step and all that follow are as if they had never been reached."""
        self.state = "RUNNING"
        self.cancel(running=all, retrying=False)
        for name in self.follows(begin) if begin else ():
            self.steps[name].state = "idle"
        for name, step in self.steps.items():
            if step.state in ("failed", "cancelled"):
                step.retries = step.requeues = 0
                self.emit(name)
        self.advance()

    def restored(self, id: str) -> Workflow:
        """What an archive of this moment becomes."""
        other = copy.deepcopy(self)
        other.id, other.state, other.queue = id, "TERMINATED", self.queue
        other.cancel(running=True, retrying=True)
        return other


class World:
    """All workflows and the events that nobody has taken yet, oldest first."""

    def __init__(self) -> None:
        self.workflows: dict[str, Workflow] = {}
        self.mail: list[tuple[str, Any]] = []
        self.queue = Queue()
        self.held = 0

    def put(self, workflow: Workflow) -> None:
        self.workflows[workflow.id] = workflow
        self.take_up()

    def waiting(self, meant: str, state: str) -> Sequence[tuple[Workflow, str]]:
        return [
            (workflow, name)
            for workflow in self.workflows.values()
            for name, task in workflow.flow.items()
            if meant in ("", workflow.id) and task.wait and workflow.steps[name].state == state
        ]

    def take_up(self) -> None:
        """Waits that were handed out take the oldest event that is for them, or wait."""
        for workflow, name in self.waiting("", "queued"):
            fitting = [letter for letter in self.mail if letter[0] in ("", workflow.id)]
            if fitting:
                self.mail.remove(fitting[0])
                workflow.succeed(name, fitting[0][1])
            else:
                workflow.steps[name].state = "waiting"
        self.turn_latches()

    def turn_latches(self) -> None:
        """Those that were handed out count or wait; at zero all who wait go on."""
        for workflow, name in self.latches("queued"):
            action = workflow.flow[name].latch
            if action == "countdown" and self.held > 0:
                workflow.steps[name].state = "waiting"
                continue
            workflow.succeed(name, workflow.input_of(name))
            if action == "acquire":
                self.held += 1
            elif action == "release":
                self.held = max(self.held - 1, 0)
                if not self.held:
                    for waiter, waiting in self.latches("waiting"):
                        waiter.succeed(waiting, waiter.input_of(waiting))

    def latches(self, state: str) -> Sequence[tuple[Workflow, str]]:
        return [
            (workflow, name)
            for workflow in self.workflows.values()
            for name, task in workflow.flow.items()
            if task.latch and workflow.steps[name].state == state
        ]

    def event(self, meant: str, output: Any) -> None:
        """All who wait for it get it; if nobody does, it waits for them."""
        takers = self.waiting(meant, "waiting")
        for workflow, name in takers:
            workflow.succeed(name, output)
        if not takers:
            self.mail.append((meant, output))
