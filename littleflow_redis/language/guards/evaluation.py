"""Whether a guard matches an input, at a bounded cost."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from .syntax import parse_guard
from .tree import (
    Comparison,
    Condition,
    Filter,
    FunctionCall,
    GuardError,
    Index,
    Junction,
    Link,
    Not,
    Operand,
    Path,
    Selector,
    Slice,
    Value,
    Wildcard,
)

__all__ = ["GuardError", "check_guard", "guard_matches"]

#: Values that one evaluation may look at; takes about a second at worst. An input of 1 MB holds
#: fewer, so that only an expression that looks at them again and again is stopped.
MOST_VISITS = 1_000_000
#: Expressions kept as read.
_KEPT = 1_024
#: Characters of an expression, whatever the limit of the text it came from.
_LONGEST = 10_000

_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@lru_cache(maxsize=_KEPT)
def _read(expression: str) -> Path:
    if len(expression) > _LONGEST:
        raise GuardError(f"a guard of more than {_LONGEST} characters")
    return parse_guard(expression)


def check_guard(expression: str) -> None:
    """Reads an expression without evaluating it.

    Raises:
        GuardError: it is no guard; ``position`` is the place of the fault.
    """
    _read(expression)


def guard_matches(expression: str, value: Any) -> bool:
    """Whether the expression selects anything in ``value``, a JSON value.

    Raises:
        GuardError: it is no guard, or it costs more than ``MOST_VISITS`` looks at values.
    """
    return bool(_Evaluation(value).select(_read(expression), value))


class _Evaluation:
    """One look at one input; counts what it costs."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._left = MOST_VISITS

    def _spend(self, visits: int) -> None:
        self._left -= visits
        if self._left < 0:
            raise GuardError(f"the guard looks at more than {MOST_VISITS} values; make it simpler")

    def select(self, path: Path, current: Any) -> list[Any]:
        values = [self._root if path.root else current]
        for link in path.links:
            values = list(self._follow(link, values))
        return values

    def _follow(self, link: Link, values: list[Any]) -> Iterator[Any]:
        for value in self._all_below(values) if link.descend else values:
            for selector in link.selectors:
                self._spend(1)
                yield from self._pick(selector, value)

    def _all_below(self, values: list[Any]) -> Iterator[Any]:
        """The values and all within them, each before what it holds."""
        waiting = list(reversed(values))
        while waiting:
            value = waiting.pop()
            yield value
            inner = list(_items(value))
            self._spend(len(inner))
            waiting.extend(reversed(inner))

    def _pick(self, selector: Selector, value: Any) -> Iterable[Any]:
        match selector:
            case Index(key):
                return _at(value, key)
            case Wildcard():
                found = _items(value)
                self._spend(len(found))
                return found
            case Filter(condition):
                return [value] if self._holds(condition, value) else []
            case Slice():
                found = _slice(selector, value)
                self._spend(len(found))
                return found
            case FunctionCall(function, arguments):
                return self._call(function, arguments, value)
            case Path():
                keys = self.select(selector, value)
                return [item for key in keys for item in _at(value, key)]

    def _holds(self, condition: Condition, value: Any) -> bool:
        self._spend(1)
        match condition:
            case Comparison(left, sign, right):
                return self._compare(left, sign, right, value)
            case Not(inner):
                return not self._holds(inner, value)
            case Junction(every, conditions):
                results = (self._holds(inner, value) for inner in conditions)
                return all(results) if every else any(results)

    def _compare(self, left: Operand, sign: str, right: Operand | None, value: Any) -> bool:
        lefts = self._operands(left, value)
        if right is None:
            return bool(left.value) if isinstance(left, Value) else bool(lefts)
        rights = self._operands(right, value)
        if isinstance(right, Path):
            # jsonpath2 runs through the right side once only, so for the first of the left.
            lefts = lefts[:1]
        return any(self._compared(sign, one, other) for one in lefts for other in rights)

    def _operands(self, operand: Operand, value: Any) -> list[Any]:
        return [operand.value] if isinstance(operand, Value) else self.select(operand, value)

    def _compared(self, sign: str, one: Any, other: Any) -> bool:
        self._spend(1)
        if sign in _ORDERS:
            numbers = isinstance(one, int | float) and isinstance(other, int | float)
            return numbers and _ORDERS[sign](one, other)
        return self._equal(one, other) is (sign == "=")

    def _equal(self, one: Any, other: Any) -> bool:
        """Equality as Python has it, without recursion and at a counted cost."""
        waiting = [(one, other)]
        while waiting:
            one, other = waiting.pop()
            if isinstance(one, Mapping) and isinstance(other, Mapping):
                if one.keys() != other.keys():
                    return False
                waiting.extend((item, other[key]) for key, item in one.items())
                self._spend(len(one))
            elif _is_list(one) and _is_list(other):
                if len(one) != len(other):
                    return False
                waiting.extend(zip(one, other, strict=True))
                self._spend(len(one))
            elif one != other:
                return False
        return True

    def _call(self, function: str, arguments: tuple[Operand, ...], value: Any) -> list[Any]:
        given: list[list[Any]] = [[]]
        for argument in arguments:
            found = self._operands(argument, value)
            self._spend(len(given) * len(found))
            given = [[*before, item] for before in given for item in found]
        self._spend(len(given) * (1 + _size(value)))
        return [result for args in given for result in _result(function, args, value)]


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _items(value: Any) -> Sequence[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if _is_list(value) else ()


def _size(value: Any) -> int:
    return len(value) if isinstance(value, Mapping | Sequence) else 0


def _at(value: Any, key: Any) -> list[Any]:
    if isinstance(key, str):
        return [value[key]] if isinstance(value, Mapping) and key in value else []
    if isinstance(key, int) and _is_list(value) and -len(value) <= key < len(value):
        return [value[key]]
    return []


def _slice(part: Slice, value: Any) -> list[Any]:
    """Items from start to end, an end below the first wrapping around as jsonpath2's does."""
    if not _is_list(value):
        return []
    length, step = len(value), part.step or 1
    start = part.start or 0
    if start < 0:
        start += max(length, -start) if -start >= length else length
    end = length if part.end is None else part.end
    if part.end is not None and end < 0:
        end += length
    if step > 0:
        end = min(end, length)
    else:
        if start >= length:
            start -= -(-(start - length + 1) // -step) * -step
        end = max(end, -length - 1)
    return [value[index] for index in range(start, end, step)]


def _result(function: str, args: list[Any], value: Any) -> list[Any]:
    """The result of a function, in a list; empty for a value or arguments that do not fit it."""
    if function in ("charAt", "substring"):
        return _text(function, args, value) if isinstance(value, str) else []
    if args:
        return []
    if function == "length":
        return [len(value)] if isinstance(value, Sequence) else []
    if isinstance(value, Mapping):
        pairs = [[key, item] for key, item in value.items()]
    elif _is_list(value):
        pairs = [[index, item] for index, item in enumerate(value)]
    else:
        return []
    column = {"entries": None, "keys": 0, "values": 1}[function]
    return [pairs if column is None else [pair[column] for pair in pairs]]


def _text(function: str, args: list[Any], value: str) -> list[Any]:
    if not all(isinstance(arg, int) for arg in args):
        return []
    if function == "charAt":
        return [value[args[0]]] if len(args) == 1 and -len(value) <= args[0] < len(value) else []
    if len(args) == 1:
        return [value[args[0] :]]
    return [value[args[0] : args[1]]] if len(args) == 2 else []
