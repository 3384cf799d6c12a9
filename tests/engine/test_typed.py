"""Types that JSON lacks follow a value wherever it goes, and its JSON stays as it was."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from littleflow_redis.bridges.calls.arguments import arguments
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model import json_values
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.model.task_events import StartTask, encode_success
from littleflow_redis.engine.model.timers import TimerKind
from littleflow_redis.engine.model.typed_values import TypedValue, items_of, listed, merged, read
from littleflow_redis.engine.store.keys import ITEMS, TYPES
from littleflow_redis.tasks.conversion import convert, output_text
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import LONG

from .support import Play, Player, drive, hurry

PRICE = Decimal("1.10")


class TypedPlayer(Player):
    """Ends tasks as Celery tasks and listeners do: with the types of what they return."""

    def end(self, task: StartTask) -> None:
        try:
            output = self.play(task)
        except ValueError:
            super().end(task)
        else:
            fields: Any = encode_success(task, output_text(output))
            self.client.redis.xadd(self.client.keys.events, fields)


def run(engine: Client, text: str, play: Play, input: Any = None) -> tuple[str, TypedPlayer]:
    worker, player = LifecycleWorker(engine), TypedPlayer(engine, play)
    worker.reader.ensure()
    workflow = engine.start(text, input)
    drive(engine, workflow, player, worker)
    return workflow, player


def last(player: Player) -> TypedValue:
    return [task.value for task in player.played if task.name == "last"][-1]


#: text and what the step `last` gets; A returns a price, B nothing, C an object with a price
PATHS: list[tuple[str, Any]] = [
    ("A → last", PRICE),
    ("{ A B } → last", [PRICE, None]),
    ("{ B A C } → last", [None, PRICE, {"price": PRICE, "n": 1}]),
    ("{ B C } → > last", {"price": PRICE, "n": 1}),
    ("{ C D } → > last", {"price": "none", "n": 1}),
    ("{ D C } → > last", {"price": PRICE, "n": 1}),
    ("A → ? `$.no` X → last", PRICE),
    ("A → ? `$.no` { X → Y } → last", PRICE),
    ("C → ? `$[?(@.n=1)]` Same → last", {"price": PRICE, "n": 1}),
    ("A → { { Same } } → last", PRICE),
    ("A → wait:delay(- duration: 0 -) → last", PRICE),
    ("A → wait:acquire(- name: x -) → wait:release(- name: x -) → last", PRICE),
    ("A → wait:countdown(- name: x -) → last", PRICE),
    ("A → Retry(- $retry: 1 -) → last", PRICE),
    ("L → * Same → last", [PRICE, 2, PRICE]),
    ("L → * { Same → Same } → last", [PRICE, 2, PRICE]),
    ("L → * { Same B } → last", [[PRICE, None], [2, None], [PRICE, None]]),
    ("L → * Same(- $concurrency: 1 -) → last", [PRICE, 2, PRICE]),
    ("L → * Retry(- $retry: 1 -) → last", [PRICE, 2, PRICE]),
    ("A → ? `$.no` { X → :start } → last", PRICE),
    ("? `$[?(@.go=1)]` { Go → A → :start } → last", PRICE),
]


def playing() -> Play:
    """Plays the steps of the paths; values come as the next Celery task would get them."""
    outputs: dict[str, Any] = {
        "A": PRICE, "B": None, "C": {"price": PRICE, "n": 1}, "D": {"price": "none"},
        "L": [PRICE, 2, PRICE], "Go": {"go": 2},
    }  # fmt: skip

    def play(task: StartTask) -> Any:
        if task.name == "Retry" and task.token.split(".")[1][0] == "1":
            raise ValueError(task.token)
        return outputs[task.name] if task.name in outputs else rebuilt(task.value)

    return play


def index_of(engine: Client, workflow: str) -> int:
    return next(step.index for step in engine.state(workflow).steps if step.name == "last")


def rebuilt(value: TypedValue) -> Any:
    return arguments(value, "json")


@pytest.mark.parametrize(("text", "expected"), PATHS)
def test_types_follow_their_value(engine: Client, text: str, expected: Any) -> None:
    workflow, player = run(engine, text, playing(), {"go": 1})
    assert last(player) == convert(expected)
    # What is looked at is plain JSON.
    assert engine.wait(workflow, timeout=LONG) == convert(expected).data
    assert engine.step(workflow, index_of(engine, workflow)).input == convert(expected).data


def test_guards_see_plain_json(engine: Client) -> None:
    _, player = run(engine, 'A → ? `$[?(@="1.10")]` Same → last', playing())
    assert [task.name for task in player.played] == ["A", "Same", "last"]


def test_an_output_without_types_takes_those_of_the_one_before_away(engine: Client) -> None:
    outputs = iter([PRICE, "1.10"])
    workflow, _ = run(engine, "A → last", lambda task: next(outputs) if task.name == "A" else 0)
    assert engine.redis.hgetall(workflow + TYPES) == {b"1": b'"decimal"'}
    engine.restart(workflow, from_steps=["A"])
    player, worker = TypedPlayer(engine, lambda task: "1.10"), LifecycleWorker(engine)
    drive(engine, workflow, player, worker)
    assert last(player) == TypedValue("1.10")
    assert engine.redis.hgetall(workflow + TYPES) == {}


@pytest.mark.parametrize("text", ["A → Fail → last", "{ A B } → Fail → last", "L → * Fail → last"])
def test_a_restart_gives_the_same_types(engine: Client, text: str) -> None:
    def play(task: StartTask) -> Any:
        if task.name == "Fail":
            raise ValueError
        return playing()(task)

    workflow, player = run(engine, text, play)
    assert engine.state(workflow).state is WorkflowState.FAILED
    before = {(task.name, task.field): task.value for task in player.played}
    engine.restart(workflow)
    again = TypedPlayer(engine, lambda task: rebuilt(task.value))
    drive(engine, workflow, again, LifecycleWorker(engine))
    assert engine.state(workflow).state is WorkflowState.FINISHED
    given = {(task.name, task.field): task.value for task in again.played if task.name == "Fail"}
    assert given.items() <= before.items()
    assert last(again) == next(iter(given.values())) or text.startswith("L")


def test_a_restart_from_a_step_gives_the_same_types(engine: Client) -> None:
    workflow, _ = run(engine, "{ A B } → Same → last", playing())
    engine.restart(workflow, from_steps=["Same"])
    player = TypedPlayer(engine, playing())
    drive(engine, workflow, player, LifecycleWorker(engine))
    assert [task.name for task in player.played] == ["Same", "last"]
    assert last(player) == convert([PRICE, None])


def test_an_input_given_by_hand_has_no_types(engine: Client) -> None:
    workflow, _ = run(engine, "A → last", playing())
    engine.restart(workflow, from_steps=["last"], input="1.10")
    player = TypedPlayer(engine, playing())
    drive(engine, workflow, player, LifecycleWorker(engine))
    assert last(player) == TypedValue("1.10")


def test_a_task_that_nobody_took_in_time_is_handed_out_with_its_types(engine: Client) -> None:
    worker, player = LifecycleWorker(engine), TypedPlayer(engine, playing())
    worker.reader.ensure()
    workflow = engine.start("A → last(- $queue-timeout: 1h -)")
    while not player.played:
        player.turn()
        worker.turn()
    worker.turn()
    engine.redis.delete(engine.keys.begun)
    hurry(engine, TimerKind.TIMEOUT)
    worker.turn()
    drive(engine, workflow, player, worker)
    assert last(player) == TypedValue("1.10", "decimal")


def test_nothing_is_left_behind(engine: Client) -> None:
    workflow, _ = run(engine, "L → * Same → last", playing())
    assert engine.redis.exists(workflow + TYPES)
    engine.delete(workflow)
    assert not engine.redis.keys(f"{workflow}*")


def test_types_count_towards_the_size_of_an_output(engine: Client) -> None:
    half = {f"k{n:05}": PRICE for n in range(json_values.MAX_OUTPUT // 36)}
    workflow, _ = run(engine, "A", lambda task: half)
    assert engine.state(workflow).state is WorkflowState.FINISHED
    with pytest.raises(json_values.BadValue, match="the output with its types has"):
        output_text({f"k{n:05}": PRICE for n in range(json_values.MAX_OUTPUT // 34)})


NO_TYPES = ["[1]", '{"a": 1}', "7", '["decimal"]', '{"a": []}']


@pytest.mark.parametrize("types", [*NO_TYPES, "{no", "", "NaN", '"\x1f"', "[" * 9999])
def test_types_that_are_none_fail_the_attempt(engine: Client, types: str) -> None:
    worker, player = LifecycleWorker(engine), Player(engine)
    worker.reader.ensure()
    player.end = lambda task: engine.redis.xadd(  # type: ignore[method-assign]
        engine.keys.events, encode_success(task, '{"a":1}') | {"types": types}
    )
    workflow = engine.start("A")
    drive(engine, workflow, player, worker)
    assert "the types of the output are " in str(engine.state(workflow).reasons)


def test_inputs_that_are_kept_keep_their_types(engine: Client) -> None:
    """In a flow with loops an activation keeps its input, and a step its latest output."""
    worker, player = LifecycleWorker(engine), TypedPlayer(engine, playing())
    worker.reader.ensure()
    workflow = engine.start("A → wait:delay(- duration: 1h -) → last → :start; Same → :end")
    kept: dict[bytes, bytes] = {}
    while not kept:
        player.turn()
        worker.turn()
        kept = engine.redis.hgetall(workflow + ITEMS)
    assert read(kept[b"i2#1"]) == TypedValue("1.10", "decimal")
    engine.terminate(workflow)
    engine.terminate(workflow)


def test_values_join_in_python_as_in_the_scripts() -> None:
    price, plain = TypedValue("1.10", "decimal"), TypedValue([1])
    assert listed([price, plain]) == TypedValue(["1.10", [1]], {"0": "decimal"})
    assert items_of(listed([price, plain])) == [price, plain]
    assert merged(
        listed([TypedValue({"a": "1"}, {"a": "decimal"}), TypedValue({"a": 1})])
    ) == TypedValue({"a": 1})
    assert read(listed([price]).text()) == listed([price])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{ A B } → Fail → last", ["Fail", "last"]),
        ("L → * Fail(- $concurrency: 1 -) → last", ["Fail", "Fail", "Fail", "last"]),
        ("A → ? `$.no` X → Fail → :start", ["Fail", "A", "Fail"]),
    ],
)
def test_an_archive_has_the_types(engine: Client, text: str, names: list[str]) -> None:
    def play(task: StartTask) -> Any:
        if task.name == "Fail":
            raise ValueError
        return playing()(task)

    workflow, player = run(engine, text, play)
    failed = [task.value for task in player.played if task.name == "Fail"]
    archive = json.loads(json.dumps(engine.archive(workflow)))
    assert any(archive["types"].values())
    engine.redis.flushall()
    restored = engine.restore(archive)
    assert engine.archive(restored)["types"] == archive["types"]
    engine.restart(restored)
    again = TypedPlayer(engine, lambda task: rebuilt(task.value))
    worker = LifecycleWorker(engine)
    while len(again.played) < len(names):
        again.turn()
        worker.turn()
    assert [task.name for task in again.played[: len(names)]] == names
    assert next(task.value for task in again.played if task.name == "Fail") == failed[0]
    while not engine.state(restored).state.ended:
        engine.terminate(restored)
    engine.delete(restored)
    assert not engine.redis.keys(f"{restored}*")


def test_an_archive_of_form_1_has_no_types(engine: Client) -> None:
    engine.transitions.version = 1
    workflow, _ = run(engine, "A → last", playing())
    assert not {"form", "types"} & engine.archive(workflow).keys()


@pytest.mark.parametrize(
    ("data", "given"),
    [
        ({}, TypedValue("1.10", "decimal")),
        ({"output": {"price": "1.10"}}, TypedValue({"price": "1.10"})),
    ],
)
def test_what_an_event_brings_has_no_types(
    engine: Client, data: dict[str, Any], given: TypedValue
) -> None:
    worker, player = LifecycleWorker(engine), TypedPlayer(engine, playing())
    worker.reader.ensure()
    workflow = engine.start("A → wait:event(- event: go -) → last")
    engine.send_event("go", data, workflow=workflow)
    drive(engine, workflow, player, worker)
    assert last(player) == given
