"""The engine in this process and the model beside it: turned together, compared after each rule."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import redis
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
)

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.task_events import StartTask, end_fields
from littleflow_redis.engine.model.timers import Timer
from littleflow_redis.workers.lifecycle import GROUP, LifecycleWorker

from .model import LATCH, Workflow, World
from .support import PATIENCE, Player, append

#: Counters of ends that were not applied; those of monitoring have tests of their own.
COUNTED = ("late", "unknown")


class Stage(RuleBasedStateMachine):
    """The engine in this process, on a real server, and the model beside it."""

    def __init__(self, client: redis.Redis) -> None:
        super().__init__()
        client.flushall()
        self.redis = client
        self.engine = Client(redis=client)
        self.player = Player(self.engine)
        self.readers = [self.player.reader]
        self.workers = [self.worker(), self.worker()]
        self.player.serve = self.seen  # type: ignore[method-assign]
        self.world = World()
        self.made = 0
        self.counts: Counter[str] = Counter()
        #: What is open, and what once was.
        self.tasks: dict[tuple[str, str], StartTask] = {}
        self.old: list[StartTask] = []

    def worker(self) -> LifecycleWorker:
        worker = LifecycleWorker(self.engine, claim_idle=0.002)
        worker.reader.ensure()
        self.readers.append(worker.reader)
        return worker

    def number(self) -> int:
        self.made += 1
        return self.made

    def seen(self, task: StartTask) -> None:
        """A start-task: the one that the model has handed out last, with the input that it has."""
        if task.name.startswith("wait:"):
            return
        workflow = self.world.workflows[task.workflow]
        step = workflow.steps[task.name]
        assert task.token.startswith(f"{step.rounds}.{step.attempts}-"), task
        assert task.input == workflow.input_of(task.name)
        key = task.workflow, task.name
        assert key not in self.tasks or self.tasks[key].token != task.token, "handed out twice"
        if key in self.tasks:
            self.old.append(self.tasks[key])
        self.tasks[key] = task

    def settle(self) -> None:
        """Turn all until nothing is left to do, and bring what came of it into the books."""
        self.world.take_up()
        self.let_time_pass()
        deadline = time.monotonic() + PATIENCE
        while self.turn() or self.pending():
            assert time.monotonic() < deadline, "the events do not come to an end"
        for key in [key for key in self.tasks if not self.is_open(*key)]:
            self.old.append(self.tasks.pop(key))

    def let_time_pass(self) -> None:
        """Into the next millisecond of Redis' clock: what is handed out now is younger."""
        now: Any = self.redis.time()
        while self.redis.time()[1] // 1000 == now[1] // 1000:
            pass

    def turn(self) -> int:
        return self.player.turn() + sum(worker.turn() for worker in self.workers)

    def pending(self) -> int:
        summary: Any = self.redis.xpending(self.engine.keys.events, GROUP)
        return int(summary["pending"])

    def is_open(self, id: str, name: str) -> bool:
        workflow = self.world.workflows.get(id)
        return workflow is not None and workflow.steps[name].open

    def workflow(self, which: int) -> Workflow:
        workflows = list(self.world.workflows.values())
        return workflows[which % len(workflows)]

    def index_of(self, workflow: Workflow, name: str) -> int:
        flow = self.engine.views.flow(workflow.id)
        return next(step.index for step in flow.steps if step.name == name)

    def attempt(self, which: int) -> tuple[Workflow, StartTask]:
        task = list(self.tasks.values())[which % len(self.tasks)]
        return self.world.workflows[task.workflow], task

    def send(self, task: StartTask, copies: int = 1, **end: Any) -> None:
        for _ in range(copies):
            append(self.redis, self.engine.keys.events, end_fields(task, **end))

    def remove(self, workflow: Workflow) -> None:
        for _ in range(2):
            self.engine.terminate(workflow.id)
        self.engine.delete(workflow.id)
        del self.world.workflows[workflow.id]
        self.settle()
        assert not self.redis.exists(workflow.id)
        assert not self.redis.keys(f"{workflow.id}:*")

    def timers(self) -> dict[tuple[str, str, str], bytes]:
        found = {}
        members: Any = self.redis.zrange(self.engine.keys.timers, 0, -1)
        for member in members:
            timer = Timer.read(member)
            flow = self.engine.views.flow(timer.workflow)
            found[timer.kind.value, timer.workflow, flow[timer.index].name] = member
        return found

    @invariant()
    def timers_are_those_of_the_model(self) -> None:
        expected = {t for workflow in self.world.workflows.values() for t in workflow.timers()}
        assert set(self.timers()) == expected

    @invariant()
    def every_end_is_counted(self) -> None:
        found: Any = self.redis.hgetall(self.engine.keys.counts)
        counts = {name.decode(): int(n) for name, n in found.items()}
        assert {name: counts.get(name, 0) for name in COUNTED} == {
            name: self.counts[name] for name in COUNTED
        }

    @invariant()
    def the_latch_is_held_as_often(self) -> None:
        assert int(self.redis.get(self.engine.keys.latch + LATCH) or 0) == self.world.held

    @invariant()
    def what_is_open_was_handed_out(self) -> None:
        assert set(self.tasks) == {
            (id, name)
            for id, workflow in self.world.workflows.items()
            for name, step in workflow.steps.items()
            if step.open and workflow.flow[name].played
        }

    @invariant()
    def workflows_are_those_of_the_model(self) -> None:
        states = {summary.id: summary.state for summary in self.engine.list()}
        assert states == {id: w.state for id, w in self.world.workflows.items()}
        running: Any = self.redis.smembers(self.engine.keys.running)
        assert {id.decode() for id in running} == {
            id for id, w in self.world.workflows.items() if not w.ended
        }
        for workflow in self.world.workflows.values():
            self.compare(workflow)

    def compare(self, workflow: Workflow) -> None:
        view = self.engine.state(workflow.id)
        steps = [step for step in view.steps if step.name in workflow.flow]
        outputs = self.engine.views.outputs(workflow.id, [step.index for step in steps])
        trace = Counter((e.field, e.what) for e in self.engine.trace(workflow.id))
        assert (view.state, view.output) == (workflow.state, workflow.output)
        assert len(steps) == len(workflow.steps)
        for step, output in zip(steps, outputs, strict=True):
            known, at = workflow.steps[step.name], str(step.index)
            found = (step.state, step.activations, step.attempts, step.open, output)
            output = known.output if known.state == "ended" else None
            assert found == (known.state, known.rounds, known.attempts, known.open, output), step
            assert trace[at, "queue"] == known.earlier + known.attempts
            assert trace[at, "end"] + trace[at, "continue"] == known.ends

    def teardown(self) -> None:
        try:
            self.leave_nothing()
        finally:
            for reader in self.readers:
                reader.close()

    def leave_nothing(self) -> None:
        for workflow in list(self.world.workflows.values()):
            self.remove(workflow)
        keys, kept = self.engine.keys, len(self.world.mail)
        found: Any = self.redis.keys("*")
        left = {key.decode() for key in found}
        mailbox = {keys.mailbox, keys.mailbox_digests, f"{keys.kind}go"} if kept else set()
        assert (
            left
            - {
                keys.events,
                keys.changes,
                keys.counts,
                keys.receipted,
                keys.deleted,
                keys.begun,
                keys.latch + LATCH,
            }
            == mailbox
        )
        assert self.redis.hlen(keys.mailbox) == 2 * kept
