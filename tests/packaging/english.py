"""Sentences of docstrings, and what is wrong with them: the house's rule for English.

Subject first, one idea a sentence, the field's words. `CONTRIBUTING.md` has the rule in words.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

#: Words in a sentence of a docstring at most.
LONGEST = 30

#: A clause in the place of the subject: "What was read is acknowledged" hides who does what.
CLAUSE = re.compile(
    r"(?:(?:Of|By|For|To|With|In|From) )?"
    r"(?:what(?:ever)?|who(?:m|ever|se)?|how (?:often|long|much))\b",
    re.IGNORECASE,
)

#: The field says report, publish or return.
TOLD = re.compile(r"\b(?:told|tells)\b", re.IGNORECASE)

#: Code counts as one word, however long it is.
_CODE = re.compile(r"(?::[a-z:]+:)?``[^`]+``|(?::[a-z:]+:)?`[^`]+`|\bhttps?://\S+")
_ITEM = re.compile(r"\s*(?:[-*•] |\d+[.)] |:\w[^:]*: |\|)")
#: Tables, and drawings of trees, are no sentences.
_TABLE = re.compile(r"^=+ +=|[├└]──", re.MULTILINE)
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|etc|cf|vs)\.")
_END = re.compile(r"(?<=[.!?…])[\"')\]]*\s+(?=[^a-z])")


class Sentence(NamedTuple):
    """One sentence: the line it begins in, its text, and whether a docstring opens with it."""

    line: int
    text: str
    first: bool


def sentences(docstring: str, line: int) -> Iterator[Sentence]:
    """The sentences of a docstring that begins in ``line``; code blocks are left out."""
    first = True
    for begin, paragraph in _paragraphs(inspect.cleandoc(docstring).splitlines()):
        if _TABLE.search(paragraph):
            continue
        prose = _ABBREVIATION.sub("such", _CODE.sub(lambda found: _masked(found[0]), paragraph))
        start = 0
        for end in [*(found.end() for found in _END.finditer(prose)), len(prose)]:
            at = line + begin + paragraph.count("\n", 0, start)
            yield Sentence(at, " ".join(paragraph[start:end].split()), first)
            start, first = end, False


def problems(sentence: Sentence) -> Iterator[str]:
    """Each way in which a sentence breaks the rule."""
    words = [word for word in _CODE.sub("code", sentence.text).split() if re.search(r"\w", word)]
    if len(words) > LONGEST:
        yield f"{len(words)} words: split it, at most {LONGEST}"
    if sentence.first and CLAUSE.match(sentence.text):
        yield "a clause as subject: name the thing first"
    if found := TOLD.search(_CODE.sub("code", sentence.text)):
        yield f"{found[0]!r}: say report, return or publish"


def offenders(file: Path) -> Iterator[tuple[int, str, str]]:
    """Line, problem and sentence of each docstring's sentence that breaks the rule."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        text = ast.get_docstring(node, clean=False)
        if text is None:
            continue
        for sentence in sentences(text, node.body[0].lineno):
            for problem in problems(sentence):
                yield sentence.line, problem, sentence.text


def _masked(code: str) -> str:
    """As long as the code, without anything that ends a sentence or a line."""
    return re.sub(r"[^\n]", "X", code)


def _paragraphs(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Paragraphs and items of lists, each with the number of its first line."""
    begin, held, code = 0, list[str](), False
    for number, line in enumerate(lines):
        indented = line.startswith(("    ", "\t"))
        code = code and (indented or not line.strip())
        item = bool(_ITEM.match(line))
        if held and (code or item or not line.strip()):
            yield begin, "\n".join(held)
            held = []
        if code or not line.strip():
            continue
        begin = begin if held else number
        held.append(line)
        if line.rstrip().endswith("::"):
            code = True
    if held:
        yield begin, "\n".join(held)
