"""Attempts that a script hands to the process that called it: no start-task, no read, no take.

The script that emits the attempt also takes it and records its flight (``lua/lib/handing.lua``).
If the process dies before it has published the attempt, a sweep of the flights writes the saved
start-task (``republish_unpublished.lua``).
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
    """The categories that a process serves itself, under its ``consumer``'s name.

    ``categories``: category → (group, id prefix). ``queued``: workers report STARTED; otherwise
    hand-over counts as the start. ``most``: publications in flight per category, 0 for no limit.
    """

    consumer: str
    categories: Mapping[str, tuple[str, str]]
    queued: bool = False
    most: int = 0

    def packed(self, room: int | None = None) -> bytes:
        """As the scripts take it: their msgpack knows no type for bytes.

        ``room``: the attempts that one call may hand over to a process that runs them itself.
        """
        fields = [self.consumer, self.categories, self.queued, self.most, room]
        packed: bytes = packb(fields, use_bin_type=False)
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
