"""The lifecycle worker among others: idle, stopped, dead."""

from __future__ import annotations

import threading
import time

from littleflow_redis.engine.client import Client
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import wait_until

from .support import Player


def test_an_idle_worker_reacts_at_once_and_asks_little(engine: Client) -> None:
    worker = LifecycleWorker(Client(redis=engine.redis))
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        player = Player(engine, lambda task: 1)
        wait_until(lambda: worker.following._next is not None, "the worker waits")
        before = engine.redis.info("stats")["total_commands_processed"]
        began = time.monotonic()
        while time.monotonic() - began < 2:
            worker.stop.wait(0.5)
        asked = engine.redis.info("stats")["total_commands_processed"] - before
        assert asked < 30, f"{asked} commands in two idle seconds"
        workflow = engine.start("A → B")
        wait_until(
            lambda: player.turn() >= 0 and engine.state(workflow).state.ended, "it ended", timeout=2
        )
    finally:
        worker.stop.set()
        thread.join(timeout=5)
    assert not thread.is_alive()
    groups = engine.redis.xinfo_consumers(engine.keys.events, "ending")
    assert groups == []
