"""What the tests of workers start from: a door, and a lifecycle worker beside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from redis.exceptions import ResponseError

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import StepState
from littleflow_redis.engine.model.task_events import StartTask, kind_of
from littleflow_redis.events.event_codec import decode
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import RedisServer, wait_until

#: Seconds; far beyond what anything here takes.
PATIENCE = 60.0


@contextmanager
def lifecycle(client: Client) -> Iterator[LifecycleWorker]:
    """A lifecycle worker that works while inside."""
    worker = LifecycleWorker(client)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop.set()
        thread.join()


def door(server: RedisServer) -> Client:
    return Client(server.url)


def events(client: Client, kind: str) -> list[dict[str, Any]]:
    """The events of a kind that are in the stream."""
    rows = client.redis.xrange(client.keys.events)
    return [decode(fields) for _, fields in rows if kind_of(fields) == kind]


def pending(client: Client, group: str) -> int:
    """How many entries the group has not acknowledged; none before it is made."""
    try:
        return int(client.redis.xpending(client.keys.events, group)["pending"])
    except ResponseError as error:
        if not str(error).startswith("NOGROUP"):
            raise
        return 0


def wait_for_step(client: Client, workflow: str, index: int, state: StepState) -> None:
    def there() -> bool:
        assert client.state(workflow).steps[index].state is state, client.state(workflow)
        return True

    wait_until(there, f"step {index} is {state}")


def start_task(base: str, **fields: Any) -> StartTask:
    """A task as a listener reads it, of a workflow that need not be there."""
    given: dict[str, Any] = {"parameters": {}, "input": {}, "options": {}, **fields}
    return StartTask("1-0", "workflow:w", 1, base, base, "1.1-n", **given)


def names(flow: Sequence[str]) -> str:
    """A text that runs these side by side."""
    return "{ " + " ".join(flow) + " }"
