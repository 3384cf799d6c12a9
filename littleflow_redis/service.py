"""``python -m littleflow_redis.service [HOST[:PORT]]``: the HTTP API.

WSGI servers take ``littleflow_redis.service:service``.
"""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from littleflow_redis.events.connection import ConfigurationError
from littleflow_redis.events.logs import configure_logging, kv
from littleflow_redis.workers.wsgi_server import Address, listening

if TYPE_CHECKING:
    from flask import Flask

LOG = logging.getLogger("littleflow_redis.service")

#: Where it listens by default, on every address: who may call is decided by tokens, or by being on
#: this machine.
PORT = 5000

USAGE = """\
Usage: python -m littleflow_redis.service [HOST[:PORT]]

The HTTP API. Default: 0.0.0.0:5000. Without a token it answers only programs on this machine:
LITTLEFLOW_API_TOKEN sets one. docs/api.md lists the variables of the environment."""


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal; return the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    if len(words) > 1 or any(word.startswith("-") for word in words):
        asked = words in (["-h"], ["--help"])
        sys.stderr.write("" if asked else USAGE + "\n")
        sys.stdout.write(USAGE + "\n" if asked else "")
        return 0 if asked else 2
    try:
        configure_logging(os.environ.get("LOG_LEVEL") or "info")
        _serve(Address.parse(words[0] if words else "", PORT))
    except (ConfigurationError, OSError) as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    return 0


def _serve(address: Address) -> None:
    from redis.exceptions import ConnectionError, TimeoutError

    from littleflow_redis.api.app import create_app
    from littleflow_redis.api.config import Config
    from littleflow_redis.api.serving import make_server, serve
    from littleflow_redis.engine.client import Client
    from littleflow_redis.events.cluster import refuse_cluster
    from littleflow_redis.events.connection import connect

    config = Config.read()
    client = Client(redis=connect(config.connection), keys=config.keys)
    with suppress(ConnectionError, TimeoutError):  # It may come later.
        refuse_cluster(client.redis, config.connection.address)
    app = create_app(config, client=client)
    with listening(address):
        server = make_server(app, config, address.host, address.port)
    if not config.tokens:
        LOG.warning(
            kv(
                "no-token",
                answers="programs on this machine only",
                next="set LITTLEFLOW_API_TOKEN, always behind a proxy",
            )
        )

    def announce() -> None:
        redis = config.connection.address
        for at, on in _addresses(server):
            LOG.info(kv("serving", host=at, port=on, redis=redis, docs="/apidocs/"))

    serve(server, announce, client.feed.close)


def _addresses(server: Any) -> list[tuple[str, int]]:
    found = getattr(server, "effective_listen", None)
    return found or [(server.effective_host, server.effective_port)]


def __getattr__(name: str) -> Flask:
    # Made when a WSGI server asks for it: importing this module needs no configuration.
    if name != "service":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from littleflow_redis.api.app import create_app

    app = globals()["service"] = create_app()
    return app


if __name__ == "__main__":
    sys.exit(main())
