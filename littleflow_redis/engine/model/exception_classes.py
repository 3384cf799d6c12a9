"""The classes of an exception by name; `$retry: on` and `except` compare these names."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

from littleflow_redis.events.event_codec import sendable

#: Names that are kept of one exception, and characters of a name: far more than any has.
MOST_NAMES, LONGEST_NAME = 64, 200

#: The base of every exception that a task may raise, be its class known or not.
ANY = Exception.__name__


def class_names(kind: type) -> list[str]:
    """The names of an exception's class and of its bases, up to Exception, in their order.

    Builtin ones by their names alone (IOError is OSError, too), others with their module, and with
    the packages around it that offer the class: ``requests.exceptions.Timeout`` is
    ``requests.Timeout``. Nothing is imported for it.
    """
    return list(bounded(name for base in _exceptions(kind) for name in _names(base)))


def bounded(names: Iterable[Any]) -> tuple[str, ...]:
    """Those of these names that can be sent: texts, cut, and not too many."""
    texts = (sendable(name[:LONGEST_NAME]) for name in names if isinstance(name, str) and name)
    return tuple(dict.fromkeys(texts))[:MOST_NAMES]


def named(names: Iterable[str], classes: Iterable[str]) -> bool:
    """Whether one of the names means one of the classes: all of it, or its last part."""
    known = {form for name in classes for form in (name, name.rpartition(".")[2])}
    return not known.isdisjoint(names)


def imported_class(module: str, name: str) -> type | None:
    """The exception class of this name, if it is imported here; nothing else is called or made."""
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        # Not `getattr`: modules and descriptors may run code for that.
        inside = found.__dict__ if _is_plain(found) else {}
        found = inside.get(part)
    return found if _is_class(found) and issubclass(found, BaseException) else None


def known_class(name: str) -> type | None:
    """An exception class that this name means in ``$retry``, if one is imported here."""
    return next((kind for kind in _imported() if named([name], _names(kind))), None)


def known_names() -> list[str]:
    """The names of all exception classes that are imported here, whole and their last parts."""
    full = [name for kind in _imported() for name in _names(kind)]
    return list(dict.fromkeys([*full, *(name.rpartition(".")[2] for name in full)]))


def _imported() -> Iterator[type]:
    left: list[type] = [Exception]
    for kind in left:
        yield kind
        below: list[type] = type.__subclasses__(kind)
        left += [one for one in below if one not in left]


def _is_plain(value: Any) -> bool:
    return isinstance(value, ModuleType) or _is_class(value)


def _is_class(value: Any) -> bool:
    # A proxy says of itself what it stands for, and may make it for that.
    return issubclass(type(value), type)


def _exceptions(kind: type) -> Iterator[type]:
    for base in kind.__mro__:
        if issubclass(base, BaseException) and base is not BaseException:
            yield base


def _names(kind: type) -> Iterator[str]:
    module, name = kind.__module__, kind.__qualname__
    if not isinstance(module, str):
        # Classes may say anything of themselves.
        yield name
        return
    if module == builtins.__name__:
        yield name
        yield from (other for other, value in vars(builtins).items() if value is kind)
        return
    yield f"{module}.{name}"
    while module := module.rpartition(".")[0]:
        if imported_class(module, name) is kind:
            yield f"{module}.{name}"
