"""Tasks that raise in all the ways that Python has."""

from __future__ import annotations

import json
import threading
from typing import Any

from celery import Celery
from pydantic import BaseModel

app = Celery("raising")

LINES = "first: line\n  second\n\nTraceback (most recent call last):\nValueError: third"


class Refused(ConnectionResetError):
    """One of the user's own, under a builtin one."""


class Coded(Exception):
    def __str__(self) -> str:
        return f"the code is\n{self.args[0]}"


class Picky(Exception):
    """Pickle cannot rebuild it: its text is its only argument."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"{what} in {where}")


class Wordless(Exception):
    """Nor this one, which has no arguments at all."""

    def __init__(self, *, code: int) -> None:
        super().__init__()
        self.code = code

    def __repr__(self) -> str:
        return f"<Wordless {self.code}>"


class Holding(ConnectionResetError):
    """Nor this one, but its base."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.lock = threading.Lock()


class Outer:
    class Inner(Exception): ...


class Model(BaseModel):
    number: int


def noted(error: Exception) -> Exception:
    error.add_note("ValueError: a note\nof two lines")
    return error


def caused(error: Exception) -> None:
    try:
        raise KeyError("before")
    except KeyError as before:
        raise error from before


def after(error: Exception) -> None:
    try:
        raise KeyError("before")
    except KeyError:
        raise error  # noqa: B904 - the other way that Python shows both


def throw(error: Exception) -> None:
    raise error


RAISING: dict[str, Any] = {
    "plain": lambda: throw(ValueError("no such item")),
    "nothing": lambda: throw(ValueError()),
    "empty": lambda: throw(ValueError("")),
    "several": lambda: throw(ValueError("a", 1, None)),
    "object": lambda: throw(ValueError({"code": 7, "more": [True]})),
    "key": lambda: {}["missing"],
    "file": lambda: open("/no/such/file"),  # noqa: SIM115
    "errno": lambda: throw(OSError(5, "input or output")),
    "lines": lambda: throw(ValueError(LINES)),
    "coded": lambda: throw(Coded(5)),
    "inner": lambda: throw(Outer.Inner("in there")),
    "refused": lambda: throw(Refused(104, "reset by peer")),
    "noted": lambda: throw(noted(ValueError("with a note"))),
    "noted-nothing": lambda: throw(noted(ValueError())),
    "caused": lambda: caused(ValueError("then")),
    "after": lambda: after(Coded(6)),
    "lines-after": lambda: after(ValueError(LINES)),
    "group": lambda: throw(ExceptionGroup("many", [ValueError("one"), Coded(2)])),
    "group-after": lambda: after(ExceptionGroup("many\nlines", [ValueError("one")])),
    "syntax": lambda: compile("a b", "/some/file.py", "exec"),
    "unicode": b"\xff".decode,
    "json": lambda: json.loads("{"),
    "validation": lambda: Model(number="x"),
    "picky": lambda: throw(Picky("no item", "stock")),
    "wordless": lambda: throw(Wordless(code=4)),
    "holding": lambda: throw(Holding("held")),
}


@app.task
def go(how: str) -> None:
    RAISING[how]()


@app.task
def unencodable() -> object:
    return object()


@app.task
async def coroutine() -> int:
    return 1


@app.task
def starts_unencodable() -> None:
    go.delay(object())
