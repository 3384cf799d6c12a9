"""What workflows cost while they wait, and how fast they go on when all are due in the same second.

``python -m benchmarks.timers [COUNT [delay | event]]``, by default 100,000 workflows in
``wait:delay`` and then as many in ``wait:event``, each on a fresh server. The worker runs in this
process, so its processor time can be read; one lifecycle worker does all.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from benchmarks.cputime import seconds_of
from benchmarks.server import Server, server, version
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.task_events import end_fields, kind_of, start_task
from littleflow_redis.events.event_codec import encode
from littleflow_redis.workers.lifecycle import LifecycleWorker

#: Workflows of each kind, unless the first argument says another number.
COUNT = 100_000

#: Seconds for which the idle cost is measured.
IDLE = 5.0

#: Members of one ZADD, and events of one pipeline.
_SLICE = 5_000


@dataclass(frozen=True, slots=True)
class Bench:
    """A server, a client and the one worker."""

    server: Server
    client: Client
    worker: LifecycleWorker

    @property
    def cpu(self) -> tuple[float, float]:
        """Processor seconds of the worker's process and of the server."""
        return time.process_time(), seconds_of(self.server.running.process.pid)

    @property
    def memory(self) -> int:
        info: Any = self.client.redis.info("memory")
        return int(info["used_memory"])

    @property
    def running(self) -> int:
        count: Any = self.client.redis.scard(self.client.keys.running)
        return int(count)

    def settle(self) -> None:
        while self.worker.turn():
            pass


def waiting(bench: Bench, text: str, count: int) -> None:
    """Start the workflows; print what each takes, and what all cost while they wait."""
    before, began = bench.memory, time.monotonic()
    for number in range(count):
        bench.client.start(text, {"n": number})
        if number % 200 == 0:
            bench.settle()
    bench.settle()
    print(f"  started in {time.monotonic() - began:.1f} s")
    print(f"  {(bench.memory - before) / count:.0f} bytes per waiting workflow")
    cpu, until = bench.cpu, time.monotonic() + IDLE
    while (left := until - time.monotonic()) > 0:
        bench.worker.turn(min(left, 1.0))
    worker, redis_ = (now - then for now, then in zip(bench.cpu, cpu, strict=True))
    print(f"  while waiting: worker {worker / IDLE:.2%}, server {redis_ / IDLE:.2%} of a core")


def drain(bench: Bench, release: Callable[[], None]) -> None:
    """Release all; an end that is sent after them shows whether events starve."""
    other = bench.client.start("A")
    sent: Any = bench.client.redis.xrevrange(bench.client.keys.events, count=1)
    assert kind_of(sent[0][1]) == "start-task"
    task = start_task(sent[0][0].decode(), sent[0][1])
    bench.settle()
    count, cpu = bench.running - 1, bench.cpu
    release()
    began, ended = time.monotonic(), 0.0
    end: Any = encode(end_fields(task))
    bench.client.redis.xadd(bench.client.keys.events, end)
    while bench.running:
        bench.worker.turn(0.1)
        if not ended and bench.client.views.state(other).ended:
            ended = time.monotonic() - began
    took = time.monotonic() - began
    worker, redis_ = (now - then for now, then in zip(bench.cpu, cpu, strict=True))
    print(f"  {count} drained in {took:.1f} s, {count / took:.0f}/s")
    print(f"  processor: worker {worker:.1f} s, server {redis_:.1f} s")
    print(f"  an end sent after them was applied after {ended:.3f} s")


def release_timers(bench: Bench) -> None:
    """Every timer is due now."""
    client, keys = bench.client.redis, bench.client.keys
    now: Any = client.time()
    members: Any = client.zrange(keys.timers, 0, -1)
    for at in range(0, len(members), _SLICE):
        due: Mapping[bytes, float] = dict.fromkeys(members[at : at + _SLICE], now[0] * 1000)
        client.zadd(keys.timers, due, xx=True)


def release_events(bench: Bench, count: int) -> None:
    """To each workflow the event for which it waits."""
    for at in range(0, count, _SLICE):
        pipeline = bench.client.redis.pipeline(transaction=False)
        for number in range(at, min(at + _SLICE, count)):
            event: Any = encode({"kind": "approved", "n": number})
            pipeline.xadd(bench.client.keys.events, event)
        pipeline.execute()


def measure(text: str, release: Callable[[Bench], None], count: int) -> None:
    """Measure one kind of wait on a server of its own."""
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as found:
        client = Client(redis=redis.Redis.from_url(found.url))
        worker = LifecycleWorker(client)
        worker.reader.ensure()
        bench = Bench(found, client, worker)
        print(f"{count} × {text} on {version(found)}", flush=True)
        waiting(bench, text, count)
        drain(bench, lambda: release(bench))


def main(count: int, kinds: Sequence[str]) -> None:
    """Measure the waits of these kinds, all if there is none."""
    if not kinds or "delay" in kinds:
        measure("wait:delay(- duration: 30d -)", release_timers, count)
    if not kinds or "event" in kinds:
        text = "wait:event(- {event: approved, match: input} -)"
        measure(text, lambda bench: release_events(bench, count), count)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT, sys.argv[2:])
