"""Descriptors that a process has open, as the kernel shows them (Linux alone)."""

from __future__ import annotations

import os
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

#: How a descriptor is used, and the ends of a pipe for reading and writing without waiting.
_HOW = os.O_ACCMODE | os.O_NONBLOCK
_BOTH_ENDS = {os.O_RDONLY | os.O_NONBLOCK, os.O_WRONLY | os.O_NONBLOCK}


def children_of(pid: int) -> list[int]:
    """The processes that this one has started, and that live."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def connections(pid: int, port: int) -> set[str]:
    """The sockets of a process that are connected to a port of this machine."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    wanted = {f"socket:[{row[9]}]" for row in rows if int(row[2].partition(":")[2], 16) == port}
    return wanted & _open(pid).keys()


def own_pipes(pid: int) -> set[str]:
    """The pipes of which a process has both ends, and waits at neither."""
    return {
        name
        for name, flags in _open(pid).items()
        if name.startswith("pipe:") and {flag & _HOW for flag in flags} == _BOTH_ENDS
    }


def has_open(pid: int, names: set[str]) -> set[str]:
    """Those of these that a process has open, too."""
    return names & _open(pid).keys()


def _open(pid: int) -> dict[str, set[int]]:
    """What a process has open, each with the flags of its descriptors."""
    found: dict[str, set[int]] = defaultdict(set)
    for number in os.listdir(f"/proc/{pid}/fd"):
        with suppress(FileNotFoundError):
            name = os.readlink(f"/proc/{pid}/fd/{number}")
            about = Path(f"/proc/{pid}/fdinfo/{number}").read_text().split()
            found[name].add(int(about[about.index("flags:") + 1], 8))
    return found
