"""A thread that renews the entries in process, so that no other consumer claims them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from redis.exceptions import RedisError

from .logs import kv

#: Seconds between two renewals; entries can be claimed after five times as long.
RENEW_INTERVAL = 1.0


class Renewal:
    """Renews the held entries every ``interval`` seconds, until ``close``.

    ``renew`` takes ids and returns those still owned, like ``GroupReader.renew``. The thread
    sleeps while nothing is held.
    """

    def __init__(
        self,
        renew: Callable[[Collection[str]], Collection[str]],
        interval: float = RENEW_INTERVAL,
        log: logging.Logger | None = None,
    ) -> None:
        self._renew = renew
        self._interval = interval
        self._log = log or logging.getLogger(__name__)
        self._held: set[str] = set()
        self._lost: set[str] = set()
        self._changed = threading.Condition()
        self._asleep = False
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="littleflow-renewal", daemon=True)
        self._thread.start()

    @contextmanager
    def holding(self, id: str) -> Iterator[None]:
        """Hold an entry while the body runs."""
        self.hold(id)
        try:
            yield
        finally:
            self.let_go(id)

    def hold(self, id: str) -> None:
        """Renew this entry from now on."""
        with self._changed:
            self._held.add(id)
            if self._asleep:
                self._changed.notify()

    def let_go(self, id: str) -> None:
        """Stop renewing this entry."""
        with self._changed:
            self._held.discard(id)
            self._lost.discard(id)

    def close(self) -> None:
        """Stop the thread; held entries are not renewed any more."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while self._wait():
            with self._changed:
                ids = self._held - self._lost
            if ids:
                self._renew_all(ids)

    def _wait(self) -> bool:
        """Wait until an entry is held, then for one interval; return False when closed."""
        with self._changed:
            self._asleep = True
            self._changed.wait_for(lambda: self._held or self._closed)
            self._asleep = False
            return not self._changed.wait_for(lambda: self._closed, self._interval)

    def _renew_all(self, ids: set[str]) -> None:
        try:
            ours = self._renew(ids)
        except RedisError as error:
            # The stream's reader reports the outage; the next renewal may be in time.
            self._log.debug(kv("not-renewed", entries=len(ids), error=error))
            return
        with self._changed:
            lost = (ids - set(ours)) & self._held
            self._lost |= lost
        for id in sorted(lost):
            self._log.warning(
                kv("entry-lost", id=id, reason="acknowledged or claimed while in process")
            )
