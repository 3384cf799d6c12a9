"""``python -m benchmarks.idle [WORKERS] [SECONDS]``: what idle workers cost Redis.

Each has what a Celery worker with `littleflow_redis.steps` has for Redis: a reader, the applier of
ends, a heartbeat, the questions for both roles, and two categories. All are in one process.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.engine.store.registration import Registration
from littleflow_redis.events.shutdown import Pace
from littleflow_redis.workers.executor.executor import Executor
from littleflow_redis.workers.executor.heartbeat import Life, ThreadHeartbeat
from littleflow_redis.workers.executor.roles import ROLES, roles
from littleflow_redis.workers.executor.served_queues import ServedQueues

from .server import server

#: Seconds between two looks of a worker at who serves the steps without a category.
LOOK_EVERY = 2.0

#: Seconds until all have started.
SETTLED = 6.0


class Idler:
    """Runs nothing, and has room for more."""

    def room(self) -> int:
        return 4

    def free(self) -> int:
        return 4

    def wants(self, _task: StartTask, _queue: str) -> bool:
        return True

    def begin(self, tasks: Sequence[StartTask]) -> None:
        raise RuntimeError(f"nobody started {tasks}")

    def overdue(self) -> Sequence[StartTask]:
        return ()


@contextmanager
def idling(url: str, number: int) -> Iterator[None]:
    """Within it so many workers have nothing to do."""
    with ExitStack() as stack:
        for place in range(number):
            client = Client(url)
            process = f"idle-{place}"
            said = Registration(("idle", ""), queues=["celery"], app="idle", tasks="0" * 40)
            held = HeldAttempts(client.context)
            looks = Pace(LOOK_EVERY)

            def turn(held: HeldAttempts = held, looks: Pace = looks) -> None:
                if looks.due():
                    held.living()

            executor = Executor(
                client,
                process,
                ServedQueues(("idle", ""), queues=lambda _category: ("celery",)),
                Idler(),
                ThreadHeartbeat(held, Life(process, said)),
                each_turn=turn,
            )
            stack.callback(client.redis.close)
            stack.callback(executor.finish, lambda: None)
            executor.start()
            for role in roles(client, process, ROLES):
                stack.callback(role.close)
                role.start()
        yield


def cost(client: redis.Redis, seconds: float) -> tuple[float, float]:
    """The part of a core that the server is busy, and commands a second, over so long."""

    def seen() -> tuple[float, float, int]:
        cpu, stats = client.info("cpu"), client.info("stats")
        busy = cpu["used_cpu_user"] + cpu["used_cpu_sys"]
        return time.monotonic(), busy, stats["total_commands_processed"]

    began, busy, commands = seen()
    time.sleep(seconds)
    ended, busier, more = seen()
    return (busier - busy) / (ended - began), (more - commands) / (ended - began)


def main(number: int = 50, seconds: float = 20.0) -> None:
    """Print both, of the server alone and of so many workers."""
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as found:
        client = redis.Redis.from_url(found.url)
        alone, _ = cost(client, seconds / 4)
        with idling(found.url, number):
            time.sleep(SETTLED)
            busy, commands = cost(client, seconds)
        print(f"{number} idle workers: {busy - alone:.2%} of a core, {commands:,.0f} commands/s")
        client.close()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
