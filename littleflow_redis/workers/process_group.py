"""Process groups that cannot outlive the process that made them, even if that one is killed.

Linux can send a signal to a child whose parent dies, but not to that child's children, and other
systems cannot at all. So each group is led by a guard: a shell that reads from a pipe whose other
end only its maker holds. Nothing is ever written there. When the maker ends, however it ends, the
kernel closes the pipe, the guard reads the end of it and kills its whole group, itself included.
A process that leaves its group on purpose (``setsid``, a daemon) is not caught.
"""

from __future__ import annotations

import subprocess

#: The last word is the name that ``ps`` shows.
_GUARD = ("/bin/sh", "-c", "read -r _; kill -KILL 0", "littleflow_redis-guard")


class ProcessGroup:
    """A process group of its own, empty but for its guard.

    Start members with ``process_group=group.id``.
    """

    def __init__(self) -> None:
        self._guard = subprocess.Popen(
            _GUARD,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )

    @property
    def id(self) -> int:
        """The number of the group, which is its guard's process id."""
        return self._guard.pid

    def kill(self) -> None:
        """Kill every member at once; the way a death of the maker goes too. May be repeated."""
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        self._guard.wait()
