"""A TCP proxy that loses replies: what the server did is done, and the client does not know."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class LossyProxy:
    """Stands on a port of its own before ``target_port`` on loopback.

    After ``lose(mark)`` the first chunk from the server with ``mark`` in it is thrown away, and
    the connection with it. ``lost`` counts them.
    """

    def __init__(self, target_port: int) -> None:
        self.lost = 0
        self._target = ("127.0.0.1", target_port)
        self._mark: bytes | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = [self._listener]
        self._threads: list[threading.Thread] = []

    def lose(self, mark: bytes) -> None:
        self._mark = mark

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None
    ) -> None:
        for one in self._sockets:
            _shut(one)
        for thread in self._threads:
            thread.join()
        for one in self._sockets:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._target)
            self._sockets += [client, server]
            self._start(self._pump, client, server, False)
            self._start(self._pump, server, client, True)

    def _pump(self, source: socket.socket, sink: socket.socket, from_server: bool) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                if from_server and self._mark is not None and self._mark in chunk:
                    self._mark = None
                    self.lost += 1
                    break
                sink.sendall(chunk)
        _shut(source)
        _shut(sink)

    def _start(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()


def _shut(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
