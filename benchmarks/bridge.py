"""What the bridge costs per task, and what it costs the Celery worker beside it: processor time.

``python -m benchmarks.bridge [TASKS [RUNS]]``, by default 5,000 tasks, three times. The bridge
publishes each and tells its end; the peer only publishes, by ``send_task_message`` on one producer,
in this process. The worker's time is compared with what it spends on as many tasks that lie in its
queue. Time on the processor, not by the clock: other work on the machine counts little.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from celery import Celery

from benchmarks.celery_alone import CeleryAlone, celery_alone
from benchmarks.cputime import seconds_of
from benchmarks.flows import chain
from benchmarks.ours import Engine, with_celery
from benchmarks.processes import Running

#: Tasks of one run, and runs.
TASKS, RUNS = 5_000, 3

#: Steps of a workflow: most ends lead to a next task, as in real ones.
STEPS = 5

#: Milliseconds per task that the bridge may cost more than bare publishing, and how fast the worker
#: must be at least, as a part of its speed with flat tasks.
MOST, LEAST = 0.15, 0.9


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds of processor time per task."""

    bridge: float
    bare: float
    worker: float
    flat: float

    @property
    def beyond(self) -> float:
        return self.bridge - self.bare

    @property
    def speed(self) -> float:
        return self.flat / self.worker


def measure(engine: Engine, alone: CeleryAlone, tasks: int) -> Figures:
    """One run of each, on the same machine at the same time of day."""
    named = {process.name: process for process in engine.processes}
    spent = {name: _spending(named[name]) for name in ("bridge", "celery")}
    workflows = tasks // STEPS
    engine.run(chain(STEPS), workflows)
    bridge, worker = (spent[name]() for name in ("bridge", "celery"))
    bare = publish(alone.app, tasks)
    alone.app.control.purge()
    flat = _spending(alone.worker)
    alone.drain(tasks)
    per_task = 1000 / (workflows * STEPS)
    return Figures(bridge * per_task, bare * 1000 / tasks, worker * per_task, flat() * 1000 / tasks)


def publish(app: Celery, count: int) -> float:
    """Processor seconds of publishing so many tasks and nothing else, where nobody takes them."""
    with app.producer_or_acquire() as producer:
        began = time.process_time()
        for number in range(count):
            message = app.amqp.as_task_v2(f"bare-{number}", "benchmarks.celeryapp.noop", args=[1])
            app.amqp.send_task_message(
                producer, "benchmarks.celeryapp.noop", message, routing_key="nobody", queue="nobody"
            )
        return time.process_time() - began


def _spending(process: Running) -> Callable[[], float]:
    """What it spends from now on, in seconds."""
    before = seconds_of(process.process.pid)
    return lambda: seconds_of(process.process.pid) - before


def main(tasks: int, runs: int) -> None:
    with with_celery() as engine, celery_alone() as alone:
        found = []
        for _ in range(runs):
            one = measure(engine, alone, tasks)
            print(
                f"bridge {one.bridge:.3f} ms/task, bare {one.bare:.3f}: {one.beyond:+.3f}; "
                f"worker {one.worker:.3f} ms/task, flat {one.flat:.3f}: {one.speed:.2f}×",
                flush=True,
            )
            found.append(one)
    beyond = statistics.median(one.beyond for one in found)
    speed = statistics.median(one.speed for one in found)
    print(f"beyond bare publishing: {beyond:.3f} ms/task (goal: at most {MOST})")
    print(f"worker beside the bridge: {speed:.2f}× as fast as with flat tasks (goal: {LEAST})")


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    main(*(given + [TASKS, RUNS][len(given) :]))
