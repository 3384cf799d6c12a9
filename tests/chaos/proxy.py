"""A TCP proxy before Redis that misbehaves on demand: it delays, cuts, swallows, or goes silent."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

#: Seconds that a chunk waits while the proxy delays.
DELAY = 0.3


class Mode(StrEnum):
    """What the proxy does with what passes through it."""

    PASS = "pass"
    #: Each chunk waits, either way.
    DELAY = "delay"
    #: Nothing passes and nothing is closed: a firewall that drops packets.
    SILENT = "silent"
    #: Requests arrive and are done; the reply is thrown away, and with it the connection.
    SWALLOW = "swallow"
    #: No connection is accepted, none lives.
    CUT = "cut"


class Proxy:
    """Stands on a port of its own before a port on loopback; a context manager.

    ``swallowed`` counts the replies that were thrown away.
    """

    def __init__(self, target: int, host: str = "127.0.0.1") -> None:
        self.host = host
        self.port = 0
        self.swallowed = 0
        self._target = target
        self._mode = Mode.PASS
        self._loop = asyncio.new_event_loop()
        self._changed = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._wait(self._open())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None
    ) -> None:
        self._wait(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def set(self, mode: Mode) -> None:
        """Behave so from now on, also towards the connections that there are."""
        self._wait(self._set(mode))

    def cut(self) -> None:
        """Close all connections now; new ones are accepted."""
        self._wait(self._cut())

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._serve, self.host, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        await self._set(Mode.CUT)
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _set(self, mode: Mode) -> None:
        self._mode = mode
        self._changed.set()
        self._changed = asyncio.Event()
        if mode is Mode.CUT:
            await self._cut()

    async def _cut(self) -> None:
        for writer in list(self._writers):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._mode is Mode.CUT:
            writer.close()
            return
        try:
            to_server = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        self._writers |= {writer, to_server[1]}
        pumps = [
            asyncio.create_task(self._pump(reader, to_server[1], replies=False)),
            asyncio.create_task(self._pump(to_server[0], writer, replies=True)),
        ]
        # At the end all are cancelled, which asyncio would report of whoever serves a connection.
        with suppress(asyncio.CancelledError):
            # Half a connection is none.
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        for one in (writer, to_server[1]):
            self._writers.discard(one)
            one.close()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, replies: bool
    ) -> None:
        with suppress(OSError):
            while chunk := await source.read(65536):
                while self._mode is Mode.SILENT:
                    await self._changed.wait()
                if self._mode is Mode.DELAY:
                    await asyncio.sleep(DELAY)
                if replies and self._mode is Mode.SWALLOW:
                    self.swallowed += 1
                    return
                sink.write(chunk)
                await sink.drain()
