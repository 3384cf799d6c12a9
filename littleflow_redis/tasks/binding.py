"""Binding of a step's input and parameters to the arguments of a Python function.

One rule for Celery tasks and native ones. It looks at a signature only and calls nothing.

``$bind: auto`` is the default: see ``auto``. The other modes do not depend on the signature:

- ``whole`` passes the input, whatever it is, as the first argument;
- ``none`` passes nothing of it;
- ``spread`` passes a list as positional arguments and an object as keyword arguments (those that
  the signature accepts). ``{}`` and null pass nothing, anything else is the one positional
  argument. Runs that began before there was ``auto`` have it as default.

Parameters come on top in every mode. An object overrides keywords; the items of a list are appended
to the positional arguments; any other value is appended as one. A parameter that the function does
not accept is an error in the text, never left out in silence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from inspect import Parameter, Signature
from typing import Any

from littleflow_redis.language.errors import close_names

from .auto import Arguments, NoCall, NoPlace, arguments, listed, on_top
from .shapes import SHOWN, Unchecked, shape, signature_text

_NAMED = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


class Bind(StrEnum):
    """The modes of ``$bind``."""

    AUTO = "auto"
    WHOLE = "whole"
    SPREAD = "spread"
    NONE = "none"


_EFFECTS: Mapping[Bind, str] = {
    Bind.WHOLE: "pass the input as the first argument",
    Bind.SPREAD: "spread the input over the arguments",
    Bind.NONE: "pass nothing of the input",
}

#: Advice if no other mode fits, and no parameter has a wrong name.
_ADVICE = "change what the step is given, or add what is missing to its parameters"
_ADVICE_OF_NONE = (
    "`$bind: none` passes nothing of the input: add what is missing to the step's parameters"
)
_ADVICE_TOO_MUCH = "take out of the step's parameters what the function does not take"


class BindError(ValueError):
    """Input and parameters do not fit the function: final, trying again changes nothing.

    The message names the signature and the shapes of the values, never the values themselves.
    ``problem`` is what does not fit, and which ``$bind`` would.
    """

    def __init__(self, message: str, problem: str = "") -> None:
        super().__init__(message)
        self.problem = problem or message


def bind(
    signature: Signature,
    input: Any,
    parameters: Any = None,
    mode: str = Bind.AUTO,
    *,
    begins: bool = False,
    name: str = "the function",
) -> Arguments:
    """Return the positional and keyword arguments, which ``signature.bind`` accepts.

    ``begins`` says that the step stands at its flow's start, where ``{}`` is no input. ``name``
    stands for the function in errors. Raises BindError if they do not fit.
    """
    try:
        chosen = Bind(mode)
    except ValueError:
        raise BindError(f"$bind is {mode!r}: set it to {modes()}") from None
    try:
        return _fitting(signature, input, parameters, chosen, begins)
    except NoCall as error:
        advice = _advice(signature, input, parameters, chosen, error)
        given = "nothing" if begins and input == {} else shape(input)
        own = shape(parameters) if parameters not in (None, {}) else "nothing"
        raise BindError(
            f"cannot call {name}{signature_text(signature)} with {given} as input and {own} as "
            f"parameters: {error}; {advice or _ADVICE}",
            f"{error}; {advice}" if advice else str(error),
        ) from None


def modes() -> str:
    """The modes, for a sentence."""
    *others, last = Bind
    return f"{', '.join(others)} or {last}"


def _fitting(
    signature: Signature, input: Any, parameters: Any, mode: Bind, begins: bool = False
) -> Arguments:
    """Raises NoCall."""
    if isinstance(signature, Unchecked):
        return _unchecked(signature, input, parameters, mode, begins)
    args, kwargs = _arguments(signature, input, parameters, mode, begins)
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        raise NoCall(str(error)) from None
    return args, kwargs


def _unchecked(
    signature: Unchecked, input: Any, parameters: Any, mode: Bind, begins: bool
) -> Arguments:
    try:
        return _arguments(signature, input, parameters, mode, begins)
    except NoCall:
        # As in a chain.
        return on_top(signature, [input], {}, parameters)


def _arguments(
    signature: Signature, input: Any, parameters: Any, mode: Bind, begins: bool
) -> Arguments:
    match mode:
        case Bind.AUTO:
            return arguments(signature, input, parameters, begins)
        case Bind.WHOLE:
            return on_top(signature, [input], {}, parameters)
        case Bind.SPREAD if isinstance(input, Mapping):
            return on_top(signature, [], _accepted(signature, input), parameters)
        case Bind.SPREAD:
            return on_top(signature, [*listed(input)], {}, parameters)
        case _:
            return on_top(signature, [], {}, parameters)


def _accepted(signature: Signature, input: Mapping[str, Any]) -> dict[str, Any]:
    kinds = {parameter.kind for parameter in signature.parameters.values()}
    if Parameter.VAR_KEYWORD in kinds:
        return dict(input)
    names = _names(signature)
    return {key: value for key, value in input.items() if key in names}


def _advice(signature: Signature, input: Any, parameters: Any, mode: Bind, error: NoCall) -> str:
    """The other modes that would fit, in words; empty if none would."""
    fitting = [m for m in _others(mode, input) if _fits(signature, input, parameters, m)]
    if fitting:
        said = "; ".join(f"to {_EFFECTS[other]}, set `$bind: {other}`" for other in fitting)
        return f"{said} in the step's parameters"
    if isinstance(error, NoPlace):
        return (
            f"to {_EFFECTS[Bind.NONE]}, set `$bind: none` in the step's parameters, and add what "
            "is missing there"
        )
    if unknown := _unknown(signature, parameters):
        return _take_out(signature, unknown)
    if mode is Bind.NONE:
        return _ADVICE_OF_NONE if str(error).startswith("missing") else _ADVICE_TOO_MUCH
    return ""


def _unknown(signature: Signature, parameters: Any) -> list[str]:
    """The names in a step's parameters that the function does not have."""
    kinds = {parameter.kind for parameter in signature.parameters.values()}
    if Parameter.VAR_KEYWORD in kinds or not isinstance(parameters, Mapping):
        return []
    return [name for name in parameters if name not in _names(signature)]


def _take_out(signature: Signature, unknown: Sequence[str]) -> str:
    shown = ", ".join(map(repr, unknown[:SHOWN]))
    close = [near for name in unknown for near in close_names(name, _names(signature), 1)]
    meant = f": did you mean {' and '.join(map(repr, close[:SHOWN]))}?" if close else ""
    return f"take {shown} out of the step's parameters{meant}"


def _names(signature: Signature) -> set[str]:
    """The names that can be passed."""
    return {one.name for one in signature.parameters.values() if one.kind in _NAMED}


def _others(mode: Bind, input: Any) -> Sequence[Bind]:
    empty = input is None or (isinstance(input, Mapping | list) and not input)
    match mode:
        case Bind.AUTO if empty:
            return (Bind.NONE,)
        case Bind.AUTO:
            return (Bind.WHOLE, Bind.SPREAD, Bind.NONE)
        case Bind.SPREAD if not empty:
            return (Bind.WHOLE, Bind.NONE)
        case _:
            return ()


def _fits(signature: Signature, input: Any, parameters: Any, mode: Bind) -> bool:
    try:
        _fitting(signature, input, parameters, mode)
    except NoCall:
        return False
    return True
