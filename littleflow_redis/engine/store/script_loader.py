"""The engine's Lua scripts: read from ``lua/``, composed and named.

A script says what it includes (``--@include base fire``, files of ``lua/lib``). Names such as
``Dynamic.STATE``, ``Outcome.LATE``, ``K.stream`` and ``VERSION`` are replaced by their values here,
so a name that Python does not know is found when the scripts are loaded, and costs nothing later.

A script with ``--@many 9`` is written for one key and nine arguments, and runs for any number of
such calls together: setting it up costs as much as its work.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import SimpleNamespace
from typing import Any

from littleflow_redis.events.script_batch import Script

from ..model import records
from .keys import Keys

_INCLUDE = re.compile(r"^--@include (.+)$", re.MULTILINE)
_MANY = re.compile(r"^--@many (\d+)$", re.MULTILINE)
_COMMENT = re.compile(r"^\s*--.*\n", re.MULTILINE)
_NAME = re.compile(r"\b([A-Z][A-Za-z]*)\.(\w+)\b|\b(?:VERSION|WIDTH)\b")
#: What cannot stand as it is in a literal of Lua.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f"\\]')

#: The files of ``lua/``, one transition each.
NAMES = (
    "admit",
    "archive",
    "arrive",
    "dead_letter",
    "delete",
    "deliver",
    "due",
    "end",
    "expire",
    "fire",
    "give_up",
    "latch",
    "list",
    "index",
    "listen",
    "overview",
    "progress",
    "prune",
    "published",
    "receipted",
    "receipts",
    "redrive",
    "rescue",
    "reemit",
    "reindex",
    "restart",
    "restore",
    "sign",
    "start",
    "strays",
    "sweep",
    "take",
    "terminate",
    "wait",
)


@cache
def _read(path: str) -> str:
    return (resources.files(__package__) / "lua" / path).read_text(encoding="utf-8")


def _literal(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "{" + ", ".join(map(_literal, value)) + "}"
    if isinstance(value, str):
        # Not JSON's escapes: to Lua 5.1 \u00f6 is the text u00f6.
        return '"' + _UNSAFE.sub(lambda char: f"\\{ord(char[0]):03d}", value) + '"'
    return json.dumps(value)


def compose(name: str, names: Mapping[str, Mapping[str, Any]]) -> Script:
    """One script: includes first, names resolved. KeyError: a name nobody knows."""

    def resolve(match: re.Match[str]) -> str:
        # All in one pass: what stands in the name of a key is left as it is.
        if match[1]:
            return _literal(names[match[1]][match[2]])
        if match[0] == "VERSION":
            return str(records.VERSION)
        return str(width) if width else match[0]

    text = _read(f"{name}.lua")
    included = _INCLUDE.search(text)
    parts = [_read(f"lib/{part}.lua") for part in (included[1].split() if included else ())]
    width = 0
    if many := _MANY.search(text):
        width = int(many[1])
        text = f"local function one(KEYS, ARGV)\n{text}end\n" + _read("lib/many.lua")
    code = _COMMENT.sub("", "".join([*parts, text]))
    return Script(name, _NAME.sub(resolve, code), width)


class Scripts(SimpleNamespace):
    """Every script under its name, for one set of key names."""

    admit: Script
    archive: Script
    arrive: Script
    dead_letter: Script
    delete: Script
    deliver: Script
    due: Script
    end: Script
    expire: Script
    fire: Script
    give_up: Script
    latch: Script
    list: Script
    index: Script
    listen: Script
    prune: Script
    published: Script
    receipted: Script
    receipts: Script
    redrive: Script
    rescue: Script
    reemit: Script
    reindex: Script
    restart: Script
    restore: Script
    sign: Script
    start: Script
    strays: Script
    sweep: Script
    take: Script
    terminate: Script
    wait: Script


@cache
def scripts_for(keys: Keys) -> Scripts:
    """Compose the scripts for these key names, once per process."""
    names: dict[str, Mapping[str, Any]] = {**records.LUA, **keys.lua()}
    return Scripts(**{name: compose(name, names) for name in NAMES})
