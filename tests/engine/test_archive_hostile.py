"""Archives from a stranger: what is no archive is refused, with a reason, and leaves nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import BadArchive

from .test_ends import Hand


def change(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def apply(archive: dict[str, Any]) -> None:
        *parents, last = path.split("/")
        place: Any = archive
        for name in parents:
            place = place[int(name)] if isinstance(place, list) else place[name]
        place[int(last) if isinstance(place, list) else last] = value

    return apply


DEEP: Any = []
for _ in range(5000):
    DEEP = [DEEP]

HOSTILE = {
    "format": change("format", "zip"),
    "version of the future": change("version", 3),
    "no form": change("form", None),
    "form zero": change("form", 0),
    "form of the future": change("form", 3),
    "types": change("types", []),
    "types of outputs": change("types/outputs", []),
    "types of nobody": change("types/outputs", {"77": "decimal"}),
    "types that are none": change("types/outputs", {"0": 7}),
    "types too deep": change("types/outputs", {"0": DEEP}),
    "version": change("version", "1"),
    "state": change("state", "DANCING"),
    "flow": change("flow", []),
    "flow of a cycle": change("flow/F", [[0, 1, 0, 0], [0, 0, 1, 0], [0, 1, 0, 1], [0] * 4]),
    "flow with a class": change("flow/T/1/0", ["x"]),
    "huge flow": change("flow/T", [["InvokeTask", {}]] * 10_001),
    "huge edges": change("flow/edges", [[0, 1]] * 100_001),
    "flow without end": change("flow/T", []),
    "input": change("input", "x" * 1_000_001),
    "NaN": change("input", float("nan")),
    "infinite": change("outputs", {"1": float("inf")}),
    "deep": change("input", DEEP),
    "no JSON": change("input", object()),
    "steps": change("steps", [1]),
    "no such step": change("steps/99", {"state": "ended"}),
    "step of a name": change("steps/x", {"state": "ended"}),
    "step under no iteration": change("steps/1@0", {"state": "ended"}),
    "step of digits": change("steps/١", {"state": "ended"}),
    "state of a step": change("steps/1/state", "dancing"),
    "state of a type": change("steps/1/state", {}),
    "activations": change("steps/1/activations", -1),
    "activations true": change("steps/1/activations", True),
    "activations beyond": change("steps/1/activations", 2**60),
    "time": change("steps/1/queued", "yesterday"),
    "early time": change("steps/1/queued", "0001-01-01T00:00:00+00:00"),
    "time of a type": change("steps/1/queued", 5),
    "reason": change("steps/1/reason", ["x"]),
    "half a character": change("steps/1/reason", "\ud800"),
    "open": change("steps/1/open", {"a": 1}),
    "open attempt": change("steps/1/open", [5]),
    "owed": change("steps/1/owed", {"a": 1}),
    "what is owed": change("steps/1/owed", [5]),
    "owed by another timer": change("steps/1/owed", [{"activation": 1, "kind": "timeout"}]),
    "owed of a type": change("steps/1/owed", [{"activation": 1, "kind": []}]),
    "owed before it came": change("steps/1/owed", [{"activation": 7, "kind": "retry"}]),
    "owed as a round": change("steps/0/owed", [{"activation": 1, "kind": "round"}]),
    "items of an iteration": change("steps/1/items", 3),
    "too many items": change("steps/1/items", 10**9),
    "done before begun": change("steps/1/done", 1),
    "tokens": change("tokens", {"1": 10**9}),
    "tokens of a type": change("tokens", {"1": "1"}),
    "tokens of nobody": change("tokens", {"77": 1}),
    "backs": change("backs", 5),
    "items": change("items", [1]),
    "items of nobody": change("items", {"nobody": 1}),
    "timers": change("timers", {"a": 1}),
    "a timer": change("timers", [["ready"]]),
    "timer of nobody": change("timers", [{"kind": "ready", "step": "88", "activation": 1}]),
    "timer without record": change("timers", [{"kind": "ready", "step": "3", "activation": 1}]),
    "outputs": change("outputs", []),
    "output of nobody": change("outputs", {"77": 1}),
    "trace": change("trace", {}),
    "a change": change("trace", [1]),
    "a change of nobody": change("trace", [{"at": None, "what": "end", "step": "77"}]),
    "what changed": change("trace", [{"at": None, "what": 1, "step": ""}]),
    "name": change("flow/X/name", "a/b"),
    "name of half a character": change("flow/X/name", "\ud800"),
    "id": change("id", {}),
}


@pytest.mark.no_keys_left
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_are_refused_and_leave_nothing(engine: Client, name: str) -> None:
    hand = Hand(engine, "A → B")
    archive = engine.archive(hand.workflow)
    engine.redis.flushall()
    HOSTILE[name](archive)
    with pytest.raises(ValueError, match=r".{20}"):
        engine.restore(archive)


@pytest.mark.no_keys_left
@pytest.mark.parametrize("value", [None, [], 5, "text", {}, {"T": [], "S": 1, "A": []}])
def test_what_is_no_archive_is_refused(engine: Client, value: Any) -> None:
    with pytest.raises(BadArchive):
        engine.restore(copy.deepcopy(value))


@pytest.mark.no_keys_left
def test_an_archive_that_holds_itself_is_refused(engine: Client) -> None:
    archive: dict[str, Any] = {"format": "littleflow-archive"}
    archive["flow"] = archive
    with pytest.raises(BadArchive):
        engine.restore(archive)
