"""The house's rule for English, in the comments of the Lua scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from .english import problems, sentences

LUA = Path(__file__).resolve().parents[2] / "littleflow_redis" / "engine" / "store" / "lua"

_COMMENT = re.compile(r"^\s*-- ?(?!@)(.*)$")
#: What a script returns, the races it closes and its arguments are paragraphs of their own. A list
#: of outcomes is no sentence.
_PARAGRAPH = re.compile(r"^(?:Races? closed:|[\w, ]+: )")


def comments(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each block of comments, without its lists of outcomes."""
    begin, held, listing = 0, list[str](), False
    for number, line in enumerate([*source.splitlines(), ""], start=1):
        found = _COMMENT.match(line)
        if found is None:
            if held:
                yield begin, "\n".join(held)
            held, listing = [], False
            continue
        begin = begin if held else number
        text = found[1]
        listing = text.startswith("Returns ") or (listing and not _PARAGRAPH.match(text))
        new = _PARAGRAPH.match(text) and held and held[-1].endswith((".", "?"))
        held += ["", text] if new else ["" if listing else text]


def offenders(source: str) -> list[str]:
    """Each sentence of a script's comments that breaks the rule."""
    return [
        f"{sentence.line}: {problem}: {sentence.text}"
        for begin, text in comments(source)
        for sentence in sentences(text, begin)
        for problem in problems(sentence)
    ]


def test_comments_of_scripts_keep_the_rule() -> None:
    found = [
        f"{file.relative_to(LUA)}:{problem}"
        for file in sorted(LUA.rglob("*.lua"))
        for problem in offenders(file.read_text())
    ]
    assert not found, "\n".join(found)


def test_the_rule_finds_what_breaks_it() -> None:
    source = (
        "-- What was read is acknowledged.\n-- Returns {code}: "
        + "APPLIED, " * 40
        + "NEWER.\n-- group: told by somebody.\nlocal a = 1\n-- "
        + "word " * 31
        + "\n"
    )
    assert [problem.split(": ")[1] for problem in offenders(source)] == [
        "a clause as subject",
        "'told'",
        "31 words",
    ]
