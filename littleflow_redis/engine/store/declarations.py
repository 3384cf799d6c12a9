"""The declarations at the head of a script, read without running it.

======================  ============================================================================
``--@keys NAME``        its key; ``NAME...`` any number of them
``--@args NAME …``      its arguments, in order; ``NAME:number`` a number, nil if it is empty;
                        ``NAME...``, the last: all that follow, as a list
``--@each NAME …``      from here on the script runs for each of its keys, each time with these
                        arguments, which follow those of ``--@args``; what stands before this line
                        runs once. One that raises does not stop the others
``--@finally NAME``     of such a script: this is called after the last
``--@include NAME …``   files of ``lua/lib`` that it uses; each of these names its own
======================  ============================================================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

_DIRECTIVE = re.compile(r"^--@(\w+) (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ScriptHead:
    """The contract of one script; ``args`` and ``each`` are as they are written."""

    keys: str = ""
    args: tuple[str, ...] = ()
    each: tuple[str, ...] = ()
    finish: str = ""
    includes: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The arguments' names, in the order in which they are sent."""
        return [re.split(r":|\.", name)[0] for name in (*self.args, *self.each)]


def _lua() -> Traversable:
    return resources.files(__package__) / "lua"


def script_names() -> list[str]:
    """The files of ``lua/``: one transition each."""
    files = (file.name for file in _lua().iterdir())
    return sorted(name.removesuffix(".lua") for name in files if name.endswith(".lua"))


@cache
def source_of(path: str) -> str:
    """A file of ``lua/`` without the ending ``.lua``, such as ``lib/base``."""
    return _lua().joinpath(f"{path}.lua").read_text(encoding="utf-8")


@cache
def declaration_of(path: str) -> ScriptHead:
    """Read the head of a file. Raises ValueError for a directive that is unknown."""
    found = {match[1]: match[2] for match in _DIRECTIVE.finditer(source_of(path))}
    if unknown := found.keys() - {"keys", "args", "each", "finally", "include"}:
        raise ValueError(f"lua/{path}.lua: there is no directive --@{unknown.pop()}")
    words = {name: tuple(text.split()) for name, text in found.items()}
    return ScriptHead(
        keys=found.get("keys", ""),
        args=words.get("args", ()),
        each=words.get("each", ()),
        finish=found.get("finally", ""),
        includes=words.get("include", ()),
    )
