"""Permissions that a Redis user needs, with least privilege, and a check for missing ones.

The check queues each command in a transaction that is discarded: the server looks at permissions
when it queues, and runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis
from redis.exceptions import NoPermissionError, ResponseError

from .keys import Keys

#: Words of the server's error if it refuses not the command, but its key or channel.
_PLACE = "to access "

#: Stand for a key and a channel of ours.
_KEY, _CHANNEL = "KEY", "CHANNEL"

#: Every command that is sent, by itself or in a script, with arguments of a right number.
COMMANDS: Mapping[str, str] = {
    "ping": "",
    "select": "0",
    "time": "",
    "multi": "",
    "exec": "",
    "discard": "",
    "eval": "return 0",
    "evalsha": "0000000000000000000000000000000000000000 0",
    "subscribe": _CHANNEL,
    "unsubscribe": _CHANNEL,
    "publish": f"{_CHANNEL} m",
    "del": _KEY,
    "unlink": _KEY,
    "exists": _KEY,
    "type": _KEY,
    "get": _KEY,
    "mget": _KEY,
    "set": f"{_KEY} v",
    "mset": f"{_KEY} v",
    "strlen": _KEY,
    "incr": _KEY,
    "decr": _KEY,
    "hget": f"{_KEY} f",
    "hmget": f"{_KEY} f",
    "hgetall": _KEY,
    "hkeys": _KEY,
    "hlen": _KEY,
    "hexists": f"{_KEY} f",
    "hscan": f"{_KEY} 0",
    "hset": f"{_KEY} f v",
    "hincrby": f"{_KEY} f 1",
    "hdel": f"{_KEY} f",
    "lpush": f"{_KEY} v",
    "rpush": f"{_KEY} v",
    "lrange": f"{_KEY} 0 0",
    "lrem": f"{_KEY} 0 v",
    "sadd": f"{_KEY} m",
    "srem": f"{_KEY} m",
    "scard": _KEY,
    "sismember": f"{_KEY} m",
    "smembers": _KEY,
    "zadd": f"{_KEY} 0 m",
    "zrem": f"{_KEY} m",
    "zremrangebyrank": f"{_KEY} 0 0",
    "zcard": _KEY,
    "zcount": f"{_KEY} 0 0",
    "zrank": f"{_KEY} m",
    "zrevrank": f"{_KEY} m",
    "zscore": f"{_KEY} m",
    "zmscore": f"{_KEY} m",
    "zrange": f"{_KEY} 0 0",
    "zrangebylex": f"{_KEY} - +",
    "zrangebyscore": f"{_KEY} 0 0",
    "zrevrange": f"{_KEY} 0 0",
    "xadd": f"{_KEY} * f v",
    "xdel": f"{_KEY} 1-0",
    "xlen": _KEY,
    "xrange": f"{_KEY} - +",
    "xrevrange": f"{_KEY} + -",
    "xread": f"STREAMS {_KEY} 0",
    "xreadgroup": f"GROUP g c STREAMS {_KEY} 0",
    "xack": f"{_KEY} g 1-0",
    "xclaim": f"{_KEY} g c 0 1-0",
    "xpending": f"{_KEY} g",
    "xgroup": f"CREATE {_KEY} g 0",
    "xinfo": f"GROUPS {_KEY}",
}

#: Optional commands. Without them processes need up to a second longer to stop, and a Redis Cluster
#: is not named.
OPTIONAL = ("client|id", "client|unblock", "hello")


@dataclass(frozen=True, slots=True)
class MissingPermissions:
    """Commands that a user may not run; whether it may not use our keys, or channels."""

    commands: tuple[str, ...] = ()
    keys: bool = False
    channels: bool = False

    def __bool__(self) -> bool:
        return bool(self.commands) or self.keys or self.channels


def rules(namespace: str = "") -> str:
    """The rules of a user who may do what is needed and nothing else, for ``ACL SETUSER``."""
    allowed = " ".join(f"+{name}" for name in (*COMMANDS, *OPTIONAL))
    pattern = f"{namespace}workflow*"
    return f"~{pattern} resetchannels &{pattern} -@all {allowed}"


def missing(client: redis.Redis, keys: Keys) -> MissingPermissions:
    """The permissions that the client's user lacks. Raises ConnectionError, TimeoutError."""
    pool = client.connection_pool
    connection = pool.get_connection()
    try:
        found = list(_refused(connection, keys))
    finally:
        pool.release(connection)
    places = [text for _, text in found if _PLACE in text]
    return MissingPermissions(
        tuple(name for name, text in found if _PLACE not in text),
        keys=any("key" in text for text in places),
        channels=any("channel" in text for text in places),
    )


def _refused(connection: Any, keys: Keys) -> Iterator[tuple[str, str]]:
    """Commands that are refused, with the server's words for it."""
    if text := _answer(connection, ("MULTI",)):
        # The following commands would be run.
        yield "multi", text
        return
    for name, sample in COMMANDS.items():
        if name not in ("multi", "exec", "discard"):
            words = sample.replace(_KEY, keys.events).replace(_CHANNEL, keys.done).split(" ")
            if name == "eval":
                words = [sample, "0"]
            if text := _answer(connection, (name, *filter(None, words))):
                yield name, text
    if text := _answer(connection, ("DISCARD",)):
        yield "discard", text
        # The transaction is still open: nobody must be given this connection.
        connection.disconnect()


def _answer(connection: Any, words: Sequence[str]) -> str:
    """Send a command; return why it is not permitted, empty if it is."""
    connection.send_command(*words)
    try:
        connection.read_response()
    except NoPermissionError as error:
        return str(error)
    except ResponseError:
        pass
    return ""
