"""How a worker's consumer learns that tasks wait for it: one way for each kind of loop."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from kombu.utils.compat import detect_environment

from littleflow_redis.events.logs import kv

LOG = logging.getLogger("littleflow_redis.worker")

#: Seconds between two looks where nothing can wake: while tasks are in hand, and while none are.
BUSY, IDLE = 0.01, 0.1

#: Seconds between two looks whether the broker has brought the next task.
SHORT = 0.001

#: Seconds after which the consumer looks at its broker between two steps. For as long a task that
#: the broker has brought shows that it may have more.
LONGEST = 0.05

#: Works off the inbox, and says whether there was anything in it.
Pump = Callable[..., bool]


class Wakeup:
    """Has the pump called where Celery's own work is done, soon after any thread has called it.

    ``busy``: whether there is anything that may soon wait.
    """

    def __init__(self) -> None:
        self.pump: Pump = lambda: False
        self.busy: Callable[[], bool] = lambda: False
        #: How many tasks the broker has brought, and when the last (as of ``time.monotonic``).
        self.brought, self.brought_at = 0, 0.0

    def message_came(self) -> None:
        """The broker has brought a task, and the pool has it."""
        self.brought += 1
        self.brought_at = time.monotonic()

    @property
    def sharing(self) -> bool:
        """Whether the broker may have more."""
        return time.monotonic() < self.brought_at + LONGEST

    def __call__(self) -> None:
        """Something waits."""

    def connected(self, consumer: Any) -> None:
        """A consumer has connected, anew or for the first time."""

    def register(self, hub: Any) -> None:
        """The event loop of a connection begins."""

    def seen(self) -> None:
        """The pump is at work."""

    def slot(self, pool: Any) -> None:
        """Wait until the pool takes a task without keeping the caller."""

    def close(self) -> None:
        """Close its descriptors, in a process that has only inherited them."""


class PipeWakeup(Wakeup):
    """Of an event loop: a descriptor that is readable."""

    def __init__(self) -> None:
        super().__init__()
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        os.set_blocking(self._write_end, False)

    def __call__(self) -> None:
        # If it is full, the consumer wakes anyway.
        with suppress(BlockingIOError):
            os.write(self._write_end, b"\0")

    def register(self, hub: Any) -> None:
        # After each connection: a hub that was reset has dropped its readers.
        hub.add_reader(self._read_end, self.pump)

    def seen(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._read_end, 4096)

    def close(self) -> None:
        os.close(self._read_end)
        os.close(self._write_end)


class GreenWakeup(Wakeup):
    """Of greenlets, which all run in one thread: a greenlet of its own brings tasks to the pool.

    The consumer's greenlet waits for its broker alone. Celery's own timers bring tasks to the pool
    from other greenlets, too.
    """

    def __init__(self) -> None:
        super().__init__()
        self._seen = 0
        self._event = threading.Event()
        self._thread = threading.Thread(target=self._run, name="littleflow-pump", daemon=True)

    def __call__(self) -> None:
        self._event.set()

    def connected(self, _consumer: Any) -> None:
        if not self._thread.is_alive():
            self._thread.start()

    def seen(self) -> None:
        self._event.clear()

    def slot(self, pool: Any) -> None:
        # The broker's next task comes first: the consumer has it soon, and waits for a slot, too.
        while self.brought == self._seen and self.sharing:
            time.sleep(SHORT)
        self._seen = self.brought
        # A task that waits within the pool can be handed back no more.
        greenlets = pool._pool
        if hasattr(greenlets, "wait_available"):
            greenlets.wait_available()
        else:
            # A pool of eventlet whose semaphore somebody else waits for does not see its end.
            while greenlets.free() <= 0:
                time.sleep(BUSY)

    def _run(self) -> None:
        while True:
            self._event.wait()
            self._event.clear()
            try:
                self.pump()
            except Exception:
                LOG.exception(kv("thread-failed", thread="pump", next="it goes on"))
            # An event that is set again lets nobody else run.
            time.sleep(0)


class LookUp(Wakeup):
    """Of a loop that only waits for its broker: it looks up from that in between."""

    def connected(self, consumer: Any) -> None:
        connection = consumer.connection
        drain = connection.drain_events

        def drain_events(timeout: float | None = None, **kwargs: Any) -> Any:
            until = time.monotonic() + (2.0 if timeout is None else timeout)
            while True:
                ran = self.pump()
                try:
                    return drain(timeout=BUSY if self.busy() else IDLE, **kwargs)
                except TimeoutError:
                    # Where tasks run in this thread, the worker has to see that it is to stop.
                    if ran or time.monotonic() >= until:
                        raise

        connection.drain_events = drain_events
        LOG.debug(kv("no-event-loop", transport=connection.transport.driver_type))


def wakeup_of(worker: Any) -> Wakeup:
    """The one that fits a worker's loop."""
    if worker.use_eventloop:
        return PipeWakeup()
    return LookUp() if detect_environment() == "default" else GreenWakeup()
