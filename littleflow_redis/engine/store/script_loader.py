"""The engine's Lua scripts: read from ``lua/``, composed and named.

A script declares keys, arguments and includes: see ``declarations``. Here its arguments become
locals, its includes are put before it in their order, and names such as ``Dynamic.STATE``,
``K.events`` and ``VERSION`` are replaced by their values. A name that Python does not know is found
when the scripts are loaded, and costs nothing later.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import redis

from littleflow_redis.events.script_batch import Call, Script

from ..model import records
from .arguments import Arguments
from .declarations import ScriptHead, declaration_of, script_names, source_of
from .keys import Keys
from .lua_names import LUA

_COMMENT = re.compile(r"^\s*--.*\n", re.MULTILINE)
_NAME = re.compile(r"\b([A-Z][A-Za-z]*)\.(\w+)\b|\bVERSION\b")
#: What cannot stand as it is in a literal of Lua.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f"\\]')


class Scripts:
    """Every script, for one set of key names."""

    def __init__(self, names: Mapping[str, Mapping[str, Any]]) -> None:
        self._scripts = {name: compose(name, names) for name in script_names()}

    def call(
        self,
        args: Arguments,
        *keys: str,
        read: Callable[[Any], Any] | None = None,
        alone: bool = False,
    ) -> Call:
        """A call of the script that takes these arguments, to be sent in a batch: see `Call`."""
        shared, own = args.encoded()
        return Call(self._scripts[args.script], keys, own, shared, read, alone)

    def run(self, client: redis.Redis, args: Arguments, *keys: str) -> Any:
        """Run it now and return its reply. Raises RedisError."""
        return self.call(args, *keys).run(client)


@cache
def scripts_for(keys: Keys) -> Scripts:
    """Compose the scripts for these key names, once per process."""
    return Scripts({**LUA, **keys.lua()})


def compose(name: str, names: Mapping[str, Mapping[str, Any]]) -> Script:
    """One script. Raises KeyError for a name that nobody knows, ValueError for a bad include."""

    def resolve(match: re.Match[str]) -> str:
        # All in one pass: what stands in the name of a key is left as it is.
        if match[1]:
            return _literal(names[match[1]][match[2]])
        return str(records.VERSION)

    declared = declaration_of(name)
    body = source_of(name)
    text = _batched(declared, body) if declared.each else _once(declared) + body
    parts = [*(source_of(f"lib/{part}") for part in includes(name)), text]
    return Script(name, _NAME.sub(resolve, _COMMENT.sub("", "".join(parts))), bool(declared.each))


def includes(name: str) -> list[str]:
    """The files of ``lua/lib`` that a script needs, each after those that it needs itself.

    Raises ValueError for includes that lead back to themselves.
    """
    found: list[str] = []

    def visit(part: str, above: tuple[str, ...]) -> None:
        if part in above:
            raise ValueError(f"lua/lib: {' includes '.join((*above, part))}")
        if part not in found:
            for needed in declaration_of(f"lib/{part}").includes:
                visit(needed, (*above, part))
            found.append(part)

    for part in declaration_of(name).includes:
        visit(part, ())
    return found


def _once(declared: ScriptHead) -> str:
    """The locals of a script that runs once: its keys and arguments by name."""
    lines = []
    if declared.keys:
        many = declared.keys.endswith("...")
        lines.append(f"local {declared.keys.removesuffix('...')} = KEYS{'' if many else '[1]'}")
    lines += _locals(declared.args)
    return "".join(f"{line}\n" for line in lines)


def _batched(declared: ScriptHead, body: str) -> str:
    """A script that runs once for each key; newer servers raise tables, older ones texts."""
    names = [name.partition(":")[0] for name in declared.each]
    width, first = len(names), len(declared.args)
    once, _, each = re.split(r"^(--@each .*\n)", body, maxsplit=1, flags=re.MULTILINE)
    values = [
        _value(name, f"ARGV[at + {place}]") for place, name in enumerate(declared.each, start=1)
    ]
    return "".join(f"{line}\n" for line in _locals(declared.args)) + (
        f"{once}local function one({', '.join((declared.keys, *names))})\n{each}end\n"
        "local replies = {}\n"
        "for i, key in ipairs(KEYS) do\n"
        f"  local at = {first} + (i - 1) * {width}\n"
        f"  local ok, reply = pcall(one, key, {', '.join(values)})\n"
        "  replies[i] = ok and reply or (type(reply) == 'table' and reply.err or tostring(reply))\n"
        f"end\n{f'{declared.finish}()' if declared.finish else ''}\nreturn replies\n"
    )


def _locals(args: Sequence[str]) -> Iterator[str]:
    for place, name in enumerate(args, start=1):
        if name.endswith("..."):
            rest = name.removesuffix("...")
            yield f"local {rest} = {{}}"
            yield f"for i = {place}, #ARGV do {rest}[i - {place - 1}] = ARGV[i] end"
        else:
            yield f"local {name.partition(':')[0]} = {_value(name, f'ARGV[{place}]')}"


def _value(name: str, text: str) -> str:
    return f"tonumber({text})" if name.endswith(":number") else text


def _literal(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "{" + ", ".join(map(_literal, value)) + "}"
    if isinstance(value, str):
        # Not JSON's escapes: to Lua 5.1 \u00f6 is the text u00f6.
        return '"' + _UNSAFE.sub(lambda char: f"\\{ord(char[0]):03d}", value) + '"'
    return json.dumps(value)
