"""Two readers of one group, and what is pending under their names."""

from __future__ import annotations

from typing import Any

import redis

from littleflow_redis.events.group import Entry

STREAM = "workflows:run"
GROUP = "readers"


def add(client: redis.Redis, *values: str) -> list[str]:
    added: list[Any] = [client.xadd(STREAM, {"n": value}) for value in values]
    return [id.decode() for id in added]


def ids(entries: list[Entry]) -> list[str]:
    return [entry.id for entry in entries]


def pending(client: redis.Redis) -> dict[str, tuple[str, int]]:
    rows: list[Any] = client.xpending_range(STREAM, GROUP, "-", "+", 100)
    return {
        row["message_id"].decode(): (row["consumer"].decode(), row["times_delivered"])
        for row in rows
    }
