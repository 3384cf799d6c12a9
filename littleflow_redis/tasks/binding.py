"""How a step's input and parameters become the arguments of a Python function.

One rule for Celery tasks and native ones. It looks at a signature only and calls nothing.

================  ==============================================================================
input             ``$bind: spread``, the default
================  ==============================================================================
``{}`` or null    no arguments
a list            positional arguments
an object         keyword arguments, those that the signature accepts (all, if it takes
                  ``**kwargs``); positional-only parameters are found by name too
anything else     the one positional argument
================  ==============================================================================

``$bind: whole`` passes the input, whatever it is, as the first argument; ``none`` passes nothing of
it. Parameters come on top in every mode: an object overrides keywords, the items of a list are
appended to the positional arguments, any other value is appended as one. A parameter that the
function does not take is a mistake in the text, never left out in silence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from inspect import Parameter, Signature
from typing import Any, TypeGuard

from littleflow_redis.language.flow import Json

#: Keys or items of a value that an error names before it says how many more there are.
_SHOWN = 5

_NAMED = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


class Bind(StrEnum):
    """What ``$bind`` may say."""

    SPREAD = "spread"
    WHOLE = "whole"
    NONE = "none"


_OTHER_MODES = (
    (Bind.WHOLE, "pass the input as the first argument"),
    (Bind.NONE, "pass nothing of the input"),
)


_ADVICE = "change what the step is given, or add what is missing to its parameters"


class BindError(ValueError):
    """Input and parameters do not fit the function: final, trying again changes nothing.

    The message names the signature and the shapes of the values, never the values themselves.
    ``problem`` is what Python says of the call, and which ``$bind`` would fit.
    """

    def __init__(self, message: str, problem: str = "") -> None:
        super().__init__(message)
        self.problem = problem or message


def bind(
    signature: Signature,
    input: Json,
    parameters: Json = None,
    mode: str = Bind.SPREAD,
    *,
    name: str = "the function",
) -> tuple[list[Any], dict[str, Any]]:
    """Return the positional and keyword arguments, which ``signature.bind`` accepts.

    ``name`` stands for the function in errors. Raises BindError if they do not fit.
    """
    try:
        chosen = Bind(mode)
    except ValueError:
        raise BindError(f"$bind is {mode!r}: set it to spread, whole or none") from None
    args, kwargs = _arguments(signature, input, parameters, chosen)
    problem = _misfit(signature, args, kwargs)
    if problem is None:
        return args, kwargs
    better = _better(signature, input, parameters, chosen)
    raise BindError(
        f"cannot call {name}{signature_text(signature)} with {_shape(input)} as input and "
        f"{_shape(parameters)} as parameters: {problem}; {better or _ADVICE}",
        f"{problem}; {better}" if better else problem,
    )


def _arguments(
    signature: Signature, input: Json, parameters: Json, mode: Bind
) -> tuple[list[Any], dict[str, Any]]:
    kwargs: dict[str, Any] = {}
    args: list[Any] = []
    if mode is Bind.WHOLE:
        args.append(input)
    elif mode is Bind.SPREAD and isinstance(input, Mapping):
        kwargs.update(_accepted(signature, input))
    elif mode is Bind.SPREAD:
        args.extend(_items(input))
    if isinstance(parameters, Mapping):
        kwargs.update(parameters)
    _move_positional_only(signature, args, kwargs)
    if not isinstance(parameters, Mapping):
        args.extend(_items(parameters))
    return args, kwargs


def _items(value: Json) -> Sequence[Any]:
    if value is None:
        return ()
    return value if _is_list(value) else (value,)


def _is_list(value: Json) -> TypeGuard[Sequence[Json]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _accepted(signature: Signature, input: Mapping[str, Json]) -> dict[str, Json]:
    kinds = {parameter.kind for parameter in signature.parameters.values()}
    if Parameter.VAR_KEYWORD in kinds:
        return dict(input)
    names = {
        parameter.name for parameter in signature.parameters.values() if parameter.kind in _NAMED
    }
    return {key: value for key, value in input.items() if key in names}


def _move_positional_only(signature: Signature, args: list[Any], kwargs: dict[str, Any]) -> None:
    """Move from ``kwargs`` to the end of ``args`` what can only be passed by position."""
    for parameter in list(signature.parameters.values())[len(args) :]:
        if parameter.kind is not Parameter.POSITIONAL_ONLY or parameter.name not in kwargs:
            break
        args.append(kwargs.pop(parameter.name))


def _misfit(signature: Signature, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str | None:
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        return str(error)
    return None


def _better(signature: Signature, input: Json, parameters: Json, mode: Bind) -> str:
    """Which other mode would fit, in words; empty if none would."""
    if mode is Bind.SPREAD and input not in (None, {}, []):
        for other, effect in _OTHER_MODES:
            if _fits(signature, input, parameters, other):
                return f"to {effect}, set `$bind: {other}` in the step's parameters"
    return ""


def _fits(signature: Signature, input: Json, parameters: Json, mode: Bind) -> bool:
    return _misfit(signature, *_arguments(signature, input, parameters, mode)) is None


def signature_text(signature: Signature) -> str:
    """The signature without annotations: what a caller has to know."""
    bare = [
        parameter.replace(annotation=Parameter.empty) for parameter in signature.parameters.values()
    ]
    return str(Signature(bare))


def _shape(value: Json) -> str:
    if value is None or value == {}:
        return "nothing"
    if isinstance(value, Mapping):
        return f"an object with {_some([repr(key) for key in value])}"
    if _is_list(value):
        return f"a list of {len(value)} ({_some([_kind(item) for item in value])})"
    return _kind(value)


def _some(words: Sequence[str]) -> str:
    more = len(words) - _SHOWN
    return ", ".join(words[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _kind(value: Json) -> str:
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
        case _:
            return "a list"
