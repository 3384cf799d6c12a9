"""How the API is configured: SERVICE_CONFIG names a class, everything else is its attributes or
variables of the environment, by the same names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from littleflow_redis.engine.store.keys import Keys
from littleflow_redis.events.connection import ConfigurationError, ConnectionSettings, check_host
from littleflow_redis.events.settings import settings_class

from .tokens import Token, read_tokens

#: Names by which a browser or a program on this machine calls it.
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})

#: Where the console stands by default.
CONSOLE_ORIGINS = ("http://localhost:8000", "http://127.0.0.1:8000")


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of the API. Every field has a default, and :meth:`read` says its variable."""

    connection: ConnectionSettings = field(default_factory=ConnectionSettings)
    keys: Keys = field(default_factory=Keys)
    tokens: tuple[Token, ...] = ()
    #: Host names that callers without a token may use, and with one if any is configured.
    hosts: frozenset[str] = LOCAL_NAMES
    hosts_given: bool = False
    #: Origins of web pages that may call the API, beside its own.
    origins: frozenset[str] = frozenset(CONSOLE_ORIGINS)
    #: Where archives may be written to and read from: beginnings of URIs.
    archives: tuple[str, ...] = ("s3://",)
    #: Bytes of a request's body at most.
    max_body: int = 4_000_000
    #: Bytes of an archive that is sent to be restored.
    max_archive: int = 32_000_000
    #: Levels of lists and objects in JSON.
    max_depth: int = 100
    #: Requests with a body that one caller may send per second, in bursts of twice as many; 0: any.
    rate: int = 200
    #: Event streams open at once.
    streams: int = 128
    #: Seconds that a request may take to arrive.
    arrival: int = 30

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read SERVICE_CONFIG and the environment. Raises ConfigurationError, saying what to set.

        REDIS_SERVICE (host[:port]) and REDIS_AUTH ([user:]password), else REDIS_URL or REDIS_HOST
        and so on. WORKFLOWS_STREAM, WORKFLOWS_KEY, INPROGRESS_KEY, LITTLEFLOW_NAMESPACE.
        LITTLEFLOW_API_TOKEN, …_TOKEN_FILE, …_HOSTS, …_ORIGINS, …_ARCHIVES (lists, by spaces or
        commas), …_MAX_BODY, …_MAX_ARCHIVE, …_MAX_DEPTH, …_RATE, …_STREAMS, …_ARRIVAL.
        """
        get = _Settings(os.environ if environ is None else environ)
        hosts = get.list("LITTLEFLOW_API_HOSTS")
        numbers = {
            name: get.number(f"LITTLEFLOW_API_{name.upper()}", default)
            for name, default in _numbers().items()
        }
        return cls(
            connection=_connection(get),
            keys=Keys(
                namespace=get.text("LITTLEFLOW_NAMESPACE"),
                stream=get.text("WORKFLOWS_STREAM", "workflows:run"),
                workflows=get.text("WORKFLOWS_KEY", "workflows:all"),
                inprogress=get.text("INPROGRESS_KEY", "workflows:inprogress"),
            ),
            tokens=_tokens(get),
            hosts=LOCAL_NAMES | {host.lower() for host in hosts},
            hosts_given=bool(hosts),
            origins=frozenset(get.list("LITTLEFLOW_API_ORIGINS") or CONSOLE_ORIGINS),
            archives=tuple(get.list("LITTLEFLOW_API_ARCHIVES") or ("s3://",)),
            **numbers,
        )


def _numbers() -> dict[str, int]:
    defaults = {f.name: f.default for f in fields(Config)}
    names = ("max_body", "max_archive", "max_depth", "rate", "streams", "arrival")
    return {name: int(str(defaults[name])) for name in names}


def _connection(get: _Settings) -> ConnectionSettings:
    service, auth = get.text("REDIS_SERVICE"), get.text("REDIS_AUTH")
    if not service and not auth:
        return ConnectionSettings.from_environment(get.environ)
    host, colon, port = service.rpartition(":")
    if not colon:
        host, port = service, "6379"
    check_host(host, "REDIS_SERVICE")
    if not port.isdecimal():
        raise ConfigurationError(
            f"REDIS_SERVICE is {service!r}: set it to a host, or host:port such as redis.local:6379"
        )
    user, _, password = auth.rpartition(":")
    return ConnectionSettings.from_environment(
        get.environ,
        host=host or None,
        port=int(port),
        username=user or None,
        password=password or None,
    )


def _tokens(get: _Settings) -> tuple[Token, ...]:
    entries = get.list("LITTLEFLOW_API_TOKEN")
    file = get.text("LITTLEFLOW_API_TOKEN_FILE")
    if file:
        try:
            entries += Path(file).read_text("utf-8").replace(",", " ").split()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"LITTLEFLOW_API_TOKEN_FILE cannot be read: {error}"
            ) from error
        if not entries:
            raise ConfigurationError("LITTLEFLOW_API_TOKEN_FILE names a file without a token")
    return read_tokens(entries)


class _Settings:
    """A setting is an attribute of the class that SERVICE_CONFIG names, else a variable."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self._class = settings_class(environ.get("SERVICE_CONFIG", ""))

    def _get(self, name: str) -> Any:
        value = getattr(self._class, name, None)
        return self.environ.get(name) if value is None else value

    def text(self, name: str, default: str = "") -> str:
        value = self._get(name)
        return default if value in (None, "") else str(value)

    def number(self, name: str, default: int) -> int:
        text = self.text(name, str(default)).replace("_", "")
        if not text.isdecimal():
            raise ConfigurationError(f"{name} is {text!r}: set it to a number such as {default}")
        return int(text)

    def list(self, name: str) -> list[str]:
        value = self._get(name)
        if isinstance(value, (list, tuple, set, frozenset)):
            return [str(one) for one in value]
        return [] if value is None else str(value).replace(",", " ").split()
