"""What tasks did, in a SQLite file outside Redis: neither crashes nor outages of it lose a line."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

#: The environment variable that tells tasks where the ledger is.
VARIABLE = "CHAOS_LEDGER"

#: Seconds to wait for who writes: it may be a process that is stopped in the middle of it.
PATIENCE = 60.0

_TABLES = """
create table if not exists effects (
    workflow text, step integer, token text, what text, pid integer, at real
);
create table if not exists marks (name text primary key);
"""


class Effect(NamedTuple):
    """``what`` is begin, end or fail; ``at`` is seconds of the clock that all processes share."""

    workflow: str
    step: int
    token: str
    what: str
    pid: int
    at: float

    @property
    def attempt(self) -> tuple[int, int, str]:
        """Activation, attempt and scope, as the token has them."""
        activation, number, *scope = self.token.partition("-")[0].split(".", 2)
        return int(activation), int(number), scope[0] if scope else ""


class Ledger:
    """Any number of processes write to it; nothing is ever removed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._open() as database:
            database.execute("pragma journal_mode = wal")
            database.executescript(_TABLES)

    @classmethod
    def of_environment(cls) -> Ledger:
        return cls(Path(os.environ[VARIABLE]))

    def note(self, workflow: str, step: int, token: str, what: str) -> None:
        """Append a line; it is there when this returns."""
        line = (workflow, step, token, what, os.getpid(), time.monotonic())
        with self._open() as database:
            database.execute("insert into effects values (?, ?, ?, ?, ?, ?)", line)

    def mark(self, name: str) -> bool:
        """Note that something happened; tell if it is the first time."""
        with self._open() as database:
            done = database.execute("insert or ignore into marks values (?)", (name,))
            return done.rowcount > 0

    def marked(self, name: str) -> bool:
        with self._open() as database:
            found = database.execute("select 1 from marks where name = ?", (name,))
            return found.fetchone() is not None

    def effects(self) -> list[Effect]:
        """All lines, in the order in which they were written."""
        with self._open() as database:
            return [Effect(*row) for row in database.execute("select * from effects order by at")]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        # A connection per use: Celery forks, and SQLite's connections must not be forked.
        database = sqlite3.connect(self.path, timeout=PATIENCE)
        try:
            with database:
                yield database
        finally:
            database.close()
