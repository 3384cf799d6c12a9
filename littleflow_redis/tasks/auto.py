"""``$bind: auto``: the flow and the signature decide what an input becomes, never how much came.

A parameter is *open* if the step's own parameters do not name it; a list of n parameters stands
behind the input and takes the n places after the first. The first row that fits:

====================================================================  ==========================
what comes                                                            the call
====================================================================  ==========================
the flow's start with ``{}``; anything, where nothing is open and     nothing of it
there is no ``*args`` or ``**kwargs``
an object that has all open required parameters, where there is one;  keywords, those accepted
an object for ``**kwargs`` or open keyword-only parameters and no
open positional one
``{}`` where no open parameter is required                            nothing of it
a list for two or more open required positional parameters, or for    its items; another count is
``*args`` and no required one                                         an error
anything else with an open positional parameter or ``*args``          whole, the first argument
anything else                                                         an error
====================================================================  ==========================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from inspect import Parameter, Signature
from typing import Any, Self

from .shapes import SUPPLIED, is_list, shape

#: Arguments by place and by name.
Arguments = tuple[list[Any], dict[str, Any]]

_BY_PLACE = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


class Row(StrEnum):
    """The treatment of an input."""

    NOTHING = "nothing"
    KEYWORDS = "keywords"
    ITEMS = "items"
    WHOLE = "whole"
    ERROR = "error"


class NoCall(ValueError):
    """The table has no call for this input; the message says why."""


class NoPlace(NoCall):
    """The last row: nothing of the input can be passed."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The part of a signature that a step's own parameters leave open."""

    #: Those that can be passed by place, and those that cannot.
    positional: Sequence[Parameter]
    keyword_only: Sequence[Parameter]
    args: bool
    kwargs: bool

    @classmethod
    def of(cls, signature: Signature, parameters: Any) -> Self:
        """Look at a signature beside the parameters of a step."""
        every = list(signature.parameters.values())
        kinds = {parameter.kind for parameter in every}
        places = [parameter for parameter in every if parameter.kind in _BY_PLACE]
        named = parameters if isinstance(parameters, Mapping) else {}
        behind = 1 + len(listed(parameters))
        return cls(
            [p for at, p in enumerate(places) if p.name not in named and not 1 <= at < behind],
            [p for p in every if p.kind is Parameter.KEYWORD_ONLY and p.name not in named],
            Parameter.VAR_POSITIONAL in kinds,
            Parameter.VAR_KEYWORD in kinds,
        )

    @property
    def required(self) -> list[Parameter]:
        """The open parameters without a default."""
        return [p for p in (*self.positional, *self.keyword_only) if _required(p)]

    @property
    def taking(self) -> list[Parameter]:
        """The open required parameters that items of a list can go to."""
        return [p for p in self.positional if _required(p)]

    @property
    def spreads(self) -> bool:
        """Whether a list goes to it item by item."""
        count = len(self.taking)
        return count > 1 or (self.args and not count)

    def row(self, input: Any, begins: bool) -> Row:
        """The first row that fits; ``begins`` says that the step stands at the flow's start."""
        by_place = bool(self.positional) or self.args
        if not (by_place or self.keyword_only or self.kwargs):
            return Row.NOTHING
        if isinstance(input, Mapping):
            if begins and not input:
                return Row.NOTHING
            required = [parameter.name for parameter in self.required]
            if required and all(name in input for name in required):
                return Row.KEYWORDS
            if (self.kwargs or self.keyword_only) and not self.positional:
                return Row.KEYWORDS
            if not input and not required:
                return Row.NOTHING
        elif is_list(input) and self.spreads:
            return Row.ITEMS
        return Row.WHOLE if by_place else Row.ERROR


def arguments(signature: Signature, input: Any, parameters: Any, begins: bool) -> Arguments:
    """The arguments for a step, those of its own parameters among them. Raises NoCall."""
    opening = Opening.of(signature, parameters)
    match opening.row(input, begins):
        case Row.ERROR:
            raise NoPlace(f"nothing is open by place, and {shape(input)} has no names")
        case Row.KEYWORDS:
            return _by_name(signature, opening, input, parameters)
        case Row.ITEMS:
            return _by_place(signature, opening, input, parameters)
        case Row.WHOLE:
            return on_top(signature, [input], {}, parameters)
        case _:
            return on_top(signature, [], {}, parameters)


def on_top(
    signature: Signature, args: list[Any], kwargs: dict[str, Any], parameters: Any
) -> Arguments:
    """Put a step's own parameters over what comes of its input."""
    if isinstance(parameters, Mapping):
        kwargs.update(parameters)
    for more in (listed(parameters), ()):
        for parameter in list(signature.parameters.values())[len(args) :]:
            # Parameters that can only be passed by place.
            if parameter.kind is not Parameter.POSITIONAL_ONLY or parameter.name not in kwargs:
                break
            args.append(kwargs.pop(parameter.name))
        args.extend(more)
    return args, kwargs


def listed(parameters: Any) -> Sequence[Any]:
    """The parameters that have no names."""
    if parameters is None or isinstance(parameters, Mapping):
        return ()
    return parameters if is_list(parameters) else (parameters,)


def _required(parameter: Parameter) -> bool:
    return parameter.default is Parameter.empty or parameter.default is SUPPLIED


def _by_name(
    signature: Signature, opening: Opening, input: Mapping[str, Any], parameters: Any
) -> Arguments:
    own = listed(parameters)
    places = [p.name for p in signature.parameters.values() if p.kind in _BY_PLACE]
    taken, first = places[1 : 1 + len(own)], places[:1]
    names = {p.name for p in (*opening.positional, *opening.keyword_only)}
    kwargs = {
        key: value
        for key, value in input.items()
        if key in names or (opening.kwargs and key not in taken)
    }
    if own and first and first[0] not in kwargs:
        # Nothing stands before them: they have their places by name.
        if len(taken) < len(own):
            raise NoCall(f"nothing is there for {first[0]!r}, before the parameters")
        return on_top(signature, [], kwargs | dict(zip(taken, own, strict=True)), None)
    args = [kwargs.pop(name) for name in first] if own else []
    return on_top(signature, args, kwargs, parameters)


def _by_place(
    signature: Signature, opening: Opening, items: Sequence[Any], parameters: Any
) -> Arguments:
    taking = opening.taking
    least = sum(parameter.default is Parameter.empty for parameter in taking)
    if len(items) < least or (len(items) > len(taking) and not opening.args):
        count = f"{least} or more" if opening.args else str(len(taking))
        raise NoCall(f"a list of {len(items)} came, and a list of {count} fits")
    if not isinstance(parameters, Mapping):
        return on_top(signature, [*items], {}, parameters)
    places = opening.positional if opening.args else taking
    values = dict(zip((parameter.name for parameter in places), items, strict=False))
    named, args = dict(parameters), []
    for parameter in signature.parameters.values():
        # Up to the last item by place, what the step names itself among them.
        if not values and len(items) <= len(places):
            break
        if parameter.kind in _BY_PLACE:
            args.append((values if parameter.name in values else named).pop(parameter.name))
    return on_top(signature, [*args, *items[len(places) :]], {}, named)
