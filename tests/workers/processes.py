"""The process table, by the one command that all systems have."""

from __future__ import annotations

import subprocess
from typing import NamedTuple


class Process(NamedTuple):
    pid: int
    parent: int
    group: int
    command: str


def processes() -> list[Process]:
    """Every process of this machine that is not a zombie."""
    table = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,pgid=,stat=,command="],
        capture_output=True,
        text=True,
        errors="replace",
        check=True,
    ).stdout
    rows = (line.split(None, 4) for line in table.splitlines())
    return [
        Process(int(row[0]), int(row[1]), int(row[2]), row[4])
        for row in rows
        if len(row) == 5 and not row[3].startswith("Z")
    ]


def marked(mark: str) -> list[Process]:
    """The processes with ``mark`` in their arguments."""
    return [process for process in processes() if mark in process.command]


def groups_under(pid: int) -> set[int]:
    """The process groups of a process's children, its own one excepted."""
    table = processes()
    own = {process.group for process in table if process.pid == pid}
    return {process.group for process in table if process.parent == pid} - own


def in_groups(groups: set[int]) -> list[Process]:
    """The processes in any of these process groups, guards included."""
    return [process for process in processes() if process.group in groups]
