"""Ports on loopback for servers that start in a moment.

A port is free until its server listens. Two `up`s that start in the same second must not choose the
same one. So a process keeps its port by a lock, which the kernel frees with its end.
"""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

#: The only address that `up` and its servers listen on.
LOOPBACK = "127.0.0.1"


class PortTaken(Exception):
    """Somebody else has the port; the message is a sentence for people."""


@contextmanager
def kept_port(wanted: int = 0) -> Iterator[int]:
    """The number of a port (0: any) that is free on loopback, and promised to nobody else inside.

    Raises PortTaken.
    """
    port = _free(wanted)
    while (lock := _lock(port)) is None:
        if wanted:
            raise PortTaken(f"Port {port} on {LOOPBACK} cannot be had: another `up` has chosen it.")
        port = _free(wanted)
    try:
        yield port
    finally:
        _path(port).unlink(missing_ok=True)
        os.close(lock)


@contextmanager
def port_like(preferred: int) -> Iterator[int]:
    """The same with ``preferred`` or, where somebody has it, with any other port."""
    with ExitStack() as stack:
        try:
            port = stack.enter_context(kept_port(preferred))
        except PortTaken:
            port = stack.enter_context(kept_port())
        yield port


def _free(port: int) -> int:
    with socket.socket() as probe:
        # Connections of the last server that are in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise PortTaken(
                f"Port {port} on {LOOPBACK} cannot be had: {error.strerror}."
            ) from error
        bound: int = probe.getsockname()[1]
        return bound


def _lock(port: int) -> int | None:
    """A descriptor that holds the port's lock; None if somebody else holds it."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    while True:
        lock = os.open(_path(port), flags, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Who held it may have removed the file since it was opened: then others lock a new one.
            if os.path.samestat(os.fstat(lock), _path(port).stat()):
                return lock
        except BlockingIOError:
            os.close(lock)
            return None
        except FileNotFoundError:
            pass
        os.close(lock)


def _path(port: int) -> Path:
    return Path(tempfile.gettempdir()) / f"littleflow-{os.getuid()}-port-{port}.lock"
