"""The text of a guard → what :mod:`.guards` evaluates: the dialect of jsonpath2.

jsonpath2 itself takes half a millisecond per expression, prints to stderr and does not bound the
cost of an expression. The tests compare this reader with it.

Peculiarities of the dialect: a filter on `$` tests the input itself, and equality is a single `=`.
`or` binds tighter than `and`. Text between quotes is taken as written, backslashes included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..flow import Json
from .tree import (
    FUNCTIONS,
    Comparison,
    Condition,
    Filter,
    FunctionCall,
    GuardError,
    Index,
    Junction,
    Link,
    Not,
    Operand,
    Path,
    Selector,
    Slice,
    Value,
    Wildcard,
)

#: Levels of brackets, and links of one path; more is never meant.
DEEPEST = 50

_TOKEN = re.compile(
    r"""[ \t\r\n]*+(?:
        (?P<word>[_A-Za-z][_A-Za-z0-9]*+)
      | (?P<string>"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+")
      | (?P<number>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?(?:0|[1-9][0-9]*+))?)
      | (?P<mark>\.\.|>=|<=|!=|[@$.*=<>{}\[\]:,()?])
      | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_CONSTANTS: Mapping[str, Json] = {"true": True, "false": False, "null": None}
_RESERVED = frozenset({"and", "or", "not", *_CONSTANTS})


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


def _tokens(expression: str) -> Iterator[_Token]:
    position = 0
    while True:
        found = _TOKEN.match(expression, position)
        if found is None:
            position += len(expression[position:]) - len(expression[position:].lstrip(" \t\r\n"))
            raise GuardError(*_unreadable(expression, position))
        kind = str(found.lastgroup)
        yield _Token(kind, found[kind], found.start(kind))
        if kind == "end":
            return
        position = found.end()


def _unreadable(expression: str, position: int) -> tuple[str, int, str]:
    char = expression[position]
    hint = 'text stands in double quotes: "…"' if char in "'\"" else ""
    if char == "!":
        hint = "write not instead of !"
    elif char in "&|":
        hint = "write and, or"
    return f"unexpected {char!r}", position, hint


def parse_guard(expression: str) -> Path:
    """Reads a whole expression.

    Raises:
        GuardError: it is none.
    """
    reader = _GuardReader(expression)
    if reader.now.text != "$":
        raise reader.wrong("$")
    path = reader.path(0)
    if reader.now.kind != "end":
        raise reader.wrong("the end of the expression")
    return path


class _GuardReader:
    """Reads by descending into the rules, one token ahead."""

    def __init__(self, expression: str) -> None:
        self._tokens = _tokens(expression)
        self.now = next(self._tokens)

    def wrong(self, expected: str) -> GuardError:
        found = repr(self.now.text) if self.now.text else "the end"
        hint = "equality is a single =" if self.now.text == "=" else ""
        message = f"unexpected {found}, expected {expected}"
        return GuardError(message, self.now.position, hint)

    def _next(self) -> _Token:
        token = self.now
        if token.kind != "end":
            self.now = next(self._tokens)
        return token

    def _has(self, text: str) -> bool:
        if self.now.text == text and self.now.kind in ("mark", "word"):
            self._next()
            return True
        return False

    def _need(self, text: str) -> None:
        if not self._has(text):
            raise self.wrong(text)

    def _deeper(self, depth: int) -> int:
        if depth >= DEEPEST:
            raise GuardError(f"more than {DEEPEST} levels", self.now.position)
        return depth + 1

    def path(self, depth: int) -> Path:
        root = self._next().text == "$"
        links: list[Link] = []
        while self.now.kind == "mark" and self.now.text in ("..", ".", "["):
            if len(links) == DEEPEST:
                raise GuardError(f"a path of more than {DEEPEST} links", self.now.position)
            links.append(self._link(self._deeper(depth)))
        return Path(root, tuple(links))

    def _link(self, depth: int) -> Link:
        if self._has("."):
            return Link((self._bareword(depth),))
        descend = self._has("..")
        if descend and self.now.text != "[":
            return Link((self._bareword(depth),), descend)
        self._need("[")
        selectors = [self._selector(depth)]
        while self._has(","):
            selectors.append(self._selector(depth))
        self._need("]")
        return Link(tuple(selectors), descend)

    def _bareword(self, depth: int) -> Selector:
        if self._has("*"):
            return Wildcard()
        if self.now.kind != "word" or self.now.text in _RESERVED:
            raise self.wrong('a name or *; other names are written ["name"]')
        name = self._next()
        return self._call(name, depth) if self.now.text == "(" else Index(name.text)

    def _call(self, name: _Token, depth: int) -> FunctionCall:
        self._need("(")
        arguments: list[Operand] = []
        while not self._has(")"):
            if arguments:
                self._need(",")
            arguments.append(self._operand(depth))
        if name.text not in FUNCTIONS:
            message = f"unknown function {name.text!r}"
            raise GuardError(message, name.position, f"there are {', '.join(FUNCTIONS)}")
        return FunctionCall(name.text, tuple(arguments))

    def _selector(self, depth: int) -> Selector:
        token = self.now
        if token.kind == "string":
            return Index(self._next().text[1:-1])
        if token.kind == "number" or token.text == ":":
            return self._index_or_slice()
        if token.kind == "word" and token.text not in _RESERVED:
            return self._call(self._next(), depth)
        if token.text in ("$", "@"):
            return self.path(self._deeper(depth))
        if self._has("*"):
            return Wildcard()
        if self._has("?"):
            self._need("(")
            condition = self._condition(self._deeper(depth))
            self._need(")")
            return Filter(condition)
        raise self.wrong('a number, "name", *, a:b or ?(…)')

    def _index_or_slice(self) -> Selector:
        start = self._whole()
        if start is not None and self.now.text != ":":
            return Index(start)
        self._need(":")
        end = self._whole()
        step = self._whole() if self._has(":") else None
        if step == 0:
            raise GuardError("a slice cannot step by 0", self.now.position)
        return Slice(start, end, step)

    def _whole(self) -> int | None:
        if self.now.kind != "number":
            return None
        if not self.now.text.lstrip("-").isdigit():
            raise self.wrong("a whole number")
        return int(self._next().text)

    def _condition(self, depth: int) -> Condition:
        """`and` of `or`s: the order of the dialect."""
        parts = [self._either(depth)]
        while self._has("and"):
            parts.append(self._either(depth))
        return parts[0] if len(parts) == 1 else Junction(True, tuple(parts))

    def _either(self, depth: int) -> Condition:
        parts = [self._single(depth)]
        while self._has("or"):
            parts.append(self._single(depth))
        return parts[0] if len(parts) == 1 else Junction(False, tuple(parts))

    def _single(self, depth: int) -> Condition:
        if self._has("not"):
            return Not(self._single(self._deeper(depth)))
        if self._has("("):
            condition = self._condition(self._deeper(depth))
            self._need(")")
            return condition
        left = self._operand(depth)
        if self.now.kind == "mark" and self.now.text in _COMPARISONS:
            operator = self._next().text
            return Comparison(left, operator, self._operand(depth))
        return Comparison(left)

    def _operand(self, depth: int) -> Operand:
        if self.now.kind == "mark" and self.now.text in ("$", "@"):
            return self.path(self._deeper(depth))
        return Value(self._value(self._deeper(depth)))

    def _value(self, depth: int) -> Json:
        token = self.now
        if token.kind == "string":
            return self._next().text[1:-1]
        if token.kind == "number":
            text = self._next().text
            return int(text) if text.lstrip("-").isdigit() else float(text)
        if token.kind == "word" and token.text in _CONSTANTS:
            return _CONSTANTS[self._next().text]
        if self._has("["):
            return self._list(depth)
        if self._has("{"):
            return self._object(depth)
        raise self.wrong('$…, @…, a number, "text", true, false or null')

    def _list(self, depth: int) -> Json:
        items: list[Json] = []
        while not self._has("]"):
            if items:
                self._need(",")
            items.append(self._value(self._deeper(depth)))
        return items

    def _object(self, depth: int) -> Json:
        made: dict[str, Json] = {}
        while not self._has("}"):
            if made:
                self._need(",")
            if self.now.kind != "string":
                raise self.wrong('"name"')
            key = self._next().text[1:-1]
            self._need(":")
            made[key] = self._value(self._deeper(depth))
        return made
