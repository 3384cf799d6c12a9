"""Which function serves a step, where users hand functions over as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any, Protocol, TypeAlias, runtime_checkable

from littleflow_redis.engine.model.task_events import category_of
from littleflow_redis.language.errors import close_names

from .functions import ServedFunctions, name_key, serve

#: Names that an error lists before it says how many more there are.
_SHOWN = 10


class Category(Protocol):
    """The functions of one category, as a TaskListener keeps them."""

    @property
    def bases(self) -> list[str]: ...

    def find(self, base: str) -> ServedFunctions | None: ...


@runtime_checkable
class Listener(Protocol):
    """A TaskListener: it knows its functions by category."""

    @property
    def functions(self) -> Mapping[str, Category]: ...


#: Functions by name, a TaskListener, or a module, class or object that has them as attributes.
TaskFunctions: TypeAlias = Mapping[str, Callable[..., Any]] | Listener | ModuleType | object


class Lookup:
    """Finds functions for steps; ``-`` in a name matches ``_``.

    A step ``math:add`` is served by ``math:add`` of a mapping, else by ``add``: a module of
    functions is one category, whatever that is called.
    """

    def __init__(self, functions: TaskFunctions) -> None:
        self._functions = functions
        self._names = (
            {name_key(name): name for name in functions} if isinstance(functions, Mapping) else {}
        )
        self._served: dict[str, ServedFunctions | None] = {}

    def find(self, base: str) -> ServedFunctions | None:
        """The function of a step. Raises TypeError if it is no plain function."""
        if base not in self._served:
            self._served[base] = self._find(base)
        return self._served[base]

    def unknown(self, base: str) -> str:
        """A sentence on a step that no function serves."""
        names = sorted(self._all())
        rest = base.partition(":")[2] or base
        close = close_names(base, names) or close_names(rest, names)
        if close:
            return f"no function serves {base[:100]}: did you mean {' or '.join(close)}?"
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        there = ", ".join(names[:_SHOWN]) or "none"
        return f"no function serves {base[:100]}: add one; there is {there}{more}"

    def _find(self, base: str) -> ServedFunctions | None:
        functions = self._functions
        if isinstance(functions, Listener):
            category = functions.functions.get(category_of(base))
            return category.find(base) if category is not None else None
        _, colon, rest = base.partition(":")
        for name in (base, rest) if colon else (base,):
            function = self._get(name_key(name))
            if function is not None:
                return serve(name, function)
        return None

    def _get(self, key: str) -> Callable[..., Any] | None:
        functions = self._functions
        if isinstance(functions, Mapping):
            found: Callable[..., Any] | None = functions.get(self._names.get(key, key))
            return found
        attribute = None if key.startswith("_") else getattr(functions, key, None)
        return attribute if _is_function(attribute) else None

    def _all(self) -> Iterable[str]:
        functions = self._functions
        if isinstance(functions, Mapping):
            return functions
        if isinstance(functions, Listener):
            return [base for category in functions.functions.values() for base in category.bases]
        names = (name for name in dir(functions) if not name.startswith("_"))
        return [name for name in names if _is_function(getattr(functions, name))]


def _is_function(value: object) -> bool:
    return callable(value) and not isinstance(value, type)
