"""The typed side of a script's contract."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import ClassVar, dataclass_transform

from littleflow_redis.events.script_batch import Argument

from .declarations import declaration_of


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Arguments:
    """The arguments of one script: a class per file of ``lua/``, named like it.

    Its fields are the names that the file declares, in that order. A class that differs from its
    file raises TypeError when it is defined. None is sent as an empty text, and true as ``1``; the
    field of a list (``NAME...``) as its items.
    """

    script: ClassVar[str] = ""
    _shared: ClassVar[Sequence[str]] = ()
    _own: ClassVar[Sequence[str]] = ()
    _rest: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True, kw_only=True)(cls)
        cls.script = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        declared = declaration_of(cls.script)
        mine = [field.name for field in fields(cls)]  # type: ignore[arg-type] # made one above
        if mine != declared.names:
            raise TypeError(
                f"{cls.__name__} has {', '.join(mine) or 'no fields'}; "
                f"lua/{cls.script}.lua declares {', '.join(declared.names) or 'none'}"
            )
        first = len(declared.args) if declared.each else 0
        cls._shared, own = mine[:first], mine[first:]
        if declared.args and declared.args[-1].endswith("..."):
            cls._rest = own.pop()
        cls._own = own

    def encoded(self) -> tuple[tuple[Argument, ...], list[Argument]]:
        """The arguments that calls which go together share, and those of this call alone."""
        values = self.__dict__
        shared = tuple([_encoded(values[name]) for name in self._shared])
        own = [_encoded(values[name]) for name in self._own]
        if self._rest:
            own += values[self._rest]
        return shared, own


def _encoded(value: Argument | bool | None) -> Argument:
    if value is None or value is False:
        return ""
    return "1" if value is True else value
