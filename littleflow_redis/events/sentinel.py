"""Redis behind Sentinel, named by one URL.

``redis+sentinel://[user:password@]host[:26379][,host…]/service[/database]``; the credentials are
those of Redis. ``?sentinel_username=`` and ``?sentinel_password=`` are those of the Sentinels.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import redis
from redis.sentinel import Sentinel, SentinelConnectionPool

#: ``rediss+sentinel`` speaks TLS, to the Sentinels too.
SENTINEL_SCHEMES = ("redis+sentinel", "rediss+sentinel")

#: The default port of Sentinels.
_SENTINEL_PORT = 26379

#: The options of connections to Redis that also hold for connections to the Sentinels.
_OF_SENTINELS = ("socket_timeout", "socket_connect_timeout", "retry", "protocol")


def sentinel_pool(url: str, options: dict[str, Any]) -> redis.ConnectionPool:
    """Make a pool that asks the Sentinels for the master at each new connection.

    Raises ValueError for a URL that names no service.
    """
    parts = urlsplit(url)
    user_info, _, hosts = parts.netloc.rpartition("@")
    service, _, database = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError("it must name the service, as in redis+sentinel://host:26379/mymaster")
    username, _, password = user_info.partition(":")
    credentials = {"username": unquote(username) or None, "password": unquote(password) or None}
    query = dict(parse_qsl(parts.query))
    ssl = {"ssl": True} if parts.scheme.startswith("rediss") else {}
    shared = {name: options[name] for name in _OF_SENTINELS}
    manager = Sentinel(
        [_address(host) for host in hosts.split(",")],
        sentinel_kwargs={
            **shared,
            **ssl,
            "username": query.get("sentinel_username"),
            "password": query.get("sentinel_password"),
        },
    )
    merged = {**credentials, "db": int(database or 0), **options, **ssl}
    pool: redis.ConnectionPool = SentinelConnectionPool(service, manager, **merged)
    return pool


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    return (host, int(port)) if colon else (text, _SENTINEL_PORT)
