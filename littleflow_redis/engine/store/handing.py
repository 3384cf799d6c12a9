"""Attempts that a script hands to the process that called it: no start-task, no read, no claim.

The script that emits the attempt also claims it and records it as held (``lua/lib/handing.lua``).
If the process dies, or the reply is lost, whoever takes over writes the start-task.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from msgpack import packb

from ..model import json_values
from ..model.task_events import StartTask


@dataclass(frozen=True, slots=True)
class Serving:
    """The categories that a process serves itself, and the consumer group of each."""

    process: str
    categories: Mapping[str, str]

    def packed(self, room: int) -> bytes:
        """Pack it for a script; ``room``: the attempts that one call may hand over."""
        # The scripts' msgpack knows no type for bytes.
        packed: bytes = packb([self.process, self.categories, room], use_bin_type=False)
        return packed


def handed_over(workflow: str, fields: Sequence[bytes]) -> StartTask:
    """Read an attempt that a script handed over: a start-task without an event."""
    index, name, base, parameters, input, token, options, types, positions, begins = fields
    return StartTask(
        event="",
        workflow=workflow,
        index=int(index),
        name=_name(name),
        base=_name(base),
        token=token.decode(),
        parameters=json_values.load(parameters),
        input=json_values.load(input),
        options=json_values.load(options) if options else {},
        types=json_values.load(types) if types else None,
        bind="auto" if positions else "spread",
        begins=bool(begins),
    )


@lru_cache(4096)
def _name(text: bytes) -> str:
    name: str = json_values.load(text)
    return name
