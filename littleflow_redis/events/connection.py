"""The address of Redis, and the clients that connect to it.

redis-py's own retries are off everywhere: after a lost reply it would repeat a script in silence.
The caller decides which commands are sent again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from .sentinel import SENTINEL_SCHEMES, sentinel_pool
from .urls import ENCODE, is_readable

#: Seconds a reply may take before the connection counts as dead. Blocking reads stay below half
#: of it. ``?socket_timeout=`` in REDIS_URL overrides it.
SOCKET_TIMEOUT = 10.0

#: Seconds to wait for a connection. ``?socket_connect_timeout=`` in REDIS_URL overrides it.
CONNECT_TIMEOUT = 5.0

#: Seconds after which an idle connection is tested by PING before its next command: firewalls
#: drop idle connections silently. ``?health_check_interval=`` in REDIS_URL overrides it.
HEALTH_CHECK_INTERVAL = 30

#: Seconds after which a connection that no thread needs is closed: longer than between two looks
#: of a worker that is idle.
UNUSED = 5.0

#: "Every address" is for listening. Linux also connects to it, other systems do not.
_ANY_ADDRESS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104

_SCHEMES = ("redis", "rediss", "unix", *SENTINEL_SCHEMES)


class ConfigurationError(ValueError):
    """A setting makes work impossible; the message ends with what to set."""


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """Address and credentials of Redis. A ``url`` wins over ``host`` and ``port``."""

    host: str = "0.0.0.0"  # noqa: S104
    port: int = 6379
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    url: str | None = field(default=None, repr=False)

    @classmethod
    def from_environment(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        host: str | None = None,
        port: int | None = None,
        username: str | None = None,
        password: str | None = None,
        url: str | None = None,
    ) -> Self:
        """Read REDIS_HOST, REDIS_PORT, REDIS_USERNAME, REDIS_PASSWORD and REDIS_URL.

        Arguments win over the environment; a host or port given here replaces REDIS_URL.
        Raises ConfigurationError for an invalid port or URL.
        """
        env = os.environ if environ is None else environ
        if url is None and host is None and port is None:
            url = env.get("REDIS_URL") or None
        settings = cls(
            host=host if host is not None else env.get("REDIS_HOST") or cls().host,
            port=port if port is not None else _port(env.get("REDIS_PORT") or "6379"),
            username=username if username is not None else env.get("REDIS_USERNAME") or None,
            password=password if password is not None else env.get("REDIS_PASSWORD") or None,
            url=url,
        )
        if url is None:
            check_host(settings.host, "REDIS_HOST")
            return settings
        _check_url(url)
        # A password in the environment belongs to REDIS_HOST; one given here to any server.
        return replace(settings, username=username, password=password)

    @property
    def address(self) -> str:
        """The server for logs and errors, without any secret."""
        if self.url is None:
            return f"{self.host}:{self.port}"
        if not is_readable(self.url):
            return "a URL that cannot be read"
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def connect(settings: ConnectionSettings | None = None) -> redis.Redis:
    """Make a client; nothing is sent yet. Without settings the environment is read.

    Raises ConfigurationError if the settings cannot be used.
    """
    return redis.Redis(connection_pool=connection_pool(settings))


def connection_pool(settings: ConnectionSettings | None = None) -> redis.ConnectionPool:
    """Make a client's pool of connections. Raises ConfigurationError."""
    if settings is None:
        settings = ConnectionSettings.from_environment()
    if settings.url is None:
        return redis.ConnectionPool(
            host=_ANY_ADDRESS.get(settings.host, settings.host),
            port=settings.port,
            **_options(settings),
        )
    _check_url(settings.url)
    try:
        return _pool_of_url(settings.url, _options(settings))
    except ValueError as error:
        raise ConfigurationError(
            f"the Redis URL {settings.address} cannot be used ({error}); "
            "set REDIS_URL to something like redis://user:password@host:6379/0"
        ) from error


def close_unused(client: redis.Redis, seconds: float = UNUSED) -> None:
    """Close connections that were not used for so long; the pool opens them again when it must.

    Else it keeps as many as were ever in use at once. Any thread may.
    """
    idle: list[Any] = client.connection_pool._available_connections
    before = time.monotonic() + HEALTH_CHECK_INTERVAL - seconds
    closed = []
    for _ in range(len(idle)):
        try:
            # Those used last are taken from the end. This one is ours while it is being closed.
            one = idle.pop(0)
        except IndexError:
            break
        closed.append(one)
        if one.next_health_check > before:
            break
        one.disconnect()
    idle[:0] = closed


def _pool_of_url(url: str, options: dict[str, Any]) -> redis.ConnectionPool:
    scheme = urlsplit(url).scheme
    if scheme in SENTINEL_SCHEMES:
        return sentinel_pool(url, options)
    if scheme == "unix":
        del options["socket_keepalive"]
    pool = redis.ConnectionPool.from_url(url, **options)
    # In redis-py the URL wins over keyword arguments; the settings' credentials win over both.
    pool.connection_kwargs.update(
        {name: options[name] for name in ("username", "password") if name in options}
    )
    host = pool.connection_kwargs.get("host")
    if host in _ANY_ADDRESS:
        pool.connection_kwargs["host"] = _ANY_ADDRESS[host]
    return pool


def _options(settings: ConnectionSettings) -> dict[str, Any]:
    options: dict[str, Any] = {
        "socket_timeout": SOCKET_TIMEOUT,
        "socket_connect_timeout": CONNECT_TIMEOUT,
        "socket_keepalive": True,
        "health_check_interval": HEALTH_CHECK_INTERVAL,
        "retry": Retry(NoBackoff(), 0),
        # The default differs between redis-py 5 and 8, and with it the form of replies.
        "protocol": 2,
    }
    if settings.username is not None:
        options["username"] = settings.username
    if settings.password is not None:
        options["password"] = settings.password
    return options


def _port(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        shown = "no number" if "@" in text else f"{text!r}, which is not a number"
        raise ConfigurationError(f"REDIS_PORT is {shown}; set it to a port such as 6379") from None


def check_host(host: str, name: str) -> None:
    """Raise ConfigurationError if a URL, perhaps with a password, stands for a host."""
    if "/" in host or "@" in host:
        raise ConfigurationError(
            f"{name} is no name or address of a host: set it to one, or set REDIS_URL to a URL"
        )


def _check_url(url: str) -> None:
    if not is_readable(url):
        # Not chained: the parts that the parser found may belong to the password.
        raise ConfigurationError(
            f"the Redis URL cannot be read: {ENCODE}; "
            "set REDIS_URL to something like redis://user:password@host:6379/0"
        )
    scheme = urlsplit(url).scheme
    if scheme not in _SCHEMES:
        raise ConfigurationError(
            f"the Redis URL starts with {scheme + '://' if scheme else 'no scheme'}; "
            f"set REDIS_URL to one that starts with {', '.join(f'{s}://' for s in _SCHEMES)}"
        )
