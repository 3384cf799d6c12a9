"""One child process kept alive: its output read line by line, its death answered by a new start."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

from .process_group import ProcessGroup

#: Seconds before a child that died is started again: doubled with each death, up to ``LAST_DELAY``,
#: and back to the first after a life of ``STEADY`` seconds.
FIRST_DELAY = 0.5
LAST_DELAY = 10.0
STEADY = 30.0

#: Starts after which a child that was never ready counts as failed: three outlast any passing
#: trouble with a port or a file.
HOPELESS = 3

#: Seconds a child may take to finish its work after SIGTERM; then it is killed.
GRACE = 15.0

#: Bytes after which a line is broken, so that output without newlines does not pile up.
LONGEST_LINE = 65536

#: Lines of a quiet child that are kept, to be shown when it dies.
TAIL = 20

#: Shows a line of a child, or one about it; called with the child's name and the line.
Show = Callable[[str, str], None]


class ChildFailed(Exception):
    """A child never became ready; the message names it and says how it ended."""


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep alive.

    ``ready_line`` is a part of the output line that says it is ready; without one it is ready when
    it runs. A ``quiet`` child's output is shown only when it dies.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    ready_line: str | None = None
    quiet: bool = False
    pass_fds: Sequence[int] = ()


class ChildKeeper:
    """Keeps one child alive while :meth:`keep` runs."""

    def __init__(self, child: Child, show: Show) -> None:
        self.child = child
        #: Set when the child was ready for the first time.
        self.ready = asyncio.Event()
        self._show = show
        self._process: Process | None = None
        self._tail: deque[str] = deque(maxlen=TAIL)
        self._ending = False

    async def keep(self) -> None:
        """Start the child, and again whenever it dies, until :meth:`end` was called.

        Cancelled, it kills the child and all it started. Raises :exc:`ChildFailed`.
        """
        delay, starts = FIRST_DELAY, 0
        while True:
            born = time.monotonic()
            code = await self._live()
            if self._ending:
                return
            starts += 1
            self._show_death(code)
            if starts >= HOPELESS and not self.ready.is_set():
                raise ChildFailed(f"{self.child.name} ended {starts} times before it was ready")
            if time.monotonic() - born > STEADY:
                delay = FIRST_DELAY
            self._show(self.child.name, f"starting it again in {delay:g} s")
            await asyncio.sleep(delay)
            delay = min(delay * 2, LAST_DELAY)

    async def end(self, task: asyncio.Task[None]) -> None:
        """Send SIGTERM, wait for ``GRACE`` seconds, then kill; ``task`` runs ``keep``."""
        self._ending = True
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            await asyncio.wait([task], timeout=GRACE)
            if not task.done():
                self._show(self.child.name, f"did not end within {GRACE:g} s: killed")
        task.cancel()
        await asyncio.wait([task])

    async def _live(self) -> int:
        """One life of the child, from its start to the end of its last descendant."""
        group = ProcessGroup()
        # Not asyncio's own pipe: with that one, a child counts as running while any descendant
        # holds its output open.
        reader, writer = os.pipe()
        try:
            output = await _stream(reader)
            self._process = process = await asyncio.create_subprocess_exec(
                *self.child.command,
                env=self.child.environment,
                stdin=DEVNULL,
                stdout=writer,
                stderr=STDOUT,
                process_group=group.id,
                pass_fds=self.child.pass_fds,
            )
        except BaseException:
            group.kill()
            raise
        finally:
            os.close(writer)
        try:
            code, _ = await asyncio.gather(self._outlive(process, group), self._read(output))
            return code
        finally:
            self._process = None
            group.kill()
            # Not to be left to a closed event loop, which would complain.
            await process.wait()

    @staticmethod
    async def _outlive(process: Process, group: ProcessGroup) -> int:
        code = await process.wait()
        # Its descendants would hold the output open, and work beside its successor.
        group.kill()
        return code

    async def _read(self, output: asyncio.StreamReader) -> None:
        if self.child.ready_line is None:
            self.ready.set()
        async for line in _lines(output):
            if self.child.ready_line is not None and self.child.ready_line in line:
                self.ready.set()
            if self.child.quiet:
                self._tail.append(line)
            else:
                self._show(self.child.name, line)

    def _show_death(self, code: int) -> None:
        for line in self._tail:
            self._show(self.child.name, line)
        self._tail.clear()
        self._show(self.child.name, f"ended unexpectedly: {describe_exit(code)}")


def describe_exit(code: int) -> str:
    """An exit code as a person reads it; negative is a signal's number."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


async def _stream(descriptor: int) -> asyncio.StreamReader:
    """Read a pipe's end, which is closed at its end."""
    stream = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(descriptor, "rb", buffering=0)
    )
    return stream


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    rest = b""
    while chunk := await stream.read(LONGEST_LINE):
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) >= LONGEST_LINE:
            lines.append(rest)
            rest = b""
        for line in lines:
            yield line.decode(errors="replace").rstrip()
    if rest:
        yield rest.decode(errors="replace").rstrip()
