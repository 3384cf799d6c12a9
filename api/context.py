"""The context of a request: the engine's client, the configuration, the caller."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import cast

from flask import Flask, current_app, g
from redis.exceptions import RedisError

from littleflow_redis.engine.client import Client
from littleflow_redis.events.shutdown import Pace

from .config import Config
from .limits import Cap, RateLimit
from .tokens import Caller

_NAME = "littleflow"

#: Seconds for which the outcome of one write holds.
PROBE_EVERY = 1.0


class WriteProbe:
    """Sees whether Redis takes writes, by a small one at most once a second."""

    def __init__(self) -> None:
        self._pace = Pace(PROBE_EVERY)
        self._lock = threading.Lock()
        self._error: RedisError | None = None

    def check(self, engine: Client) -> None:
        """Raises RedisError if the last one was refused."""
        with self._lock:
            if self._pace.due():
                self._error = None
                try:
                    engine.check_writable()
                except RedisError as error:
                    self._error = error
            if self._error is not None:
                raise self._error


@dataclass(slots=True)
class Context:
    """The parts of one application."""

    config: Config
    client: Client
    rate: RateLimit
    streams: Cap
    probe: WriteProbe = field(default_factory=WriteProbe)


def set_context(app: Flask, context: Context) -> None:
    app.extensions[_NAME] = context


def context() -> Context:
    """The parts of this application."""
    return cast("Context", current_app.extensions[_NAME])


def client() -> Client:
    """The engine's door."""
    return context().client


def caller() -> Caller:
    """The caller."""
    return cast("Caller", g.caller)


def request_id() -> str:
    """How this request is called in logs and answers; set before anything else."""
    return str(g.get("request_id", ""))
