"""Running a worker as a process: waiting for Redis, signals, one line for each change."""

from __future__ import annotations

import logging
import os
from typing import Protocol

from littleflow_redis.engine.client import Client
from littleflow_redis.events.heartbeat_file import HeartbeatFile
from littleflow_redis.events.logs import kv
from littleflow_redis.events.reconnect import Outage, address_of
from littleflow_redis.events.shutdown import Stop, stop_on_signals

LOG = logging.getLogger("littleflow_redis")


class Worker(Protocol):
    """The work of a process. ``run`` works until ``stop`` and raises what Redis raises."""

    client: Client
    stop: Stop

    def run(self) -> None: ...


def run_worker(worker: Worker, name: str, **about: object) -> None:
    """Run a worker until SIGTERM or SIGINT, through all times when Redis is away.

    It finishes the work in hand; a second signal quits. ``about`` stands in the line that says
    that it is ready. LITTLEFLOW_HEALTH_FILE names a file that is touched while it works, for
    ``health``. To be called in the main thread. Raises ConfigurationError.
    """
    worker.stop.pulse = HeartbeatFile.of(os.environ)
    with stop_on_signals(worker.stop, LOG):
        work_through_outages(worker, name, **about)
    LOG.info(kv("stopped", worker=name))


def work_through_outages(worker: Worker, name: str, **about: object) -> None:
    """Run a worker until its ``stop`` is set; after an outage of Redis, go on."""
    logged = False

    def work() -> None:
        nonlocal logged
        if not logged:
            logged = True
            LOG.info(kv("ready", worker=name, **about, redis=address_of(worker.client.redis)))
        worker.run()

    Outage(worker.client.redis, worker.stop, LOG).run(work)
