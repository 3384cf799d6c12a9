"""The treatment of inputs of each shape, for people: the rows of a step."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import Any

from littleflow_redis.language.flow import Json

from .auto import Arguments, Opening, Row, listed
from .binding import Bind, BindError, bind
from .coming import Coming, ComingKind, Standing, coming

_ANY = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


@dataclass(frozen=True, slots=True)
class Case:
    """An input, which row it meets (or which ``$bind`` is said), and the call or what is wrong."""

    input: str
    row: str
    call: str


def cases(
    name: str, signature: Signature, mode: str, standing: Standing | None = None
) -> list[Case]:
    """An input of each shape that can come to a step, the function being called ``name``.

    Without a place in a flow it is a step somewhere, with no parameters of its own.
    """
    came, begins, parameters = Coming(), False, None
    if standing is not None:
        came, parameters = coming(*standing), standing.step.parameters
        begins = standing.flow.at_start(standing.step.index)
    opening = Opening.of(signature, parameters)
    found = []
    spread_over = len(listed(parameters)) if mode == Bind.SPREAD else None
    for input in _inputs(signature, opening, came, spread_over):
        row = str(opening.row(input, begins) if mode == Bind.AUTO else mode)
        try:
            call = bind(signature, input, parameters, mode, begins=begins)
        except BindError as error:
            found.append(Case(json.dumps(input), str(Row.ERROR), error.problem))
        else:
            found.append(Case(json.dumps(input), row, _call(name, call)))
    return found


def in_short(found: Sequence[Case]) -> str:
    """The same in one line: inputs by what becomes of them."""
    by_row: dict[str, list[str]] = {}
    for case in found:
        row = f"{case.row}: {case.call}" if case.row == Row.ERROR else case.row
        by_row.setdefault(row, []).append(case.input)
    return "; ".join(f"{', '.join(inputs)} → {row}" for row, inputs in by_row.items())


def _call(name: str, arguments: Arguments) -> str:
    args, kwargs = arguments
    shown = [json.dumps(value) for value in args]
    shown += [f"{key}={json.dumps(value)}" for key, value in kwargs.items()]
    return f"{name}({', '.join(shown)})"


def _inputs(
    signature: Signature, opening: Opening, came: Coming, spread: int | None
) -> Iterator[Json]:
    """Inputs of all shapes that can come; if any input fits, one of these does.

    ``spread`` is for ``$bind: spread``: the number of unnamed parameters behind the input.
    """
    match came.kind:
        case ComingKind.VALUE:
            yield came.value
            return
        case ComingKind.LIST if came.count is not None:
            yield list(range(1, came.count + 1))
            return
    if came.kind is ComingKind.ANYTHING:
        yield from ({}, None, 1)
    if came.kind is not ComingKind.OBJECT:
        yield from _lists(opening) if spread is None else _spread_lists(opening, spread)
    if came.kind is not ComingKind.LIST:
        yield from _objects(signature, opening, spread or 0)
    if came.kind is ComingKind.OBJECT and opening.row({}, False) is Row.NOTHING:
        yield {}


def _lists(opening: Opening) -> Iterator[Json]:
    fitting = list(range(1, max(len(opening.taking), 2) + 1))
    yield fitting
    if len(opening.taking) > 1:
        yield [*fitting, len(fitting) + 1]


def _spread_lists(opening: Opening, behind: int) -> Iterator[Json]:
    """The shortest and the longest that can fit, and one that is longer."""
    longest = len(opening.positional)
    # Parameters behind the items come first if there are no items.
    shortest = 0 if behind else len(opening.taking)
    for count in sorted({shortest, len(opening.taking), longest, longest + 1}):
        yield list(range(1, count + 1))


def _objects(signature: Signature, opening: Opening, taken: int) -> Iterator[Json]:
    """One with all names and one more, and one with that alone, where this makes a difference.

    The first ``taken`` names are left out: something else has their places.
    """
    named = [p.name for p in signature.parameters.values() if p.kind not in _ANY][taken:]
    other: dict[str, Any] = {"more": len(named) + 1}
    full: dict[str, Any] = {key: number for number, key in enumerate(named, 1)} | other
    yield full
    if opening.row(other, False) is not opening.row(full, False):
        yield other
