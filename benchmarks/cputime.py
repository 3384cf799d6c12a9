"""Processor time of other processes, where the kernel tells it (Linux)."""

from __future__ import annotations

import sys
import time

#: Asks for the time that a process spent running, in all its threads: CPUCLOCK_SCHED of the
#: kernel's posix-timers.h. What clock_getcpuclockid(3) returns, which Python does not have.
_SCHED = 2


class Unsupported(RuntimeError):
    """This system does not tell the processor time of other processes."""


def seconds_of(pid: int) -> float:
    """Processor time that a process has spent so far, all threads together. Raises Unsupported."""
    if sys.platform != "linux":
        raise Unsupported("the processor time of other processes can only be read on Linux")
    return time.clock_gettime(~pid << 3 | _SCHED)
