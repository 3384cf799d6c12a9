"""Archives of littleflow_redis 0.4 (PyPI): the flow as F and T, and the vectors S and A.

Both are lists of [ISO time, vector], newest first. S records steps that started (+1) and ended
(-1), A inputs that arrived and were taken. They hold no outputs: an ended step counts as ended
with the output ``{}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from littleflow_redis.engine.archive.checks import list_of, text
from littleflow_redis.engine.archive.document import FORMAT
from littleflow_redis.engine.model.errors import BadArchive
from littleflow_redis.engine.model.states import StepState, WorkflowState


def converted(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """An archive of 0.4 as one of ours, TERMINATED; any other as it is. Raises BadArchive."""
    if "format" in document or not all(key in document for key in ("T", "S", "A")):
        return document
    size = len(list_of(document["T"], "T"))
    started = _oldest_first(document["S"], "S", size)
    arrived = _oldest_first(document["A"], "A", size)
    active, left = _sum(started, size), _sum(arrived, size)
    starts = _sum([(at, [max(n, 0) for n in vector]) for at, vector in started], size)
    return {
        "format": FORMAT,
        "version": 1,
        "state": WorkflowState.TERMINATED,
        "flow": {key: document[key] for key in ("F", "T", "X", "edges") if key in document},
        "steps": {
            str(index): {
                "state": StepState.CANCELLED if active[index] > 0 else StepState.ENDED,
                "activations": starts[index],
                **_times(started, index),
            }
            for index in range(size)
            if starts[index]
        },
        # The start's own input is taken before it is written down.
        "tokens": {str(i): left[i] for i in range(1, size) if left[i] > 0},
        "trace": _changes(started),
    }


def _oldest_first(value: Any, what: str, size: int) -> list[tuple[str, list[int]]]:
    entries = []
    for entry in list_of(value, what):
        pair = list_of(entry, f"a member of {what}")
        vector = pair[1] if len(pair) == 2 else None
        if not isinstance(vector, list) or len(vector) != size:
            raise BadArchive(f"{what} holds [time, vector], a vector a number for each step")
        if not all(type(number) is int and abs(number) < 2**31 for number in vector):
            raise BadArchive(f"the vectors of {what} hold whole numbers")
        entries.append((text(pair[0], f"a time of {what}"), vector))
    return entries[::-1]


def _sum(entries: list[tuple[str, list[int]]], size: int) -> list[int]:
    total = [0] * size
    for _, vector in entries:
        for index, number in enumerate(vector):
            if number:
                total[index] += number
    return total


def _times(entries: list[tuple[str, list[int]]], index: int) -> dict[str, Any]:
    begun = [at for at, vector in entries if vector[index] > 0]
    over = [at for at, vector in entries if vector[index] < 0]
    return {"queued": begun[-1], "started": begun[-1], "ended": over[-1] if over else None}


def _changes(entries: list[tuple[str, list[int]]]) -> list[dict[str, Any]]:
    seen: dict[int, int] = {}
    changes = []
    for at, vector in entries:
        for index, number in enumerate(vector):
            if not number:
                continue
            seen[index] = seen.get(index, 0) + (number > 0)
            changes.append(
                {
                    "at": at,
                    "what": "queue" if number > 0 else "end",
                    "step": str(index),
                    "activation": seen[index],
                    "attempt": 1,
                }
            )
    return changes
