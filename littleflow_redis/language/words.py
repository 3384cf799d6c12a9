"""The parser's expectations in words, and hints for common slips."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

#: Words of the tokens, in the order in which they are named. Tokens of one meaning share them.
_WORDS: Mapping[str, str] = {
    "NAME": "a task name",
    "LBRACE": "a subflow { … }",
    "ARROW": "an arrow (→ or ->)",
    "LABEL": "a label (:name)",
    "EXPRESSION": "a guard's expression in back quotes (`$…`)",
    "QUESTION": "a guard (? `…`)",
    "STAR": "*",
    "MERGE": ">",
    "BAR": "|",
    "EQUAL": "=",
    "YAML_PARAMETERS": "parameters (- … -)",
    "DOC": "a text in '''",
    "URI": "a resource <…>",
    "YAML_LITERAL": "a literal <- … ->",
    "TASK": "a declaration (@task or @flow)",
    "RBRACE": "}",
    "SEMICOLON": ";",
    "$END": "the end of the text",
}

#: Tokens that can begin a statement; if all may come, "a statement" says it better than a list.
_STATEMENT = frozenset({"NAME", "LABEL", "LBRACE", "STAR", "MERGE", "QUESTION", "YAML_LITERAL"})
#: Those that can follow an arrow.
_STEP = frozenset({"NAME", "LBRACE", "STAR", "MERGE", "QUESTION"})

#: Corrections of characters that the language does not know.
_SLIPS: Mapping[str, str] = {
    "[": "a subflow stands in curly brackets: { … }",
    "]": "a subflow stands in curly brackets: { … }",
    "(": "parameters are written (- yaml -), ({ json }) or ([ json ])",
    ")": "parameters are written (- yaml -), ({ json }) or ([ json ])",
    "-": "an arrow is written → or ->",
    "–": "an arrow is written → or ->",
    "—": "an arrow is written → or ->",
    "⇒": "an arrow is written → or ->",
    "←": "arrows point to the right: → or ->",
    ":": "a label is a colon and a name without a space between them",
    "@": "a declaration begins with @flow or @task",
    ",": "steps follow each other with an arrow, or stand in statements of their own",
    ".": "a name holds letters, digits, - _ and :",
    "/": "a name holds letters, digits, - _ and :; a comment begins with #",
    "'": "a text stands in ''' … ''' behind a declaration",
    '"': 'a text stands in """ … """ behind a declaration',
    "`": "a guard is written ? `expression`",
    "<": "a resource is written <uri>, a literal <- yaml ->, <{ json }> or <[ json ]>",
}

#: Hints on tokens in a wrong place.
_AFTER: Mapping[str, str] = {
    "LABEL": "a step takes one label before it and one behind; end a statement with ;",
    "DOC": "a text in quotes stands behind a declaration, after its parameters",
    "EQUAL": "an alias is declared: @task name = other",
    "EXPRESSION": "a guard begins with a question mark: ? `expression`",
    "URI": "a resource can only begin or end a statement",
}

#: A name that ends at a dot, and what follows from there.
_NAME = r"[a-zA-Z_](?:[\w:]|-(?!>)){0,99}"
_BEFORE = re.compile(rf"{_NAME}\Z")
_BEHIND = re.compile(rf"(?:\.{_NAME}){{1,10}}")

#: Opening marks of what a single token holds, and what closes them.
_CLOSED_BY: Mapping[str, str] = {
    "(-": "-)",
    "({": "})",
    "([": "])",
    "<-": "->",
    "<{": "}>",
    "<[": "]>",
    "'''": "'''",
    '"""': '"""',
    "`": "`",
    "<": ">",
}


def expected_words(accepted: Iterable[str]) -> str:
    """The accepted tokens as a phrase: "an arrow (→ or ->), ; or the end of the text"."""
    tokens = set(accepted)
    phrases = []
    if tokens >= _STATEMENT:
        tokens -= _STATEMENT | {"URI"}
        phrases.append("a statement")
    elif tokens >= _STEP:
        tokens -= _STEP
        phrases.append("a task name or a subflow { … }")
    phrases += [words for token, words in _WORDS.items() if token in tokens]
    if len(phrases) < 2:
        return "".join(phrases)
    return f"{', '.join(phrases[:-1])} or {phrases[-1]}"


def unclosed(text: str, offset: int) -> tuple[str, str] | None:
    """The opening mark at ``offset`` that nothing closes, and what would close it."""
    for opening, closing in _CLOSED_BY.items():
        if text.startswith(opening, offset):
            return opening, closing
    return None


def slip(char: str) -> str:
    """The correction of a character that begins nothing."""
    return _SLIPS.get(char, "")


def dotted(text: str, offset: int) -> str:
    """The correction of a name with dots, such as that of a Celery task.

    Empty if the character at ``offset`` is none of its dots.
    """
    if text[offset] != ".":
        return ""
    before, behind = (
        _BEFORE.search(text[max(0, offset - 100) : offset]),
        _BEHIND.match(text, offset),
    )
    if before is None or behind is None:
        return ""
    name = f"{before[0]}{behind[0]}".replace(".", ":")
    return f"did you mean {name}? A name holds letters, digits, - _ and :"


def shown(text: str) -> str:
    """A token's text for a message: its first line, cut."""
    line = text.split("\n", 1)[0]
    return f"{line[:20]}…" if len(line) > 20 or line != text else line


def advice(kind: str, before: str, accepted: Iterable[str]) -> str:
    """A sentence on a token that came where it cannot stand; empty if there is nothing to say."""
    if kind == "RBRACE" and "RBRACE" not in accepted and "NAME" in accepted:
        return "nothing opens the } here" if before != "LBRACE" else "a subflow holds a statement"
    if kind.endswith("_PARAMETERS"):
        return "parameters stand directly behind the name of a task"
    if kind.endswith("_LITERAL"):
        return "a literal can only begin a statement; end the one before with ;"
    if kind == "ARROW" and before == "RBRACE":
        return "a declaration takes the { … } behind it: end it with ; before a statement"
    return _AFTER.get(kind, "")
