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

#: Answers of a node of a cluster to a command or script whose keys are not all its own.
_ANSWERS = (AskError, ClusterCrossSlotError, ClusterDownError, MovedError, TryAgainError)
_IN_SCRIPT = ("non local key", "CLUSTERDOWN ")


def sentence(address: str) -> str:
    """The error's message for a server that is a node of a cluster, with the next step."""
    return (
        f"Redis at {address} is a node of a Redis Cluster (cluster-enabled yes), which cannot be "
        "used: set REDIS_URL to a server without it; for failover there is Sentinel, as in "
        "redis+sentinel://host:26379/mymaster"
    )


def refuse_cluster(client: redis.Redis, address: str) -> None:
    """Raise ConfigurationError if the server is a node of a cluster.

    A server that refuses the question, for example by a strict ACL, counts as none.
    """
    try:
        reply: Any = client.execute_command("HELLO")
    except ResponseError:
        return
    about = reply if isinstance(reply, dict) else dict(zip(reply[::2], reply[1::2], strict=False))
    if about.get(b"mode", about.get("mode")) in (b"cluster", "cluster"):
        raise ConfigurationError(sentence(address))


def is_of_cluster(error: RedisError) -> bool:
    """Return whether only a node of a cluster gives this answer."""
    return isinstance(error, _ANSWERS) or any(word in str(error) for word in _IN_SCRIPT)
