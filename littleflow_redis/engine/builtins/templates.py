"""Templates in parameters: ``my-{input[id]}``, filled from JSON values and from nothing else.

``{name[key][0]}`` steps from a value into objects by key and into lists by number; a key may be
quoted (``[id]``, ``["id"]``, ``['id']``), which one with brackets in it must be. ``{{`` and ``}}``
stand for braces. A text is put in as it is, any other value as JSON. It looks like `str.format`,
but there are no attributes, calls, conversions and formats, so a template reads what it is given
and no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from ..model import json_values

#: Characters of a filled template at most; the caller may ask for fewer.
MAX_LENGTH = 65_536

#: Names that an error lists before it says how many more there are.
_SHOWN = 10

_PIECE = re.compile(r"\{\{|\}\}|\{|\}|[^{}]+")
_NAME = re.compile(r"[^\[\]{}.!:\s'\"]+")
_STEP = re.compile(r"\[(?:\"([^\"]*)\"|'([^']*)'|([^\[\]{}'\"]+))\]")


class BadTemplate(ValueError):
    """The template cannot be read or filled; the message says where and what would fit."""


def render(template: str, given: Mapping[str, Any], *, limit: int = MAX_LENGTH) -> str:
    """Fill a template from ``given``, whose values are JSON values.

    Raises BadTemplate for what is no template, for a name, key or number that is not there, and
    for a result of more than ``limit`` characters.
    """
    parts, length = [], 0
    for part in _parts(template, given):
        parts.append(part)
        length += len(part)
        if length > limit:
            raise BadTemplate(
                f"{_short(template)} gives more than {limit:,} characters: use less of the value"
            )
    return "".join(parts)


def _parts(template: str, given: Mapping[str, Any]) -> Iterator[str]:
    position = 0
    while found := _PIECE.match(template, position):
        piece, position = found[0], found.end()
        if piece in ("{{", "}}"):
            yield piece[0]
        elif piece == "}":
            raise BadTemplate(f"{_short(template)} has a lone }}: write }}}} for a brace")
        elif piece == "{":
            value, position = _field(template, position, given)
            yield value if isinstance(value, str) else json_values.dump(value)
        else:
            yield piece


def _field(template: str, position: int, given: Mapping[str, Any]) -> tuple[Any, int]:
    """The value of the field that begins here, and where the text goes on."""
    name = _NAME.match(template, position)
    if name is None:
        raise _unreadable(template, position)
    path, value, position = name[0], _named(given, name[0]), name.end()
    while step := _STEP.match(template, position):
        quoted = step[1] if step[1] is not None else step[2]
        value = _inside(value, step[3] if quoted is None else quoted, path, quoted is None)
        path, position = path + step[0], step.end()
    if template[position : position + 1] != "}":
        raise _unreadable(template, position)
    return value, position + 1


def _unreadable(template: str, position: int) -> BadTemplate:
    field = template[template.rindex("{", 0, position) : position + 1]
    return BadTemplate(
        f"{_short(template)} cannot be read at {_short(field)}: write {{name}}, {{name[key]}} or "
        "{name[0]}, and {{ for a brace"
    )


def _named(given: Mapping[str, Any], name: str) -> Any:
    if name not in given:
        raise BadTemplate(f"there is no {_short(name)}: {_hint(name, given)}")
    return given[name]


def _inside(value: Any, key: str, path: str, plain: bool) -> Any:
    if isinstance(value, Mapping):
        if key not in value:
            raise BadTemplate(f"{_short(path)} has no {_short(key)}: {_hint(key, value)}")
        return value[key]
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise BadTemplate(
            f"{_short(path)} is neither an object nor a list: [{_short(key)}] is not in it"
        )
    if not plain or not key.isdecimal() or not key.isascii() or len(key) > 9:
        raise BadTemplate(f"{_short(path)} is a list: write a number, not {_short(key)}")
    if int(key) >= len(value):
        raise BadTemplate(f"{_short(path)} has no item {key}: it has {len(value)}, counted from 0")
    return value[int(key)]


def _hint(name: str, known: Mapping[str, Any]) -> str:
    names = [str(key)[:100] for key in known]
    close = get_close_matches(name[:100], names[:1000])
    if close:
        return f"did you mean {' or '.join(close)}?"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"there is {', '.join(names[:_SHOWN]) or 'nothing'}{more}"


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "...")
