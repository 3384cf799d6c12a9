"""Decoding the records that a result backend stores, as data.

``AsyncResult`` imports and instantiates classes that a record names, and can raise on an odd one.
Here nothing that a record says is ever imported, called or rebuilt.
"""

from __future__ import annotations

import json
import pickletools
from collections.abc import Callable, Mapping
from typing import Any

import msgpack
import yaml
from celery.backends import base

from ..ends.task_result import TaskResult, read_result


def read_record(id: str, payload: bytes | str, content_type: str) -> TaskResult:
    """Read one stored record; ``content_type`` is one of :data:`DECODERS`. Never raises."""
    return read_result(id, lambda: DECODERS[content_type](_decompressed(payload)))


def read_row(
    id: str, status: str, payload: bytes | None, traceback: str | None, content_type: str
) -> TaskResult:
    """Read a record from the columns of a table. Never raises."""

    def decode() -> Mapping[str, Any]:
        raw = None if payload is None else _unpacked(bytes(payload))
        result = None if raw is None else DECODERS[content_type](raw)
        return {"status": status, "result": result, "traceback": traceback}

    return read_result(id, decode)


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


#: Instructions of a pickle that hold bytes, and all instructions in a pickle of bytes.
_PICKLED_BYTES = frozenset({"SHORT_BINBYTES", "BINBYTES", "BINBYTES8"})
_HARMLESS = _PICKLED_BYTES | {"PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT", "STOP"}


def _from_yaml(payload: bytes | str) -> Any:
    return yaml.safe_load(payload)


def _from_msgpack(payload: bytes) -> Any:
    return msgpack.unpackb(payload, raw=False, strict_map_key=False)


#: By content type. Pickle, signed messages and serializers of others are left out: their decoders
#: may run code.
DECODERS: Mapping[str, Callable[[Any], Any]] = {
    "application/json": json.loads,
    "application/x-yaml": _from_yaml,
    "application/x-msgpack": _from_msgpack,
}
