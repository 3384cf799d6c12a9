"""Threads that do their work through outages, and through faults that nobody foresaw."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from littleflow_redis.engine.client import Client
from littleflow_redis.events.logs import kv
from littleflow_redis.events.reconnect import Outage
from littleflow_redis.events.shutdown import Stop

LOG = logging.getLogger("littleflow_redis.worker")

#: Seconds after which work that has failed is tried again.
PAUSE = 1.0


def supervised(client: Client, stop: Stop, name: str, work: Callable[[], None]) -> threading.Thread:
    """A thread that works until ``work`` returns or ``stop`` is set.

    A process whose heart beats keeps others from what it holds: none of its threads may end before.
    """

    def run() -> None:
        while not stop.is_set():
            try:
                Outage(client.redis, stop, LOG).run(work)
                return
            except Exception:
                LOG.exception(kv("thread-failed", thread=name, next=f"again in {PAUSE:g} s"))
                stop.wait(PAUSE)

    return threading.Thread(target=run, name=f"littleflow-{name}", daemon=True)
