"""Serving a WSGI application as a process: HOST[:PORT], waitress, signals."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
        # The length comes first: Python reads no number of thousands of digits.
        known = digits.isdecimal() and len(digits) <= 5 and int(digits) <= 65535
        if not known or ":" in host.strip("[]") != "[" in host:
            raise ConfigurationError(
                f"{text!r} is no address; write it as HOST, HOST:PORT or [::1]:PORT"
            )
        return cls(host.strip("[]") or EVERY_ADDRESS, int(digits))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@contextmanager
def listening(address: Address) -> Iterator[None]:
    """Raises ConfigurationError where waitress finds that the address cannot be had."""
    try:
        yield
    except (OSError, ValueError) as error:
        # A host that has no address is a ValueError of waitress's.
        reason = getattr(error, "strerror", None) or str(error).rstrip(".")
        raise ConfigurationError(
            f"cannot listen on {address}: {reason}; name another HOST:PORT"
        ) from error


def serve(app: WSGIApplication, address: Address, name: str, **options: Any) -> None:
    """Serve ``app`` until SIGTERM or SIGINT; requests in hand get their answers.

    ``options`` are waitress's. To be called in the main thread. Raises ConfigurationError when the
    address cannot be had.
    """
    with listening(address):
        server = create_server(app, host=address.host, port=address.port, ident=None, **options)
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
