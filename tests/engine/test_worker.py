"""The lifecycle worker among others: idle, stopped, dead."""

from __future__ import annotations

import threading
import time

from littleflow_redis.engine.client import Client
from littleflow_redis.events.script_batch import run_batch
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import LONG, wait_until

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
        worker.stop.wait(2)
        asked = engine.redis.info("stats")["total_commands_processed"] - before
        idle = time.monotonic() - began
        assert asked < 15 * idle, f"{asked} commands in {idle} idle seconds"
        workflow = engine.start("A → B")
        wait_until(lambda: player.turn() >= 0 and engine.state(workflow).state.ended, "it ended")
    finally:
        worker.stop.set()
        thread.join(LONG)
    assert not thread.is_alive()
    groups = engine.redis.xinfo_consumers(engine.keys.events, "ending")
    assert groups == []


def test_thousands_of_timers_are_told_at_once(engine: Client) -> None:
    """A worker with many stuck timers asks for as many more; from 8,000 on its script raised."""
    engine.redis.zadd(engine.keys.timers, {f"later|workflow:w|1|{n}": 0 for n in range(9000)})
    (reply,) = run_batch(engine.redis, [engine.transitions.due_timers(9000)])
    wait, members = engine.transitions.read_due_timers(reply)
    assert (wait, len(members)) == (0, 9000)
    engine.redis.delete(engine.keys.timers)
