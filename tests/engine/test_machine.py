"""Start, end, fail, time, events, terminate, restart, archive in any order: see ``model``."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.errors import InProgress, NotRestartable
from littleflow_redis.engine.messages import StartTask, end_fields
from littleflow_redis.engine.timers import Timer
from littleflow_redis.workers.lifecycle import GROUP, LifecycleWorker

from .model import LONG, Flow, Task, Workflow, World
from .support import PATIENCE, Player, append

RETRY = f"$retry: {{limit: 1, delay: {LONG}, max-delay: {LONG}}}"
TIMEOUT = f"$timeout: {LONG}"
WAIT = f"wait:event(- {{event: go, timeout: {LONG}}} -)"
CARRY_ON = "$on-failure: continue"

#: Each flow as a text for the engine and as the model has it.
FLOWS: list[tuple[str, Flow]] = [
    ("A → B → C", {"A": Task(), "B": Task(("A",)), "C": Task(("B",))}),
    (
        "A → { B C } → D",
        {"A": Task(), "B": Task(("A",)), "C": Task(("A",)), "D": Task(("B", "C"))},
    ),
    (
        f"{{ A(- {{{RETRY}, {TIMEOUT}}} -) B }} → > C",
        {
            "A": Task(retry=1, timeout=True),
            "B": Task(),
            "C": Task(("A", "B"), merge=True),
        },
    ),
    (
        f"{{ A(- {TIMEOUT} -) {WAIT} }} → C",
        {
            "A": Task(timeout=True),
            "wait:event": Task(wait=True),
            "C": Task(("A", "wait:event")),
        },
    ),
    (
        f"{{ A(- {{{CARRY_ON}, {RETRY}}} -) {{ B(- {{{CARRY_ON}, {TIMEOUT}}} -) → C }} }} → D",
        {
            "A": Task(carry_on=True, retry=1),
            "B": Task(carry_on=True, timeout=True),
            "C": Task(("B",)),
            "D": Task(("A", "C")),
        },
    ),
]

#: Workflows at the same time: enough to mistake one for another.
MOST = 3

#: Counters of ends that were not applied; those of monitoring have tests of their own.
COUNTED = ("late", "unknown")

#: Which of those that there are; smaller is simpler.
WHICH = st.integers(0, 11)


class Machine(RuleBasedStateMachine):
    """The engine in this process, on a real server, and the model beside it."""

    def __init__(self, client: redis.Redis) -> None:
        super().__init__()
        client.flushall()
        self.redis = client
        self.engine = Client(redis=client)
        self.workers = [self.worker(), self.worker()]
        self.player = Player(self.engine)
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
        return worker

    def number(self) -> int:
        self.made += 1
        return self.made

    def seen(self, task: StartTask) -> None:
        """A start-task: the one that the model has handed out last, with the input that it has."""
        if task.name == "wait:event":
            return
        workflow = self.world.workflows[task.workflow]
        assert task.token.startswith(f"1.{workflow.steps[task.name].attempts}-"), task
        assert task.input == workflow.input_of(task.name)
        key = task.workflow, task.name
        assert key not in self.tasks or self.tasks[key].token != task.token, "handed out twice"
        if key in self.tasks:
            self.old.append(self.tasks[key])
        self.tasks[key] = task

    def settle(self) -> None:
        """Turn all until nothing is left to do, and bring what came of it into the books."""
        self.world.take_up()
        deadline = time.monotonic() + PATIENCE
        while self.turn() or self.pending():
            assert time.monotonic() < deadline, "the events do not come to an end"
        for key in [key for key in self.tasks if not self.is_open(*key)]:
            self.old.append(self.tasks.pop(key))

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

    def attempt(self, which: int) -> tuple[Workflow, StartTask]:
        task = list(self.tasks.values())[which % len(self.tasks)]
        return self.world.workflows[task.workflow], task

    def send(self, task: StartTask, copies: int = 1, **end: Any) -> None:
        for _ in range(copies):
            append(self.redis, self.engine.keys.events, end_fields(task, **end))

    @precondition(lambda self: len(self.world.workflows) < MOST)
    @rule(which=st.integers(0, len(FLOWS) - 1), calls=st.integers(1, 2))
    def start(self, which: int, calls: int) -> None:
        text, flow = FLOWS[which]
        id, input = f"w{self.number()}", {"input": self.made}
        for _ in range(calls):
            self.engine.start(text, input, workflow_id=id)
        self.world.put(Workflow(f"workflow:{id}", flow, input))
        self.settle()

    @precondition(lambda self: self.tasks)
    @rule(which=WHICH)
    def take(self, which: int) -> None:
        workflow, task = self.attempt(which)
        self.engine.transitions.run([self.engine.transitions.take(task, "players")])
        workflow.take(task.name)
        self.settle()

    @precondition(lambda self: self.tasks)
    @rule(which=WHICH, copies=st.integers(1, 3))
    def succeed(self, which: int, copies: int) -> None:
        workflow, task = self.attempt(which)
        output = {task.name: self.number()}
        self.send(task, copies, output=output)
        workflow.succeed(task.name, output)
        self.counts["late"] += copies - 1
        self.settle()

    @precondition(lambda self: self.tasks)
    @rule(which=WHICH, copies=st.integers(1, 2))
    def fail(self, which: int, copies: int) -> None:
        workflow, task = self.attempt(which)
        self.send(task, copies, reason="no", error={"type": "Refused", "message": "no"})
        workflow.fail(task.name, "Refused", "no")
        self.counts["late"] += copies - 1
        self.settle()

    @precondition(lambda self: self.old)
    @rule(which=WHICH, success=st.booleans())
    def end_late(self, which: int, success: bool) -> None:
        task = self.old[which % len(self.old)]
        self.send(task, reason=None if success else "late", output="late")
        known = task.workflow in self.world.workflows
        self.counts["late" if known else "unknown"] += 1
        self.settle()

    @precondition(lambda self: self.timers())
    @rule(which=WHICH)
    def pass_time(self, which: int) -> None:
        timers = sorted(self.timers().items())
        (kind, id, name), member = timers[which % len(timers)]
        self.redis.zadd(self.engine.keys.timers, {member: 0}, xx=True)
        self.world.workflows[id].pass_time(kind, name)
        self.settle()

    @rule()
    def event_for_all(self) -> None:
        self.event("")

    @precondition(lambda self: self.world.workflows)
    @rule(which=WHICH)
    def event_for_one(self, which: int) -> None:
        self.event(self.workflow(which).id)

    def event(self, meant: str) -> None:
        output = {"event": self.number()}
        self.engine.send_event("go", {"output": output}, meant or None)
        self.world.event(meant, output)
        self.settle()

    @precondition(lambda self: self.world.workflows)
    @rule(which=WHICH, times=st.integers(1, 2))
    def terminate(self, which: int, times: int) -> None:
        workflow = self.workflow(which)
        for _ in range(times):
            workflow.terminate()
            assert self.engine.terminate(workflow.id) == workflow.state
        self.settle()

    @precondition(lambda self: self.world.workflows)
    @rule(which=WHICH, all=st.booleans())
    def restart(self, which: int, all: bool) -> None:
        workflow = self.workflow(which)
        if workflow.state in ("FAILED", "TERMINATED"):
            workflow.restart(all)
            self.engine.restart(workflow.id, all=all)
        else:
            with pytest.raises(NotRestartable):
                self.engine.restart(workflow.id, all=all)
        self.settle()

    @precondition(lambda self: self.world.workflows)
    @rule(which=WHICH, same=st.booleans(), restart=st.booleans())
    def archive(self, which: int, same: bool, restart: bool) -> None:
        """Archive it as it stands, delete it, restore it under its id or another, restart it."""
        workflow = self.workflow(which)
        id = workflow.id if same else f"workflow:w{self.number()}"
        restored, archive = workflow.restored(id), self.engine.archive(workflow.id)
        self.remove(workflow)
        self.engine.restore(archive, workflow_id=id)
        self.world.put(restored)
        self.settle()
        if restart:
            restored.restart(False)
            self.engine.restart(id)
            self.settle()

    @precondition(lambda self: self.world.workflows)
    @rule(which=WHICH)
    def delete(self, which: int) -> None:
        workflow = self.workflow(which)
        if workflow.ended:
            self.remove(workflow)
        else:
            with pytest.raises(InProgress):
                self.engine.delete(workflow.id)
        self.settle()

    def remove(self, workflow: Workflow) -> None:
        for _ in range(2):
            self.engine.terminate(workflow.id)
        self.engine.delete(workflow.id)
        del self.world.workflows[workflow.id]
        self.settle()
        assert not self.redis.exists(workflow.id)
        assert not self.redis.keys(f"{workflow.id}:*")

    @precondition(lambda self: self.tasks)
    @rule(which=WHICH)
    def succeed_while_a_worker_dies(self, which: int) -> None:
        """One worker has read the end, and is never heard of again: another one takes it over."""
        workflow, task = self.attempt(which)
        output = {task.name: self.number()}
        self.send(task, output=output)
        assert self.workers.pop().reader.read(1)
        self.workers.append(self.worker())
        workflow.succeed(task.name, output)
        self.settle()

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
    def what_is_open_was_handed_out(self) -> None:
        assert set(self.tasks) == {
            (id, name)
            for id, workflow in self.world.workflows.items()
            for name, step in workflow.steps.items()
            if step.open and not workflow.flow[name].wait
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
            reached = int(known.attempts > 0)
            assert found == (known.state, reached, known.attempts, known.open, known.output), step
            assert trace[at, "queue"] == known.attempts
            assert trace[at, "end"] + trace[at, "continue"] == (known.state == "ended")

    def teardown(self) -> None:
        for workflow in list(self.world.workflows.values()):
            self.remove(workflow)
        keys, kept = self.engine.keys, len(self.world.mail)
        found: Any = self.redis.keys("*")
        left = {key.decode() for key in found}
        mailbox = {keys.mail, keys.letters, f"{keys.kind}go"} if kept else set()
        assert (
            left
            - {
                keys.events,
                keys.changes,
                keys.counts,
                keys.receipted,
                keys.deleted,
            }
            == mailbox
        )
        assert self.redis.hlen(keys.mail) == 2 * kept


def test_the_engine_does_what_the_model_does(client: redis.Redis) -> None:
    class Here(Machine):
        def __init__(self) -> None:
            super().__init__(client)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
