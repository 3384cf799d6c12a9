"""The context of a request: the engine's client, the configuration, the caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app, g

from littleflow_redis.engine.client import Client

from .config import Config
from .limits import Cap, RateLimit
from .tokens import Caller

_NAME = "littleflow"


@dataclass(slots=True)
class Context:
    """The parts of one application."""

    config: Config
    client: Client
    rate: RateLimit
    streams: Cap


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
