"""Attempts that a script hands to the process that called it: no start-task, no read, no take.

The script that emits the attempt also takes it and records its flight (``lua/lib/handing.lua``).
If the process dies before it has brought the attempt under way, whoever sweeps the flights writes
the start-task that was saved (``rescue.lua``).
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
    """What a process serves itself: its ``consumer``'s name, and by category the group that takes
    and what ids of tasks start with. ``queued`` if tasks go into a queue, and a sign will tell when
    they are taken up there; else handing over is the sign. Of a category ``most`` may be in flight,
    0 for no limit. ``parts`` says how long a part of a task's id may be, and the digest that ends
    one that was shortened.
    """

    consumer: str
    categories: Mapping[str, tuple[str, str]]
    queued: bool = False
    most: int = 0
    parts: tuple[int, int] = (45, 16)

    def packed(self) -> bytes:
        """As the scripts take it: their msgpack knows no type for bytes."""
        fields = [self.consumer, self.categories, self.queued, self.most, *self.parts]
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
