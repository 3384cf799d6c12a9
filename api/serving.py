"""Serving with waitress: its limits, and its own errors in our form."""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from flask import Flask
from waitress import create_server
from waitress.channel import HTTPChannel
from waitress.task import ErrorTask

from littleflow_redis.events.logs import kv

from .config import Config

LOG = logging.getLogger("littleflow_redis.service")

#: Threads beside those of event streams: requests answered at once.
REQUESTS = 16

#: Connections beside those of event streams; further ones wait to be accepted.
CONNECTIONS = 500

#: Seconds after which a connection that does nothing is closed.
IDLE = 60

#: What waitress refuses by itself: words of ours for its statuses.
_WORDS = {
    400: ("bad-request", "this is not HTTP as it should be: look at the client"),
    413: ("too-large", "the body is too large: send less"),
    431: ("headers-too-large", "the headers are too large: send less"),
    501: ("not-implemented", "this transfer coding is not known: send chunked, or none"),
}


class _ErrorTask(ErrorTask):  # type: ignore[misc]
    """Reports requests that waitress refuses itself, in the form of all errors."""

    def execute(self) -> None:
        status = self.request.error.code
        word, message = _WORDS.get(status, ("http-error", "the request was refused"))
        body = {"code": status, "status": "Error", "error": word, "message": message}
        raw = json.dumps(body).encode()
        self.status = f"{status} {self.request.error.reason}"
        self.response_headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(raw))),
            ("X-Content-Type-Options", "nosniff"),
            ("Connection", "close"),
        ]
        self.set_close_on_finish()
        self.content_length = len(raw)
        self.write(raw)


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection whose requests may not arrive drop by drop."""

    error_task_class = _ErrorTask
    #: Seconds that a request may take to arrive; set by :func:`make_server`.
    arrival = 30.0
    _begun: float | None = None

    def received(self, data: bytes) -> bool:
        now = time.monotonic()
        if self.request is None:
            self._begun = now
        elif self._begun is not None and now - self._begun > self.arrival:
            LOG.warning(kv("too-slow", peer=self.addr[0], seconds=self.arrival))
            self.will_close = True
            return False
        return bool(super().received(data))


def make_server(app: Flask, config: Config, host: str, port: int) -> Any:
    """A server that listens; ``run`` serves. Port 0 is any. Raises OSError."""
    sockets: dict[int, Any] = {}
    server = create_server(
        app,
        map=sockets,
        host=host,
        port=port,
        threads=config.streams + REQUESTS,
        connection_limit=config.streams + CONNECTIONS,
        max_request_body_size=max(config.max_body, config.max_archive),
        channel_timeout=IDLE,
        # One more request is read while one is answered: this is how a client that left is noticed.
        channel_request_lookahead=1,
        # Events go out when they come, however short they are.
        send_bytes=1,
        # What a proxy adds is what tells that there is one.
        clear_untrusted_proxy_headers=False,
        asyncore_use_poll=True,
        ident="littleflow_redis",
    )
    channel = type("Channel", (_Channel,), {"arrival": float(config.arrival)})
    for one in sockets.values():
        if hasattr(one, "channel_class"):
            one.channel_class = channel
    return server


def serve(server: Any, begun: Callable[[], None], ending: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; then finish the requests in hand. A second signal quits.

    ``begun`` is called once signals are handled: from then on it can be stopped.
    ``ending`` ends the requests that would go on for ever.
    """
    received: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if len(received) > 1:
            os.write(2, b"event=quit reason=second-signal\n")
            os._exit(128 + number)
        # A handler waits for no lock: what holds it may be what it interrupted.
        threading.Thread(target=ending, name="ending", daemon=True).start()
        raise SystemExit

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        # The server takes the exit as its end; before it runs, nobody does.
        with suppress(SystemExit):
            begun()
            server.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    LOG.info(kv("stopped", signal=signal.Signals(received[0]).name if received else None))
