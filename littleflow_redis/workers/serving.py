"""Serving a WSGI application as a process: HOST[:PORT], waitress, signals."""

from __future__ import annotations

import logging
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from waitress.server import create_server

from littleflow_redis.events.connection import ConfigurationError
from littleflow_redis.events.logs import kv

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LOG = logging.getLogger("littleflow_redis")

#: Where a service listens unless it is told otherwise.
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104


class Address(NamedTuple):
    """Where to listen."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str, port: int) -> Self:
        """Read ``HOST[:PORT]``, ``:PORT`` or ``[IPv6][:PORT]``; ``port`` is the default.

        Raises ConfigurationError.
        """
        host, colon, digits = text.rpartition(":")
        if not colon or text.endswith("]"):
            host, digits = text, str(port)
        if not digits.isdecimal() or int(digits) > 65535 or ":" in host.strip("[]") != "[" in host:
            raise ConfigurationError(
                f"{text!r} is no address; write it as HOST, HOST:PORT or [::1]:PORT"
            )
        return cls(host.strip("[]") or EVERY_ADDRESS, int(digits))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def serve(app: WSGIApplication, address: Address, name: str, **options: Any) -> None:
    """Serve ``app`` until SIGTERM or SIGINT; requests in hand get their answers.

    ``options`` are waitress's. To be called in the main thread. Raises ConfigurationError when the
    address cannot be had.
    """
    try:
        server = create_server(app, host=address.host, port=address.port, ident=None, **options)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {address}: {error.strerror}; name another HOST:PORT"
        ) from error
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    # The server takes the exit as its end; before it runs, nobody does.
    with suppress(SystemExit):
        LOG.info(kv("ready", service=name, address=address))
        server.run()
    LOG.info(kv("stopped", service=name))


def _stop(number: int, _frame: object) -> None:
    LOG.info(kv("stopping", signal=signal.Signals(number).name))
    signal.signal(number, signal.SIG_DFL)
    sys.exit()
