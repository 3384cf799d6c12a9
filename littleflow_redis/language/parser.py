"""Text → the parts of a workflow text. Reads on after a mistake, so that all are found at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from typing import cast

from lark import Lark, Token, Tree, UnexpectedCharacters, UnexpectedToken
from lark.lexer import LexerState
from lark.parsers.lalr_interactive_parser import InteractiveParser

from .errors import ProblemCollector, ProblemKind, close_match
from .syntax import Declaration, Program, Statement
from .tree import TreeBuilder
from .words import advice, dotted, expected_words, shown, slip, unclosed

#: Tokens that stand for a step, unless a declaration names it.
_STEP_TOKENS = frozenset(
    {"NAME", "URI", "EMPTY_LITERAL", "YAML_LITERAL", "OBJECT_LITERAL", "ARRAY_LITERAL"}
)
_DECLARING_TOKENS = frozenset({"FLOW", "TASK", "DECLARE", "EQUAL"})
#: At the beginning of a line these begin a statement,
_BEGINNINGS = frozenset({"LABEL", "LBRACE", "STAR", "MERGE", "QUESTION", *_STEP_TOKENS})
#: unless the line before ended in one of these.
_GOING_ON = frozenset({"ARROW", "STAR", "MERGE", "BAR", "QUESTION", "EXPRESSION", "EQUAL"})
#: Places that cannot be read before the rest is left unread: each costs an exception of lark.
_MOST_UNREADABLE = 1_000


@cache
def _grammar() -> Lark:
    """The parser's tables, made once in a process (it takes some 50 ms)."""
    rules = resources.files(__package__).joinpath("grammar.lark").read_text("utf-8")
    return Lark(
        rules,
        start="flow",
        parser="lalr",
        lexer="basic",
        transformer=TreeBuilder(),
        maybe_placeholders=False,
    )


def parse(reports: ProblemCollector) -> Program:
    """Reads ``reports.text``; what it cannot read is reported and left out."""
    return _Reader(reports).read()


class _Reader:
    """Feeds tokens to lark's parser and starts it anew behind each mistake."""

    def __init__(self, reports: ProblemCollector) -> None:
        self._reports = reports
        self._parser = self._fresh()
        self._lexer = self._parser.lexer_thread
        # A lexer made from a text has a state.
        self._position = cast(LexerState, self._lexer.state).line_ctr
        self._program = Program()
        self._open: list[Token] = []
        self._steps = 0
        self._unreadables = 0
        self._last = Token("SEMICOLON", "", line=0)
        self._skipping = False

    def _fresh(self) -> InteractiveParser:
        return _grammar().parse_interactive(self._reports.text)

    def read(self) -> Program:
        for token in self._tokens():
            self._take(token)
        if not self._skipping:
            self._feed(self._end())
        if not self._skipping:
            self._keep()
        return self._program

    def _end(self) -> Token:
        line, column = self._reports.position(len(self._reports.text.rstrip()))
        return Token("$END", "", line=line, column=column)

    def _tokens(self) -> Iterator[Token]:
        """All tokens of the text; a character that begins none is reported and skipped."""
        while True:
            try:
                # The basic lexer does not look at the parser's state.
                yield from self._lexer.lex(None)  # type: ignore[no-untyped-call]
            except UnexpectedCharacters as found:
                if not self._unreadable(found.pos_in_stream or 0):
                    return
            else:
                return

    def _take(self, token: Token) -> None:
        if token.type == "DECLARE":
            self._unknown_declaration(token)
        self._count(token)
        if self._skipping and self._begins_anew(token):
            self._parser, self._skipping = self._fresh(), False
        if not self._skipping:
            self._feed(token)
        if self._skipping and token.type == "SEMICOLON" and not self._open:
            self._parser, self._skipping = self._fresh(), False
        self._last = token

    def _feed(self, token: Token) -> None:
        try:
            self._parser.feed_token(token)
        except UnexpectedToken:
            self._unexpected(token)
            self._skip()

    def _count(self, token: Token) -> None:
        """Holds the limits of steps and nesting before anything is built for them."""
        limits = self._reports.limits
        if token.type == "LBRACE":
            self._open.append(token)
            if len(self._open) > limits.nesting:
                raise self._reports.stop(_at(token), f"more than {limits.nesting} levels of {{ }}")
        elif token.type == "RBRACE" and self._open:
            self._open.pop()
        elif token.type in _STEP_TOKENS and self._last.type not in _DECLARING_TOKENS:
            self._steps += 1
            if self._steps > limits.steps:
                raise self._reports.stop(_at(token), f"more than {limits.steps} steps")

    def _skip(self) -> None:
        """Gives up the statement that went wrong; what was complete before it stays."""
        if not self._skipping:
            self._keep()
        self._skipping = True

    def _begins_anew(self, token: Token) -> bool:
        """Whether a statement or declaration surely begins here."""
        if len(self._open) > (token.type == "LBRACE"):
            return False
        if token.type in ("FLOW", "TASK", "DECLARE"):
            return True
        new_line = (token.line or 0) > (self._last.end_line or self._last.line or 0)
        return new_line and token.type in _BEGINNINGS and self._last.type not in _GOING_ON

    def _keep(self) -> None:
        for item in _complete(self._parser.parser_state.value_stack):
            if isinstance(item, Statement):
                self._program.statements.append(item)
            elif isinstance(item, Declaration):
                self._program.declarations.append(item)

    def _unexpected(self, token: Token) -> None:
        accepted: set[str] = self._parser.accepts()  # type: ignore[no-untyped-call]
        what = f"unexpected {shown(token)!r}" if token else "the text ends too early"
        self._reports.add(
            ProblemKind.SYNTAX,
            _at(token),
            what,
            expected=expected_words(accepted),
            hint=self._advice(token, accepted),
        )

    def _advice(self, token: Token, accepted: Iterable[str]) -> str:
        if token.type == "$END" and self._open:
            line, column = _at(self._open[-1])
            return f"the {{ at {line}:{column} is not closed"
        return advice(token.type, self._last.type, accepted)

    def _unknown_declaration(self, token: Token) -> None:
        self._reports.add(
            ProblemKind.DECLARATION,
            _at(token),
            f"unknown declaration {shown(token)!r}",
            expected="@flow or @task",
            hint=close_match(token[1:], ("flow", "task"), prefix="@"),
        )

    def _unreadable(self, offset: int) -> bool:
        """Passes over what begins no token; false if the rest cannot be read either."""
        text = self._reports.text
        marks = unclosed(text, offset)
        if not self._skipping:
            self._report_unreadable(offset, marks)
            self._skip()
        self._unreadables += 1
        self._position.feed(text[offset])
        return marks is None and self._unreadables < _MOST_UNREADABLE

    def _report_unreadable(self, offset: int, marks: tuple[str, str] | None) -> None:
        at = self._reports.position(offset)
        if marks is not None:
            opening, closing = marks
            message = f"{opening!r} is never closed"
            self._reports.add(ProblemKind.SYNTAX, at, message, expected=closing)
        else:
            char = self._reports.text[offset]
            message = f"unexpected character {char!r}"
            self._reports.add(
                ProblemKind.SYNTAX,
                at,
                message,
                hint=dotted(self._reports.text, offset) or slip(char),
            )


def _at(token: Token) -> tuple[int, int]:
    return token.line or 0, token.column or 0


def _complete(values: Iterable[object]) -> Iterator[object]:
    """The nodes that lark has finished: values on its stack, or gathered for a repetition."""
    for value in values:
        if isinstance(value, Tree):
            yield from value.children
        elif isinstance(value, list):
            yield from value
        else:
            yield value
