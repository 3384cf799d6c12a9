"""Archives: a workflow as one JSON document, which any Redis can restore.

- ``format`` and ``version``: the form of the document.
- ``id``, ``name``, ``state``: those of the archived workflow.
- ``flow`` (see :func:`littleflow_redis.language.save`), ``source``, ``input``: the flow, its text
  and its input.
- ``form``: the version of the rules by which it runs (``records.VERSION``).
- ``steps``: the record of each step that was reached. Its ``open`` are attempts; its ``owed`` are
  failed or cancelled activations that a restart begins again.
- ``tokens`` and ``backs``: inputs that wait for a step.
- ``items``: items of iterations, and inputs that are kept.
- ``timers``: timers with their due times.
- ``outputs``: the latest output of each step.
- ``types``: the types of items and outputs that JSON lacks (see ``typed_values``).
- ``trace``: every change, oldest first.

Steps under iterations are called ``<index>@<scope>``. Times are ISO texts, UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from littleflow_redis.language import Flow, save

from ..model.records import AttemptRecord, Change, Dynamic, Record
from ..model.timestamps import iso
from ..model.typed_values import TypedValue, read, stored

FORMAT = "littleflow-archive"

#: Form of the document; a newer one is refused. 2 has ``form`` and ``types``. A run of form 1 is
#: written as 1, which has neither: older processes read it, too.
VERSION = 2

#: Bytes of an archive, and of a workflow to be archived, at most. One call reads or writes it all,
#: and Redis does nothing else meanwhile.
MAX_BYTES = 256 * 1024 * 1024

#: Members of a step's record that are counts, and those that are times.
COUNTS = (
    Dynamic.ACTIVATIONS,
    Dynamic.ATTEMPTS,
    Dynamic.ITEMS,
    Dynamic.NEXT,
    Dynamic.DONE,
    Dynamic.RETRIES,
    Dynamic.REQUEUES,
    Dynamic.ROUND,
)
TIMES = (Dynamic.QUEUED, Dynamic.STARTED, Dynamic.ENDED)


def document(id: str, flow: Flow, reply: Sequence[Any]) -> dict[str, Any]:
    """The archive of a workflow from what the script ``archive`` replied."""
    _, now, state, about, steps, items, timers, outputs, types, trace = reply
    own = _mapping(about)
    records, tokens, backs = _steps(_mapping(steps))
    of_output = _mapping(types)
    found = {f.decode(): stored(text, of_output.get(f)) for f, text in _pairs(outputs)}
    kept = {name.decode(): read(text) for name, text in _pairs(items)}
    input = found.pop("-1", TypedValue({})).data
    return {
        "format": FORMAT,
        **_form(int(own[b"version"]), {"outputs": found, "items": kept}),
        "id": id,
        "name": own[b"name"].decode() or None,
        "state": state.decode(),
        "reason": own[b"reason"].decode("utf-8", "replace"),
        "created": iso(own[b"created"]),
        "ended": iso(own[b"ended"]),
        "archived": iso(now),
        "source": flow.source,
        "input": input,
        "flow": save(flow),
        "steps": records,
        "tokens": tokens,
        "backs": backs,
        "items": {name: value.data for name, value in kept.items()},
        "timers": [_timer(member, due) for member, due in _pairs(timers)],
        "outputs": {field: value.data for field, value in found.items()},
        "trace": [_change(Record(packed)) for packed in trace],
    }


def _form(form: int, parts: Mapping[str, Mapping[str, TypedValue]]) -> dict[str, Any]:
    """The document's members on its own form, the run's form, and the types of its parts."""
    types = {
        part: {name: value.types for name, value in found.items() if value.types}
        for part, found in parts.items()
    }
    if form < 2 and not any(types.values()):
        return {"version": 1}
    return {"version": VERSION, "form": form, "types": types}


def _pairs(flat: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    return zip(flat[::2], flat[1::2], strict=True)


def _mapping(flat: Sequence[bytes]) -> dict[bytes, bytes]:
    return dict(_pairs(flat))


def _steps(
    fields: dict[bytes, bytes],
) -> tuple[dict[str, dict[str, Any]], dict[str, int], dict[str, int]]:
    """Decode the hash :steps: records, tokens, and tokens that came back from within."""
    records: dict[str, dict[str, Any]] = {}
    counts: dict[str, dict[str, int]] = {"t": {}, "b": {}}
    for name, value in fields.items():
        field = name.decode()
        if field[0] in counts:
            counts[field[0]][field[1:]] = int(value)
        else:
            records[field] = _step(Record(value))
    return records, counts["t"], counts["b"]


def _step(record: Record) -> dict[str, Any]:
    shown: dict[str, Any] = {"state": record[Dynamic.STATE], "reason": record[Dynamic.REASON]}
    shown.update((member.name.lower(), int(record[member] or 0)) for member in COUNTS)
    shown.update((member.name.lower(), iso(record[member])) for member in TIMES)
    # Built in Lua, an empty list may have been packed as an empty map.
    shown["open"] = [_attempt(packed) for packed in record[Dynamic.OPEN] or ()]
    shown["owed"] = [
        {"activation": activation, "kind": kind}
        for activation, kind in sorted(record[Dynamic.OWED] or ())
    ]
    return shown


def _attempt(attempt: Sequence[Any]) -> dict[str, Any]:
    return {
        "activation": attempt[AttemptRecord.ACTIVATION - 1],
        "attempt": attempt[AttemptRecord.NUMBER - 1],
        "queued": iso(attempt[AttemptRecord.QUEUED - 1]),
        "taken": iso(attempt[AttemptRecord.TAKEN - 1]),
        "owner": attempt[AttemptRecord.OWNER - 1],
    }


def _timer(member: bytes, due: bytes) -> dict[str, Any]:
    kind, _, field, rest = member.decode().split("|")
    # The token of an attempt follows the activation; no other start knows it.
    return {"kind": kind, "step": field, "activation": int(rest.split(".")[0]), "due": iso(due)}


def _change(record: Record) -> dict[str, Any]:
    return {
        "at": iso(record[Change.AT]),
        "what": record[Change.WHAT],
        "step": record[Change.STEP],
        "activation": record[Change.ACTIVATION],
        "attempt": record[Change.ATTEMPT],
        "detail": record[Change.DETAIL] or "",
    }
