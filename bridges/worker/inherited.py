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


def close_connections(pool: redis.ConnectionPool) -> None:
    """Close this process's copies of the sockets; the connections themselves stay open."""
    # The pool's own methods may wait for a lock that a thread held when the parent forked.
    for connection in (*pool._available_connections, *pool._in_use_connections):
        connection.disconnect()


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
