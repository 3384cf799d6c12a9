"""Registrations of processes that run tasks themselves: each says what it serves, as JSON text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from ..model import json_values


@dataclass(frozen=True, slots=True)
class Registration:
    """The words of one process about itself.

    ``queues``: those that it consumes; None: it takes all of its categories. ``app`` and ``tasks``
    name its program and the set of its tasks: processes with the same set lack the same.
    ``lacks``: bases of steps that came, and for which it has no task. ``left``: base → queue, of
    steps that came and that belong to a queue that it does not consume.
    """

    categories: Sequence[str]
    queues: Sequence[str] | None = None
    app: str = ""
    tasks: str = ""
    lacks: Sequence[str] = ()
    left: Mapping[str, str] = field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        """As JSON; without what it does not say."""
        about = {
            "queues": None if self.queues is None else [*self.queues],
            "app": self.app or None,
            "tasks": self.tasks or None,
            "lacks": [*self.lacks] or None,
            "left": {**self.left} or None,
        }
        said = {name: value for name, value in about.items() if value is not None}
        return {"categories": [*self.categories], **said}

    @classmethod
    def of(cls, fields: Any) -> Self:
        """Read what a process wrote; a field of another form says nothing."""
        read: Mapping[str, Any] = fields if isinstance(fields, Mapping) else {}
        queues, left = read.get("queues"), read.get("left")
        return cls(
            _names(read.get("categories")),
            _names(queues) if isinstance(queues, list) else None,
            str(read.get("app") or ""),
            str(read.get("tasks") or ""),
            _names(read.get("lacks")),
            {str(base): str(queue) for base, queue in left.items()}
            if isinstance(left, Mapping)
            else {},
        )

    def text(self) -> str:
        return json_values.dump(self.fields())

    @classmethod
    def read(cls, text: bytes) -> Self:
        try:
            return cls.of(json_values.load(text))
        except json_values.BadValue:
            return cls(())


def _names(value: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()
