"""Reading what Celery stored about a task, as data.

``AsyncResult`` imports and instantiates classes that a record names, and can raise on an odd one.
Here nothing that a record says is ever imported, called or rebuilt.
"""

from __future__ import annotations

import json
import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgpack
import yaml
from celery import states
from celery.backends import base

from littleflow_redis.engine.model.json_values import dump
from littleflow_redis.engine.model.task_events import MAX_REASON
from littleflow_redis.engine.model.typed_values import output_text
from littleflow_redis.tasks.conversion import convert

from .failures import TaskError, as_plain, failure_of
from .result_tuples import ReturnedIds, read_returned

#: The states that end an attempt. RETRY, STARTED and an app's own states do not.
ENDS = frozenset({states.SUCCESS, states.FAILURE, states.REVOKED})

#: Characters that are kept of what a task says while it runs.
MAX_NOTE = 200

#: Type of the error of a record that cannot be read or whose value cannot be an output.
UNREADABLE = "UnreadableResult"


@dataclass(frozen=True, slots=True)
class StoredResult:
    """What a record says: ``output`` of a SUCCESS, ``error`` of a FAILURE or REVOKED.

    ``output`` is a value's text (see ``engine.typed``).

    ``returned`` are the tasks for which the value of a SUCCESS stands: it has no output then.
    ``worker`` is who took a STARTED one up. ``error`` of a RETRY is why it is tried again,
    ``retries`` how often, if that is stored; ``meta``, a text, is what a task stored with a state
    of its own. A record that cannot be read is a FAILURE with the error type :data:`UNREADABLE`.
    """

    id: str
    state: str
    output: str | None = None
    error: TaskError | None = None
    worker: str = ""
    retries: int | None = None
    meta: str = ""
    returned: ReturnedIds | None = None

    @property
    def ended(self) -> bool:
        return self.state in ENDS


def read_record(id: str, payload: bytes | str, content_type: str) -> StoredResult:
    """Read one stored record; ``content_type`` is one of :data:`DECODERS`. Never raises."""
    return _read(id, lambda: DECODERS[content_type](_decompressed(payload)))


def read_row(
    id: str, status: str, payload: bytes | None, traceback: str | None, content_type: str
) -> StoredResult:
    """Read a record that stands in the columns of a table. Never raises."""

    def decode() -> Mapping[str, Any]:
        raw = None if payload is None else _unpacked(bytes(payload))
        result = None if raw is None else DECODERS[content_type](raw)
        return {"status": status, "result": result, "traceback": traceback}

    return _read(id, decode)


def read_decoded(id: str, record: Mapping[str, Any]) -> StoredResult:
    """Read a record that its backend has decoded. Never raises."""
    return _read(id, lambda: record)


def _read(id: str, decode: Callable[[], Any]) -> StoredResult:
    try:
        return _result(id, decode())
    # Foreign bytes: each of five decoders and decompressors fails in ways of its own, and one bad
    # record must not keep the results of others back.
    except Exception as error:  # noqa: BLE001
        return unreadable(id, error)


def unreadable(id: str, error: Exception) -> StoredResult:
    """What stands for a record that cannot be read, for this reason."""
    text = f"the result that Celery stored cannot be used: {error}"
    return StoredResult(id, states.FAILURE, error=unusable(text))


def unusable(reason: str) -> TaskError:
    """The error of a record that is of no use: the same at the next try."""
    return TaskError(UNREADABLE, reason[:MAX_REASON], final=True)


def _result(id: str, record: Any) -> StoredResult:
    if not isinstance(record, Mapping) or not isinstance(record.get("status"), str):
        raise ValueError("it has no status")
    state = record["status"]
    if state == states.SUCCESS:
        value, children = record.get("result"), record.get("children")
        if children and (returned := read_returned(value, children)):
            return StoredResult(id, state, returned=returned)
        return StoredResult(id, state, output=output_text(convert(value, enveloped=True)))
    if state in ENDS:
        return StoredResult(id, state, error=failure_of(record))
    try:
        return _running(id, state, record)
    except (ValueError, RecursionError):
        # It has not ended: what it says meanwhile is for people alone.
        return StoredResult(id, state)


def _running(id: str, state: str, record: Mapping[str, Any]) -> StoredResult:
    about = record.get("result")
    if state == states.RETRY:
        done = record.get("retries")
        # Those that were made before this one; only with result_extended.
        retries = done + 1 if isinstance(done, int) else None
        return StoredResult(id, state, error=failure_of(record), retries=retries)
    if state == states.STARTED:
        return StoredResult(id, state, worker=_worker(about))
    return StoredResult(id, state, meta="" if about is None else dump(as_plain(about))[:MAX_NOTE])


def _worker(about: Any) -> str:
    """The worker's name, which Celery stores with STARTED; other states hold other things."""
    match about:
        case {"hostname": str(name)}:
            return name[:MAX_REASON]
        case _:
            return ""


def _decompressed(payload: bytes | str) -> bytes | str:
    """Undo ``result_compression``, which Celery has from 5.7 on."""
    decompress = getattr(base, "decompress_payload", None)
    return decompress(payload) if decompress else payload


def _unpacked(payload: bytes) -> bytes:
    """The bytes inside a pickle of nothing but bytes, as Celery before 5.7 puts them in tables.

    Nothing is unpickled: a pickle is a list of instructions, and one of these holds the bytes.
    """
    # One such byte alone is the empty object of msgpack.
    if payload[:1] != b"\x80" or len(payload) == 1:
        return payload
    operations = list(pickletools.genops(payload))
    held: list[Any] = [held for op, held, _ in operations if op.name in _PICKLED_BYTES]
    if len(held) != 1 or not _HARMLESS.issuperset(op.name for op, *_ in operations):
        raise ValueError("it is a pickle, and these are never opened")
    return bytes(held[0])


#: Instructions of a pickle that hold bytes, and all that a pickle of bytes has.
_PICKLED_BYTES = frozenset({"SHORT_BINBYTES", "BINBYTES", "BINBYTES8"})
_HARMLESS = _PICKLED_BYTES | {"PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT", "STOP"}


def _from_yaml(payload: bytes | str) -> Any:
    return yaml.safe_load(payload)


def _from_msgpack(payload: bytes) -> Any:
    return msgpack.unpackb(payload, raw=False, strict_map_key=False)


#: By content type. Pickle and signed messages are not among them, nor what others registered:
#: their decoders may run code.
DECODERS: Mapping[str, Callable[[Any], Any]] = {
    "application/json": json.loads,
    "application/x-yaml": _from_yaml,
    "application/x-msgpack": _from_msgpack,
}
