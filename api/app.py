"""The application: what it is made of, and in which order."""

from __future__ import annotations

from importlib.metadata import version

import flask_smorest
from flask import Flask

from littleflow_redis.engine.client import Client
from littleflow_redis.events.connection import connect

from . import errors, security
from .config import Config
from .context import Context, set_context
from .limits import Cap, RateLimit
from .routes import blueprints
from .schemas.common import ErrorSchema

DESCRIPTION = """\
Workflows: start them, look at them, stop them, go on with them.

Ids are accepted with and without `workflow:`; times are ISO 8601, UTC. Every error has the same
form: `code` is the HTTP status, `error` a word that stays the same, `message` says what to do next.
Every address works with and without a slash at its end. Callers send `Authorization: Bearer TOKEN`;
where no token is configured, only programs on the same machine are answered.
"""


class _Api(flask_smorest.Api):  # type: ignore[misc]
    """flask-smorest's, with our form of errors."""

    ERROR_SCHEMA = ErrorSchema

    def _register_error_handlers(self) -> None:
        errors.register(self._app)


def create_app(config: Config | None = None, *, client: Client | None = None) -> Flask:
    """Make the WSGI application; nothing is sent to Redis yet.

    Without ``config`` SERVICE_CONFIG and the environment are read; ``client`` overrides what they
    say of Redis. Raises ConfigurationError.
    """
    config = config or Config.read()
    client = client or Client(redis=connect(config.connection), keys=config.keys)
    app = Flask("littleflow_redis.api", static_folder=None)
    app.config.update(
        API_TITLE="littleflow_redis",
        API_VERSION=version("littleflow_redis"),
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={
            "info": {"description": DESCRIPTION},
            # Served below whatever address a proxy gives it.
            "servers": [{"url": "/"}],
            "security": [{"bearer": []}, {}],
        },
        MAX_CONTENT_LENGTH=max(config.max_body, config.max_archive),
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.compact = True  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    set_context(app, Context(config, client, RateLimit(config.rate), Cap(config.streams)))
    security.install(app)
    api = _Api(app)
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    for blueprint in blueprints():
        api.register_blueprint(blueprint)
    return app
