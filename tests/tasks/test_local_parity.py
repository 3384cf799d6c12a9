"""A local run does what littleflow's Runner does, and what the engine does on Redis."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from littleflow_redis import Client, FlowError, WorkflowFailed, compile_text, run_local
from littleflow_redis.engine.builtins import BUILTIN_CATEGORIES
from littleflow_redis.engine.model.task_events import StartTask
from tests.engine.flowtexts import NAMES, flow_texts
from tests.engine.support import echo, run
from tests.engine.test_oracle import INPUT, judge, output
from tests.support import LONG

#: Step, activation and item, and the input as JSON text.
Played = tuple[int, str, str]

#: How a run ended: its output, or its reasons.
Outcome = tuple[str, Any]


def played(task: StartTask) -> Played:
    token = task.token.partition("-")[0]
    return task.index, token, json.dumps(task.input, sort_keys=True)


class Local:
    """Runs a flow here; functions know which task they play."""

    def __init__(self, play: Callable[[StartTask], Any]) -> None:
        self.played: list[Played] = []
        self._play = play

    def run(self, text: str, input: Any) -> Outcome:
        functions = dict.fromkeys((*NAMES, "C", "D", "E"), self._function)
        try:
            return "output", run_local(text, functions, input, on_task=self._told)
        except WorkflowFailed as failure:
            return "reasons", failure.reasons

    def _told(self, task: StartTask) -> None:
        self._task = task
        if task.category not in BUILTIN_CATEGORIES:
            self.played.append(played(task))

    def _function(self, *args: Any, **kwargs: Any) -> Any:
        return self._play(self._task)


def on_redis(
    engine: Client, text: str, input: Any, play: Callable[[StartTask], Any]
) -> tuple[Outcome, list[Played]]:
    workflow, player = run(engine, text, input, play)
    tasks = [played(task) for task in player.played]
    try:
        return ("output", engine.wait(workflow, timeout=LONG)), tasks
    except WorkflowFailed as failure:
        return ("reasons", failure.reasons), tasks


@given(text=flow_texts())
@settings(max_examples=200)
def test_a_local_run_fires_what_littleflow_fires(text: str) -> None:
    expected = judge(text)
    local = Local(lambda task: output(task.index, task.name, task.input))

    assert local.run(text, INPUT) == ("output", expected.output)

    event(f"steps: {len(local.played) // 5 * 5}+")
    fired = [(index, input) for index, _, input in local.played]
    assert sorted(fired) == sorted(expected.fired)


def count(task: StartTask) -> Any:
    """Plays by name: A echoes, B counts, C gives a list, D nothing, E fails on 2."""
    value = task.input
    match task.name:
        case "B":
            return {"n": value["n"] + 1}
        case "C":
            return [value, value]
        case "D":
            return None
        case "E" if value == 2:
            raise ValueError("two")
    return value


@pytest.mark.parametrize(
    ("text", "input"),
    [
        ("* A → C → * A", [3, 1, 2]),
        ("* A", {"x": 1}),
        ("* A → C", []),
        ("* D", [1, 2]),
        ("* { A → { C D } } → A", [1, 2]),
        ("* { * A → C } → A", [[1, 2], [], [3]]),
        ("* { * { C → * A } }", [[1], [2, 3]]),
        ("* { A → B } → > C", [{"n": 1}, {"n": 2}]),
        ("* A(- $concurrency: 2 -) → A", list(range(7))),
        ("@task X (- $concurrency: 1 -) { A → C }\n* X", [1, 2, 3]),
        ("* E → A", [1, 2, 3]),
        ("* { A → E } → A", [1, 2, 3]),
        ("A → ? `$[?(@.n=0)]` B → C", {"n": 0}),
        ("A → ? `$[?(@.n=0)]` B → C", {"n": 1}),
        ("A → ? `$[?(@.n=0)]` { B → C  D } → A", {"n": 0}),
        ("A → ? `$[?(@.n=0)]` { B → C  D } → A", {"n": 1}),
        ("A → * ? `$[?(@.n=0)]` B → C", {"n": 1}),
        ("A → ? `$[?(@.n<5)]` { B → :start } → C", {"n": 0}),
        ("* { ? `$[?(@.n<3)]` { B → :start } → A }", [{"n": 0}, {"n": 2}, {"n": 7}]),
        ("? `$[?(@.n<3)]` { A → { B D } → > A → :start } → C", {"n": 0}),
        ("? `$[?(@.n<3)]` { B → :start ; A → :end } → C", {"n": 0}),
        ("{ A A } → > C", [1]),
        ("{ C D } → > A → C", {"n": 1}),
        ("A → :end ; B → :start", {"n": 0}),
        ("<{ \"n\": 1 }> → B → :x ; <- [1, é] -> → C → :x ; :x A", 5),
        ("B", {}),
        ("* E(- $on-failure: continue -) → A", [1, 2, 3]),
        ("A → E(- {$on-failure: continue, $retry: 1} -) → A", 2),
        ("{ A A } → > C(- $on-failure: continue -) → A", [1]),
        ("E(- $retry: {limit: 2, on: [ValueError]} -)", 2),
        ("E(- $retry: {limit: 2, on: KeyError} -)", 2),
        ("E(- $retry: {limit: 2, except: ValueError} -)", 2),
        ("E(- $retry: {limit: 2, on: Exception} -)", 2),
        ("E(- $retry: {limit: 2, except: [Exception]} -)", 2),
        ("E(- $retry: {limit: 2, on: Exception, except: ValueError} -)", 2),
        ("E(- $retry: {limit: 2, on: []} -)", 2),
        ("A → { E(- {$retry: 1, $on-failure: continue} -) A } → C", 2),
        ("A → wait:delay(- duration: 1 -) → C", 5),
        ("A → wait:acquire(- name: a -) → wait:release(- name: a -) → C", 5),
    ],
)  # fmt: skip
def test_a_local_run_does_what_the_engine_does(client: redis.Redis, text: str, input: Any) -> None:
    outcome, tasks = on_redis(Client(redis=client), text, input, count)
    local = Local(count)

    assert local.run(text, input) == outcome

    if outcome[0] == "output" and ":end" not in text:
        assert sorted(local.played) == sorted(tasks)
    else:
        # What else was handed out by then may still run on Redis, and does not here.
        assert set(local.played) <= set(tasks)


#: What may stand before a task to make it, by chance, a step of another sort.
MARKS = ("* ", "? `$[?(@.A=1)]` ", "? `$[*]` ", "* ? `$[0]` ")


def marked(text: str, random: random.Random) -> str:
    """The text, some of its tasks and subflows guarded or iterating."""

    def mark(found: re.Match[str]) -> str:
        return random.choice(MARKS) + found[0] if random.random() < 0.3 else found[0]

    return re.sub(rf"(?<![:\w<>-])(?<!> )(?:{'|'.join(NAMES)}|{{)(?![\w:-])", mark, text)


@given(text=flow_texts(), random=st.randoms(use_true_random=False))
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_random_guards_and_iterations_go_as_in_the_engine(
    client: redis.Redis, text: str, random: random.Random
) -> None:
    text = marked(text, random)
    try:
        compile_text(text)
    except FlowError:
        event("does not compile")
        return
    client.flushall()
    given = [[1, 2], {"A": 1}, []]
    local = Local(echo)

    outcome, tasks = on_redis(Client(redis=client), text, given, echo)
    assert local.run(text, given) == outcome

    event(outcome[0])
    if outcome[0] == "output":
        assert sorted(local.played) == sorted(tasks)
