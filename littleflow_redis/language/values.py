"""Literal text → JSON values: nothing but JSON comes out, whatever the text says."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from .errors import ProblemCollector, ProblemKind
from .flow import Json
from .syntax import Form, Literal

#: Marks of nesting outside strings, for measuring depth before Python's reader recurses.
_NESTING = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class BadJson(ValueError):
    """JSON that Python reads and we refuse."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise BadJson(f"the key {twice[:40]!r} stands there twice")
    return made


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise BadJson(f"the number {text[:40]} is too large")
    return value


def _constant(text: str) -> float:
    raise BadJson(f"{text} is not JSON; write null, a number or text")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_constant=_constant)


def read_literal(literal: Literal, reports: ProblemCollector) -> Json:
    """The value of a literal; ``{}`` or ``[]`` if it is empty. A problem is reported, never raised.

    Raises:
        TooManyProblems: it was one too many.
    """
    limits = reports.limits
    if len(literal.body) > limits.literal_size:
        message = f"a literal of more than {limits.literal_size} characters"
        reports.add(ProblemKind.LIMIT, literal.at, message)
        return None
    if literal.form is Form.EMPTY:
        return {}
    value = _yaml(literal, reports) if literal.form is Form.YAML else _json(literal, reports)
    if "\\" in literal.body and _SURROGATE.search(json.dumps(value, ensure_ascii=False)):
        message = "text with half of a surrogate pair cannot be stored"
        reports.add(ProblemKind.LITERAL, literal.at, message)
        return None
    return value


def _yaml(literal: Literal, reports: ProblemCollector) -> Json:
    from .yamltext import BadYaml, read_yaml

    body = literal.body.strip()
    if not body:
        return {}
    try:
        return read_yaml(body, reports.limits.literal_depth)
    except BadYaml as error:
        begin = literal.start + literal.body.index(body[0])
        lines = body.split("\n")[: error.line]
        offset = begin + sum(len(line) + 1 for line in lines) + error.column
        at = reports.position(min(offset, literal.start + len(literal.body)))
        reports.add(ProblemKind.LITERAL, at, f"this YAML cannot be read: {error}")
        return None


def _json(literal: Literal, reports: ProblemCollector) -> Json:
    opening, closing = "{}" if literal.form is Form.OBJECT else "[]"
    if _depth(literal.body) >= reports.limits.literal_depth:
        message = f"a literal of more than {reports.limits.literal_depth} levels"
        reports.add(ProblemKind.LIMIT, literal.at, message)
        return None
    try:
        value: Json = _DECODER.decode(f"{opening}{literal.body}{closing}")
    except json.JSONDecodeError as error:
        at = reports.position(literal.start + error.pos - 1)
        hint = "a text stands in double quotes; YAML is written (- … -) or <- … ->"
        message = f"this JSON cannot be read: {error.msg.lower()}"
        reports.add(ProblemKind.LITERAL, at, message, hint=hint)
        return None
    except ValueError as error:
        # BadJson, or Python's own refusal of a number with thousands of digits.
        reports.add(ProblemKind.LITERAL, literal.at, f"this JSON cannot be read: {error}")
        return None
    return value


def _depth(body: str) -> int:
    depth = deepest = 0
    for found in _NESTING.finditer(body):
        mark = found[0]
        if mark in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in "]}":
            depth -= 1
    return deepest
