"""Archive, restore, restart: whatever a run has gone through, it is as if it had been stopped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from littleflow_redis.engine.model.errors import NotRestartable
from littleflow_redis.engine.model.json_values import ABSENT
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.model.timers import Timer

from .trip_flows import LOOPS, PLAIN
from .trip_stage import Scene, said

#: Which of those that there are; smaller is simpler.
WHICH = st.integers(0, 11)

GIVEN = st.sampled_from([ABSENT, ABSENT, None, {"n": 0}, [{"n": 1}, {"n": 4}]])


class Trip(RuleBasedStateMachine):
    """Anything may happen to a run; then it makes a round trip, or is stopped: all is the same."""

    flows: Sequence[str]

    def __init__(self, client: redis.Redis) -> None:
        super().__init__()
        client.flushall()
        self.scenes = [Scene(client, ""), Scene(client, "twin:")]

    @property
    def here(self) -> Scene:
        return self.scenes[0]

    @property
    def state(self) -> WorkflowState:
        return self.here.engine.views.state(self.here.workflow)

    @initialize(which=st.integers(0, 99))
    def start(self, which: int) -> None:
        text = self.flows[which % len(self.flows)]
        self.here.workflow = self.here.engine.start(text, {"n": 0})
        self.here.turn()

    @precondition(lambda self: self.here.tasks())
    @rule(which=WHICH)
    def take(self, which: int) -> None:
        tasks = self.here.tasks()
        self.here.take(tasks[which % len(tasks)])

    @precondition(lambda self: self.here.tasks())
    @rule(which=WHICH)
    def succeed(self, which: int) -> None:
        tasks = self.here.tasks()
        self.here.succeed(tasks[which % len(tasks)])

    @precondition(lambda self: self.here.tasks())
    @rule(which=WHICH, times=st.integers(1, 4))
    def succeed_often(self, which: int, times: int) -> None:
        for _ in range(times):
            if tasks := self.here.tasks():
                self.here.succeed(tasks[which % len(tasks)])
                self.pass_time(which)

    @precondition(lambda self: self.here.tasks())
    @rule(which=WHICH)
    def fail(self, which: int) -> None:
        tasks = self.here.tasks()
        self.here.fail(tasks[which % len(tasks)])

    @rule(which=WHICH)
    def pass_time(self, which: int) -> None:
        """One timer is due: a ready step fires, a retry or what waits goes on."""
        engine = self.here.engine
        found: Any = engine.redis.zrange(engine.keys.timers, 0, -1)
        if timers := sorted(found, key=lambda member: (Timer.read(member).kind, member)):
            engine.redis.zadd(engine.keys.timers, {timers[which % len(timers)]: 0}, xx=True)
            self.here.turn()

    @precondition(lambda self: not self.state.ended)
    @rule(times=st.integers(1, 2))
    def terminate(self, times: int) -> None:
        for _ in range(times):
            self.here.engine.terminate(self.here.workflow)
        self.here.turn()

    @precondition(lambda self: self.state in ("FAILED", "TERMINATED"))
    @rule(all=st.booleans())
    def restart(self, all: bool) -> None:
        self.here.engine.restart(self.here.workflow, all=all)
        self.here.turn()

    @precondition(lambda self: self.state.ended)
    @rule(which=st.integers(0, 99), given=GIVEN, all=st.booleans())
    def restart_from(self, which: int, given: Any, all: bool) -> None:
        engine, workflow = self.here.engine, self.here.workflow
        step = which % len(engine.state(workflow).steps)
        with suppress(NotRestartable):
            engine.restart(workflow, from_steps=[step], input=given, all=all)
        self.here.turn()

    @rule()
    def round_trip(self) -> None:
        """The one that was here is stopped and restarted; what was restored is to do the same, and
        goes on in its place.
        """
        here, there = self.scenes
        engine, workflow, state = here.engine, here.workflow, self.state
        archive = json.loads(json.dumps(engine.archive(workflow)))
        there.workflow = there.engine.restore(archive)
        if not state.ended:
            assert WorkflowState.TERMINATED in [engine.terminate(workflow) for _ in range(2)]
        restored = there.engine.archive(there.workflow)
        if state not in ("FAILED", "FINISHED"):
            assert said(restored) == said(engine.archive(workflow))
        again = there.engine.archive(there.engine.restore(restored))
        assert said(again) == said(restored)
        if state != "FINISHED":
            engine.restart(workflow, all=True)
        there.engine.restart(there.workflow)
        assert here.run() == there.run()
        assert here.outcome() == there.outcome()
        engine.delete(workflow)
        self.scenes.reverse()

    def teardown(self) -> None:
        for scene in self.scenes:
            scene.close()


@pytest.mark.parametrize("flows", [PLAIN, LOOPS], ids=["plain", "loops"])
def test_a_round_trip_changes_nothing(client: redis.Redis, flows: Sequence[str]) -> None:
    class Here(Trip):
        def __init__(self) -> None:
            super().__init__(client)
            self.flows = flows

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=12,
            stateful_step_count=12,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
