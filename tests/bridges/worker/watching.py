"""Sees what a Celery worker says of its tasks, as Flower does, and what the tasks leave behind."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from celery import Celery

#: Seconds that the receiver waits for an event before it looks whether to end.
_LOOK = 0.1


class Watch:
    """The events of a broker's workers, those of tasks by the id of the task."""

    def __init__(self) -> None:
        self.online = threading.Event()
        self._events: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def of(self, id: str) -> list[dict[str, Any]]:
        """The events of a task in the order in which its worker sent them."""
        return sorted(self._events[id], key=lambda event: event["clock"])

    def types(self, id: str) -> list[str]:
        return [event["type"].removeprefix("task-") for event in self.of(id)]

    def see(self, event: dict[str, Any]) -> None:
        self.online.set()
        if "uuid" in event:
            self._events[event["uuid"]].append(event)


@contextmanager
def watching(broker: str) -> Iterator[Watch]:
    """Receive events until the end, in a thread."""
    watch = Watch()
    with Celery(broker=broker, set_as_current=False) as app, app.connection() as connection:
        receiver = app.events.Receiver(connection, handlers={"*": watch.see})

        def receive() -> None:
            for _ in receiver.consume(safety_interval=_LOOK, wakeup=False):
                pass

        thread = threading.Thread(target=receive)
        thread.start()
        try:
            yield watch
        finally:
            receiver.should_stop = True
            thread.join()


def left(ledger: Path, id: str) -> list[str]:
    """The lines that a task has left: see ``tests/apps/watched.py``."""
    lines = [json.loads(line) for line in ledger.read_text().splitlines() if line[:1] == "{"]
    return [line["what"] for line in lines if line["id"] == id]
