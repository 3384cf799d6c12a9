"""Descriptors of the worker's main process, which the children of its pool have open, too.

A child that keeps the socket of a connection keeps the connection open when its parent is killed,
and Redis goes on waiting for the dead.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import redis
from celery import signals
from celery.backends.base import Backend


def close_connections(pool: redis.ConnectionPool) -> None:
    """Close this process's copies of the sockets; the connections themselves stay open."""
    # The pool's own methods may wait for a lock that a thread held when the parent forked.
    for connection in (*pool._available_connections, *pool._in_use_connections):
        connection.disconnect()


def close_backend(backend: Backend | None) -> None:
    """The same for what has read in a result backend, if that is a Redis."""
    # Nothing is opened for it.
    client = vars(backend).get("client") if backend is not None else None
    if pool := getattr(client, "connection_pool", None):
        close_connections(pool)


class InChildren:
    """Calls ``close`` in every process that this one forks for its pool."""

    def __init__(self, close: Callable[[], None]) -> None:
        self._close = close
        self._parent = os.getpid()
        signals.worker_process_init.connect(self._begun, weak=False)

    def stop(self) -> None:
        """Do so no more."""
        signals.worker_process_init.disconnect(self._begun)

    def _begun(self, **_: Any) -> None:
        # Pools without processes send the signal, too.
        if os.getpid() != self._parent:
            self._close()
