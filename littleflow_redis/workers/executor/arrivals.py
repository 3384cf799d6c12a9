"""Waits for new entries of the stream, for a process that reads several groups of it."""

from __future__ import annotations

import redis


class Arrivals:
    """Waits on a connection of its own, which nobody else uses meanwhile."""

    def __init__(self, client: redis.Redis, stream: str) -> None:
        self._client = client
        self._stream = stream

    def wait(self, after: str, seconds: float) -> None:
        """Wait until there is an entry after this id, ``seconds`` at most. Raises RedisError."""
        timeout = self._client.get_connection_kwargs().get("socket_timeout")
        if timeout is not None:
            seconds = min(seconds, timeout / 2)
        command = ("COUNT", 1, "BLOCK", max(1, round(seconds * 1000)), "STREAMS", self._stream)
        self._client.execute_command(b"XREAD", *command, after, NEVER_DECODE=True)
