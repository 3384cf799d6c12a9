"""Start, end, fail, time, events, terminate, restart, archive in any order: see ``model``."""

from __future__ import annotations

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
    run_state_machine_as_test,
)

from littleflow_redis.engine.model.errors import InProgress, NotRestartable

from .machine_flows import PLAIN, RARE
from .machine_stage import Stage
from .model import Flow, Workflow

#: Workflows at the same time: enough to mistake one for another.
MOST = 3

#: Which of those that there are; smaller is simpler.
WHICH = st.integers(0, 11)


class Machine(Stage):
    """The rules: what anybody may do, at any time."""

    flows: list[tuple[str, Flow]]

    @precondition(lambda self: len(self.world.workflows) < MOST)
    @rule(which=WHICH, calls=st.integers(1, 2))
    def start(self, which: int, calls: int) -> None:
        text, flow = self.flows[which % len(self.flows)]
        id, input = f"w{self.number()}", {"input": self.made}
        for _ in range(calls):
            self.engine.start(text, input, workflow_id=id)
        self.world.put(Workflow(f"workflow:{id}", flow, input, self.world.queue))
        self.settle()

    @precondition(lambda self: self.tasks)
    @rule(which=WHICH)
    def take(self, which: int) -> None:
        workflow, task = self.attempt(which)
        self.engine.transitions.run([self.engine.transitions.claim_attempt(task, "players")])
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
    @rule(which=WHICH, step=WHICH, running=st.booleans())
    def restart_from(self, which: int, step: int, running: bool) -> None:
        """From one of its steps, if all before have ended."""
        workflow = self.workflow(which)
        name = list(workflow.flow)[step % len(workflow.flow)]
        task, index = workflow.flow[name], self.index_of(workflow, name)
        ready = all(workflow.steps[other].state == "ended" for other in task.after)
        if workflow.ended and ready and not task.loop:
            workflow.restart(running, name)
            self.engine.restart(workflow.id, from_steps=[index], all=running)
        elif not workflow.ended:
            with pytest.raises(NotRestartable):
                self.engine.restart(workflow.id, from_steps=[index], all=running)
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


@pytest.mark.parametrize("flows", [PLAIN, RARE], ids=["plain", "rare"])
def test_the_engine_does_what_the_model_does(
    client: redis.Redis, flows: list[tuple[str, Flow]]
) -> None:
    class Here(Machine):
        def __init__(self) -> None:
            super().__init__(client)
            self.flows = flows

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            suppress_health_check=list(HealthCheck),
        ),
    )
