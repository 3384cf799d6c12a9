"""littleflow's own Runner is the judge: the same firings, inputs and output for random flows."""

from __future__ import annotations

import hashlib
import json
import random
from typing import Any

import littleflow
import redis
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.messages import StartTask, kind_of, start_task
from littleflow_redis.engine.states import WorkflowState
from littleflow_redis.language import compile_text, to_littleflow
from littleflow_redis.workers.lifecycle import LifecycleWorker

from .flowtexts import flow_texts
from .support import Player, drive

INPUT = {"in": 1}

Firing = tuple[int, str]


def output(index: int, name: str, input: Any) -> dict[str, Any]:
    """An output that tells which step made it, of which input."""
    digest = hashlib.sha256(json.dumps(input, sort_keys=True).encode()).hexdigest()[:8]
    return {f"{name}-{index}": digest}


class Judge(littleflow.Context):  # type: ignore[misc]
    """Runs a flow by littleflow's algorithm and keeps what it fired."""

    def __init__(self, flow: littleflow.Flow) -> None:
        super().__init__(flow, cache={})
        self.fired: list[Firing] = []
        self.output: Any = None

    def start_task(self, invocation: Any, input: Any) -> None:
        self.fired.append((invocation.index, json.dumps(input, sort_keys=True)))
        self.output_for(invocation.index, output(invocation.index, invocation.name, input))
        ended = self.new_transition()
        ended[invocation.index] = 1
        self.ending.put(ended)

    def ended(self, value: Any) -> None:
        self.output = value


def judge(text: str) -> Judge:
    # From our compilation: what the two languages make of a text is compared elsewhere.
    flow = to_littleflow(compile_text(text))
    context = Judge(flow)
    # Steps that nothing leads to fire in each round there, never here.
    assume(all(flow.F[:, index].sum() > 0 for index in range(1, len(flow))))
    runner = littleflow.Runner()
    runner.start(context, input=INPUT)
    try:
        while not context.ending.empty():
            runner.next(context, context.ending.get())
    except ValueError:
        assume(False)  # a merge of something else than objects
    return context


class ShuffledPlayer(Player):
    """Serves tasks in any order that the stream allows."""

    def __init__(self, client: Client, seed: int) -> None:
        super().__init__(client, lambda task: output(task.index, task.name, task.input))
        self._random = random.Random(seed)
        self._waiting: list[StartTask] = []

    def turn(self) -> int:
        entries = self.reader.read(100)
        self._waiting += [
            start_task(entry.id, entry.fields)
            for entry in entries
            if kind_of(entry.fields) == "start-task"
        ]
        self.reader.ack([entry.id for entry in entries])
        if self._waiting:
            self.serve(self._waiting.pop(self._random.randrange(len(self._waiting))))
        return len(entries) + len(self._waiting)


@given(text=flow_texts(), seed=st.integers(0, 1000))
@settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_the_engine_fires_what_littleflow_fires(client: redis.Redis, text: str, seed: int) -> None:
    expected = judge(text)
    client.flushall()
    engine = Client(redis=client)
    worker, player = LifecycleWorker(engine), ShuffledPlayer(engine, seed)
    workflow = engine.start(text, INPUT)
    assert drive(engine, workflow, player, worker) is WorkflowState.FINISHED
    fired = [(task.index, json.dumps(task.input, sort_keys=True)) for task in player.played]
    event(f"steps: {len(fired) // 5 * 5}+")
    assert sorted(fired) == sorted(expected.fired)
    assert engine.state(workflow).output == expected.output
    allowed(engine, workflow, [index for index, _ in fired])


def allowed(engine: Client, workflow: str, order: list[int]) -> None:
    """No step was played before all steps that lead to it."""
    flow = engine.views.flow(workflow)
    position = {index: at for at, index in enumerate(order)}
    for step in flow.steps:
        for before in step.predecessors:
            if step.index in position and before in position:
                assert position[before] < position[step.index]
