"""Sentences of docstrings, pages and helps, and what is wrong with them: the rule for English.

Subject first, one idea a sentence, the field's words. `CONTRIBUTING.md` has the rule in words.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

#: Words in a sentence at most.
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
_CODE = re.compile(r"(?::[a-z:]+:)?``[^`]+``|(?::[a-z:]+:)?`[^`]+`|\bhttps?://[^\s)]+")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_FENCE = re.compile(r"`{3,}")
_ITEM = re.compile(r"\s*(?:[-*•] |\d+[.)] |:\w[^:]*: |\|)")
#: Tables, and drawings of trees, are no sentences.
_TABLE = re.compile(r"^=+ +=|[├└]──", re.MULTILINE)
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|etc|cf|vs)\.")
_END = re.compile(r"(?<=[.!?…])[\"')\]]*\s+(?=[^a-z])")


class Sentence(NamedTuple):
    """One sentence: the line it begins in, its text, and whether its subject is looked at."""

    line: int
    text: str
    first: bool


def sentences(docstring: str, line: int) -> Iterator[Sentence]:
    """The sentences of a docstring that begins in ``line``; code blocks are left out."""
    first = True
    for begin, paragraph in _paragraphs(inspect.cleandoc(docstring).splitlines()):
        if _TABLE.search(paragraph):
            continue
        for at, text in _split(paragraph, line + begin):
            yield Sentence(at, text, first)
            first = False


def page(markdown: str) -> Iterator[Sentence]:
    """The sentences of a page: of its paragraphs, items and tables; of each the subject counts.

    Headings, the heads of tables, questions and code are left out.
    """
    for begin, paragraph in _prose(markdown):
        plain = _LINK.sub(r"\1", paragraph.replace("**", ""))
        for line, text in _split(plain, begin):
            yield Sentence(line, text, not text.endswith("?"))


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


def _split(paragraph: str, line: int) -> Iterator[tuple[int, str]]:
    """Line and text of each sentence of a paragraph."""
    prose = _ABBREVIATION.sub("such", _CODE.sub(lambda found: _masked(found[0]), paragraph))
    start = 0
    for end in [*(found.end() for found in _END.finditer(prose)), len(prose)]:
        at = line + paragraph.count("\n", 0, start)
        yield at, " ".join(paragraph[start:end].split())
        start = end


def _prose(markdown: str) -> Iterator[tuple[int, str]]:
    """Paragraphs, items and cells of a page, each with the number of its first line."""
    begin, held, fence = 0, list[str](), ""
    lines = [*markdown.splitlines(), ""]
    for number, line in enumerate(lines, 1):
        text = line.strip()
        fenced = _FENCE.match(text)
        item = _ITEM.match(line)
        apart = fence or fenced or not text or text[0] in "#|" or item
        if held and apart:
            yield begin, "\n".join(held)
            held = []
        if fence or fenced:
            fence = "" if text == fence else fence or fenced[0]
        elif text.startswith("|"):
            if not lines[number].startswith("|-"):
                yield from ((number, cell) for cell in _cells(text))
        elif text and not text.startswith("#") and (held or not line.startswith("    ")):
            begin = begin if held else number
            held.append(line[item.end() :] if item else line)


def _cells(row: str) -> Iterator[str]:
    """What the cells of a table's row say; notes between semicolons count apart."""
    masked = _CODE.sub(lambda found: _masked(found[0]), row)
    start = 0
    for found in [*re.finditer(r"[|;]", masked)]:
        yield row[start : found.start()].strip()
        start = found.end()


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
