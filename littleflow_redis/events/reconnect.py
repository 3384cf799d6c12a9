"""Waits for Redis, and repeats work that an outage interrupted."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

import redis
from redis.exceptions import (
    AuthenticationError,
    ConnectionError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError,
)

from .cluster import is_of_cluster, refuse_cluster, sentence
from .connection import ConfigurationError
from .logs import kv
from .shutdown import Stop

#: Seconds before the second try; each later wait is twice as long.
_FIRST_WAIT = 0.1

#: Seconds between two tries at most: the time within which a server that is back is noticed.
_LONGEST_WAIT = 1.0

_NEXT = f"retry, at most every {_LONGEST_WAIT:g} s"

#: Seconds of work after which an error counts as a new outage, with a log line of its own.
_SETTLED = 5.0

#: Errors of a server that cannot serve now: no connection yet, a failover, memory used up.
_TEMPORARY = (
    ConnectionError,
    TimeoutError,
    ReadOnlyError,
    OutOfMemoryError,
)

#: Refusals without a class in redis-py (a script runs too long, a disk is full, replicas are away),
#: and those that a script caught and returned as text.
_REFUSALS = ("BUSY ", "MISCONF ", "NOREPLICAS ", "OOM ", "READONLY ")

_CODES: Mapping[type[RedisError], str] = {OutOfMemoryError: "OOM ", ReadOnlyError: "READONLY "}

#: Redis 6.2 puts this before the error of a command inside a script; the error itself comes last.
_WRAPPED = "Error running script"


def is_temporary(error: RedisError) -> bool:
    """Return whether the same call can succeed later, unchanged."""
    if isinstance(error, AuthenticationError):
        return False
    return isinstance(error, _TEMPORARY) or bool(refusal_of(error))


def refusal_of(error: RedisError) -> str:
    """The reason of a server that answers and refuses to write now, with its code; else empty."""
    if isinstance(error, (ConnectionError, TimeoutError)):
        return ""
    text = str(error)
    if text.startswith(_WRAPPED):
        text = text.rpartition(": -")[2]
    # redis-py takes the code away for which it has a class.
    if text.startswith(_REFUSALS):
        return text
    code = _CODES.get(type(error))
    return f"{code}{text}" if code else ""


class Outage:
    """Repeats a client's work through outages of Redis; logs one line when one begins and ends.

    ``address`` is the server's name in the log. ``stop`` ends every wait. A node of a Redis Cluster
    is refused unless ``clustered``.
    """

    def __init__(
        self,
        client: redis.Redis,
        stop: Stop,
        log: logging.Logger,
        address: str | None = None,
        *,
        clustered: bool = False,
    ) -> None:
        self._client = client
        self._stop = stop
        self._log = log
        self._address = address or address_of(client)
        self._clustered = clustered
        self._since: float | None = None
        self._refusal = ""
        self._wait = _FIRST_WAIT

    def run(self, work: Callable[[], object]) -> None:
        """Call ``work`` until it returns or stop is set; after a temporary error, call it again.

        Raises ConfigurationError if Redis refuses the credentials or is a cluster. Any other
        permanent error of Redis is raised as it is.
        """
        while self.wait_for_redis():
            started = time.monotonic()
            try:
                work()
            except RedisError as error:
                if is_of_cluster(error) and not self._clustered:
                    raise ConfigurationError(sentence(self._address)) from error
                if not is_temporary(error):
                    raise
                if time.monotonic() - started > _SETTLED:
                    self._wait, self._refusal = _FIRST_WAIT, ""
                self._lost(error)
                self._pause()
            else:
                return

    def wait_for_redis(self) -> bool:
        """Wait until the server answers; return False if stop came first.

        Raises ConfigurationError if it refuses the credentials, or is a cluster.
        """
        for _ in self._stop.turns():
            try:
                self._client.ping()
                if not self._clustered:
                    refuse_cluster(self._client, self._address)
            except (AuthenticationError, NoPermissionError) as error:
                raise ConfigurationError(
                    f"Redis at {self._address} refuses the credentials ({error}); "
                    "set REDIS_USERNAME and REDIS_PASSWORD"
                ) from error
            except (ConnectionError, TimeoutError, ResponseError) as error:
                if not is_temporary(error):
                    raise
                self._lost(error)
                self._pause()
            else:
                self._found()
                return True
        return False

    def _lost(self, error: RedisError) -> None:
        if not isinstance(error, (ConnectionError, TimeoutError)):
            self._refused(str(error))
        elif self._since is None:
            self._since = time.monotonic()
            self._log.warning(kv("redis-waiting", address=self._address, error=error, next=_NEXT))

    def _refused(self, reason: str) -> None:
        # The server still answers PING: without this check there would be a line a second.
        if reason != self._refusal:
            self._refusal = reason
            self._log.warning(kv("redis-refuses", address=self._address, error=reason, next=_NEXT))

    def _found(self) -> None:
        if self._since is not None:
            waited = time.monotonic() - self._since
            self._since = None
            self._log.info(kv("redis-connected", address=self._address, waited=waited))

    def _pause(self) -> None:
        self._stop.wait(self._wait)
        self._wait = min(2 * self._wait, _LONGEST_WAIT)


def wait_for_redis(client: redis.Redis, stop: Stop, log: logging.Logger) -> bool:
    """Wait until the server answers, with one log line before and one after; False if stopped.

    Raises ConfigurationError if it refuses the credentials.
    """
    return Outage(client, stop, log).wait_for_redis()


def address_of(client: redis.Redis) -> str:
    """The server of a client for logs and errors, without any secret."""
    options = client.get_connection_kwargs()
    if "path" in options:
        return f"unix://{options['path']}"
    service = getattr(client.connection_pool, "service_name", None)
    if service is not None:
        return f"sentinel service {service}"
    return f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
