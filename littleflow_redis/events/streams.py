"""Groups, consumers and ids of a stream."""

from __future__ import annotations

import os
import secrets
import socket
from typing import Any

import redis
from redis.exceptions import ResponseError

from .scripts import DROP_CONSUMER


def consumer_name() -> str:
    """Make a consumer's name: host, process id and a random part."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


def make_group(client: redis.Redis, stream: str, group: str) -> bool:
    """Create a missing stream or group, at id 0; return whether the group was created."""
    try:
        client.xgroup_create(stream, group, id="0", mkstream=True)
    except ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            raise
        return False
    return True


def last_id(client: redis.Redis, stream: str) -> str:
    """The id of a stream's last entry, that before all if it has none."""
    rows: Any = client.execute_command(
        b"XREVRANGE", stream, "+", "-", "COUNT", 1, NEVER_DECODE=True
    )
    return rows[0][0].decode() if rows else "0-0"


def drop_silent(client: redis.Redis, stream: str, group: str, idle: float) -> int:
    """Drop consumers without pending entries, silent for ``idle`` seconds, and count them."""
    dropped = 0
    for row in client.xinfo_consumers(stream, group):
        if row["pending"] == 0 and row["idle"] >= idle * 1000:
            dropped += DROP_CONSUMER.run(client, [stream], (group, row["name"]))
    return dropped


def is_group_missing(error: ResponseError) -> bool:
    """Return whether a command failed because its stream or group does not exist."""
    # Redis 7.0 says UNBLOCKED to a read that was waiting when the stream was deleted.
    return str(error).startswith(("NOGROUP", "UNBLOCKED the stream"))
