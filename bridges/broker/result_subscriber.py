"""Hearing of results the moment they are stored: the fast path.

The Redis backend publishes every record it stores on a channel named like its key, so a message
holds all that a read would give. Messages reach only who listens then; whatever was missed is
found by the sweep, which is the truth (:mod:`littleflow_redis.bridges.broker.results`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

from redis.client import PubSub
from redis.exceptions import RedisError, TimeoutError

from littleflow_redis.events.connection import ConfigurationError
from littleflow_redis.events.logs import kv
from littleflow_redis.events.portion import ByteRoom
from littleflow_redis.events.reconnect import Outage
from littleflow_redis.events.shutdown import Stop

from ..calls.task_ids import escape_pattern, id_prefix
from ..ends.task_result import TaskResult
from .backends import publishes_results
from .results import Results

_log = logging.getLogger("littleflow_redis.bridge")

#: Messages that wait to be taken. Beyond it they are dropped, and ``missed`` is set: a sweep costs
#: less than an unbounded queue.
QUEUE_SIZE = 10_000

#: Seconds between two looks for the request to stop.
_LOOK = 0.2

#: Seconds of silence after which the server is asked for a sign of life, and twice as many after
#: which the connection is given up: a firewall may have dropped it without a word.
_SILENCE = 15.0


class ResultSubscriber:
    """Listens for the results of some categories in a thread of its own; a context manager.

    ``missed`` is set whenever results may have been stored unheard: at each (re)connection, and
    when messages were dropped. Who sweeps clears it first. With a backend that does not publish,
    nothing is ever heard. ``linger`` says for how many seconds messages may lie with the server
    before they are fetched: many at once cost less.
    """

    def __init__(
        self,
        results: Results,
        categories: Iterable[str],
        linger: Callable[[], float] = float,
    ) -> None:
        self._linger = linger
        self.missed = threading.Event()
        self._results = results
        self._patterns = [
            escape_pattern(results.key_prefix + id_prefix(category).encode()) + b"*"
            for category in categories
        ]
        self._heard: deque[tuple[str, bytes | str]] = deque()
        self._room = ByteRoom()
        #: Something was heard, or whoever waits is to look up.
        self._rang = threading.Event()
        self._stop = Stop()
        self._thread = threading.Thread(target=self._run, name="bridge-watch", daemon=True)

    def __enter__(self) -> Self:
        self.missed.set()
        if publishes_results(self._results.backend):
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def take(self, timeout: float, limit: int = 256) -> list[TaskResult]:
        """Return what was heard, up to ``limit`` records of any state.

        Waits up to ``timeout`` seconds for the first; returns early and empty after ``wake`` or
        when ``missed`` is set.
        """
        if not self._heard:
            self._rang.wait(timeout)
        # Before the messages are taken: one that comes meanwhile rings again.
        self._rang.clear()
        count = min(len(self._heard), limit)
        return [self._read(*self._heard.popleft()) for _ in range(count)]

    def wake(self) -> None:
        """Let a waiting ``take`` return."""
        self._rang.set()

    def _read(self, id: str, payload: bytes | str) -> TaskResult:
        self._room.give(len(payload))
        return self._results.read(id, payload)

    def _run(self) -> None:
        backend = self._results.backend
        try:
            Outage(backend.client, self._stop, _log, backend.as_uri(), clustered=True).run(
                self._listen
            )
        except (ConfigurationError, RedisError) as error:
            hint = "the user of result_backend needs the right to PSUBSCRIBE"
            _log.error(kv("results-unheard", error=error, next=f"sweeping only; {hint}"))

    def _listen(self) -> None:
        with self._results.backend.client.pubsub() as pubsub:
            pubsub.psubscribe(*self._patterns)
            connection: Any = pubsub.connection
            heard = time.monotonic()
            while not self._stop.is_set():
                if connection.can_read(timeout=_LOOK):
                    heard = time.monotonic()
                    self._drain(pubsub, connection)
                    self._rang.set()
                    self._stop.wait(self._linger())
                else:
                    self._check(pubsub, time.monotonic() - heard)

    def _drain(self, pubsub: PubSub, connection: Any) -> None:
        """Handle all that has arrived, past ``get_message``, which costs ten times as much."""
        while connection.can_read(timeout=0):
            reply = connection.read_response(push_request=True)
            if isinstance(reply, list) and reply[0] in (b"pmessage", "pmessage"):
                self._put((self._results.id_of(reply[2]), reply[3]))
            elif (message := pubsub.handle_message(reply)) and message["type"] == "psubscribe":
                # What was stored before was not heard.
                self.missed.set()

    def _check(self, pubsub: PubSub, silence: float) -> None:
        if silence > 2 * _SILENCE:
            raise TimeoutError(f"the result backend was silent for {silence:.0f} s")
        if silence > _SILENCE:
            pubsub.ping()

    def _put(self, message: tuple[str, bytes | str]) -> None:
        if len(self._heard) < QUEUE_SIZE and self._room.take(len(message[1])):
            self._heard.append(message)
        else:
            self.missed.set()
