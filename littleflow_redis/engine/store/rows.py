"""Replies of a pipeline that sends the same commands for each of several rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis.client import Pipeline


def read_rows(pipe: Pipeline, width: int) -> Sequence[tuple[Any, ...]]:
    """Execute a pipeline and return its replies, ``width`` of them a row. Raises RedisError."""
    return list(zip(*[iter(pipe.execute())] * width, strict=True))
