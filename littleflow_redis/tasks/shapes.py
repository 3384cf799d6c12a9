"""Values and signatures in words: what errors say of them, without the values themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import Parameter, Signature
from typing import Any, Final, TypeGuard

#: Keys, names or items that an error names before it says how many more there are.
SHOWN = 5


class _Unknown:
    def __repr__(self) -> str:
        return "…"


#: The default of a parameter that a decorator around the function may supply: it counts as required
#: where a signature decides, and may be missing in the call.
SUPPLIED: Final = _Unknown()

#: The signature of callables that have none to read, such as some functions written in C.
ANYTHING: Final = Signature(
    [Parameter("args", Parameter.VAR_POSITIONAL), Parameter("kwargs", Parameter.VAR_KEYWORD)]
)


class Unchecked(Signature):
    """A signature that decides what an input becomes, and refuses no call."""


def signature_text(signature: Signature) -> str:
    """The signature without annotations: what a caller has to know."""
    bare = [
        parameter.replace(annotation=Parameter.empty) for parameter in signature.parameters.values()
    ]
    return str(Signature(bare))


def is_list(value: Any) -> TypeGuard[Sequence[Any]]:
    """Whether a value is a list; bytes and texts are values."""
    return isinstance(value, list | tuple)


def shape(value: Any) -> str:
    """The kind of a value, in words."""
    if isinstance(value, Mapping):
        return f"an object with {_some([repr(key) for key in value])}" if value else "{}"
    if is_list(value):
        items = f" ({_some([_kind(item) for item in value])})" if value else ""
        return f"a list of {len(value)}{items}"
    return _kind(value)


def _some(words: Sequence[str]) -> str:
    more = len(words) - SHOWN
    return ", ".join(words[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case Mapping():
            return "an object"
        case list() | tuple():
            return "a list"
        case _:
            return f"a value of type {type(value).__name__}"
