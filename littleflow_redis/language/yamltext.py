"""YAML → plain JSON values, by PyYAML's scanner and rules of our own for what may come out.

No tags, anchors, aliases or merge keys; no key twice; bounded depth. Dates stay text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NoReturn, TypeAlias, TypeVar

import yaml
from yaml import events

from .flow import Json

#: Characters of one number; far more than any number needs, and few enough to be read quickly.
_LONGEST_NUMBER = 1_000

_BOOLEANS = {"yes": True, "no": False, "true": True, "false": False, "on": True, "off": False}
_BASES = {"0b": 2, "0x": 16}

#: PyYAML's rules of what a plain scalar is, by first character; timestamps and `=` are text.
_TYPED = ("null", "bool", "int", "float")

Event: TypeAlias = Any
Number = TypeVar("Number", int, float)


class BadYaml(ValueError):
    """Text that is not the YAML we read; line and column count from 0."""

    def __init__(self, message: str, mark: Any) -> None:
        super().__init__(message)
        self.line: int = mark.line if mark is not None else 0
        self.column: int = mark.column if mark is not None else 0


@cache
def _rules() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    """YAML 1.1 as PyYAML reads it, so that values agree with littleflow's."""
    found: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items():
        typed = [(tag.rpartition(":")[2], pattern) for tag, pattern in rules]
        found[first] = [rule for rule in typed if rule[0] in _TYPED]
    return found


def read_yaml(text: str, deepest: int) -> Json:
    """The one document in ``text``; None if there is none.

    Raises:
        BadYaml: it is not YAML, or uses what is refused here.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _document(yaml.parse(text, Loader=loader), deepest)
    except yaml.MarkedYAMLError as error:
        raise BadYaml(str(error.problem or error.context), error.problem_mark) from error
    except yaml.YAMLError as error:
        raise BadYaml("it holds characters that YAML does not allow", None) from error


def _document(stream: Iterator[Event], deepest: int) -> Json:
    value: Json = None
    seen = False
    for event in stream:
        if isinstance(event, events.DocumentStartEvent):
            if seen:
                raise BadYaml("a second document begins", event.start_mark)
            seen = True
            value = _Nodes(stream, deepest).read(next(stream), 1)
    return value


class _Nodes:
    """Builds values from the events of one document."""

    def __init__(self, stream: Iterator[Event], deepest: int) -> None:
        self._stream = stream
        self._deepest = deepest

    def read(self, event: Event, depth: int) -> Json:
        self._check(event)
        if isinstance(event, events.ScalarEvent):
            return _scalar(event)
        if depth > self._deepest:
            raise BadYaml(f"more than {self._deepest} levels", event.start_mark)
        if isinstance(event, events.SequenceStartEvent):
            return self._sequence(depth)
        return self._mapping(depth)

    def _check(self, event: Event) -> None:
        mark = event.start_mark
        if isinstance(event, events.AliasEvent):
            raise BadYaml("aliases are not allowed", mark)
        if event.anchor is not None:
            raise BadYaml("anchors are not allowed", mark)
        if event.tag is not None and event.tag != "!":
            raise BadYaml(f"tags such as {event.tag[:40]} are not allowed", mark)

    def _sequence(self, depth: int) -> list[Json]:
        items: list[Json] = []
        while not isinstance(event := next(self._stream), events.SequenceEndEvent):
            items.append(self.read(event, depth + 1))
        return items

    def _mapping(self, depth: int) -> dict[str, Json]:
        made: dict[str, Json] = {}
        while not isinstance(event := next(self._stream), events.MappingEndEvent):
            key = self._key(event)
            if key in made:
                raise BadYaml(f"the key {key[:40]!r} stands here twice", event.start_mark)
            made[key] = self.read(next(self._stream), depth + 1)
        return made

    def _key(self, event: Event) -> str:
        """A key is the text as written: `on` is no truth value there."""
        if not isinstance(event, events.ScalarEvent):
            raise BadYaml("a key must be a word or a number", event.start_mark)
        self._check(event)
        text: str = event.value
        if text == "<<" and event.implicit[0]:
            raise BadYaml("merge keys are not allowed", event.start_mark)
        return text


def _scalar(event: Event) -> Json:
    text: str = event.value
    if not event.implicit[0]:
        return text
    rules = _rules()
    for kind, pattern in rules.get(text[:1], ()):
        if pattern.match(text):
            return _typed(kind, text, event.start_mark)
    return text


def _typed(kind: str, text: str, mark: Any) -> Json:
    if kind == "null":
        return None
    if kind == "bool":
        return _BOOLEANS[text.lower()]
    if len(text) > _LONGEST_NUMBER:
        raise BadYaml(f"a number of more than {_LONGEST_NUMBER} characters", mark)
    convert: Callable[[str], int | float | None] = _integer if kind == "int" else _float
    value = convert(text.replace("_", "").lower())
    if value is None:
        _refuse_number(text, mark)
    return value


def _refuse_number(text: str, mark: Any) -> NoReturn:
    raise BadYaml(f"{text[:40]} is not a number that JSON knows; put text in quotes", mark)


def _integer(text: str) -> int | None:
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-")
    try:
        if ":" in digits:
            return sign * _sexagesimal(int(part) for part in digits.split(":"))
        if digits[:2] in _BASES:
            return sign * int(digits[2:], _BASES[digits[:2]])
        octal = digits.startswith("0") and len(digits) > 1
        return sign * int(digits, 8 if octal else 10)
    except ValueError:
        return None


def _float(text: str) -> float | None:
    sign = -1.0 if text.startswith("-") else 1.0
    digits = text.lstrip("+-")
    try:
        if ":" in digits:
            value = float(_sexagesimal(float(part) for part in digits.split(":")))
        else:
            value = float(digits)
    except (ValueError, OverflowError):
        return None
    return sign * value if math.isfinite(value) else None


def _sexagesimal(parts: Iterator[Number]) -> Number | int:
    """YAML 1.1 reads 1:30 as ninety."""
    total: Number | int = 0
    for part in parts:
        total = total * 60 + part
    return total
