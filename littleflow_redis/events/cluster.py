"""Redis Cluster: found out at the start, and named in one sentence."""

from __future__ import annotations

from typing import Any

import redis
from redis.exceptions import (
    AskError,
    ClusterCrossSlotError,
    ClusterDownError,
    MovedError,
    RedisError,
    ResponseError,
    TryAgainError,
)

from .connection import ConfigurationError

#: How a node of a cluster answers a command, or a script, about keys that are not all its own.
_ANSWERS = (AskError, ClusterCrossSlotError, ClusterDownError, MovedError, TryAgainError)
_IN_SCRIPT = ("non local key", "CLUSTERDOWN ")


def sentence(address: str) -> str:
    """What is wrong, and what to do."""
    return (
        f"Redis at {address} is a node of a Redis Cluster (cluster-enabled yes), which cannot be "
        "used: set REDIS_URL to a server without it; for failover there is Sentinel, as in "
        "redis+sentinel://host:26379/mymaster"
    )


def refuse_cluster(client: redis.Redis, address: str) -> None:
    """Raise ConfigurationError if the server is a node of a cluster.

    A server that does not let us ask, such as one with a strict ACL, is taken for none.
    """
    try:
        reply: Any = client.execute_command("HELLO")
    except ResponseError:
        return
    about = reply if isinstance(reply, dict) else dict(zip(reply[::2], reply[1::2], strict=False))
    if about.get(b"mode", about.get("mode")) in (b"cluster", "cluster"):
        raise ConfigurationError(sentence(address))


def is_of_cluster(error: RedisError) -> bool:
    """Tell if only a node of a cluster answers so."""
    return isinstance(error, _ANSWERS) or any(word in str(error) for word in _IN_SCRIPT)
