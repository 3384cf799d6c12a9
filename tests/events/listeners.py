"""Listeners that write down what happens to them, and a thread for each."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import redis

from littleflow_redis.events import EventClient, EventListener
from tests.support import LONG

STREAM = "workflows:run"
GROUP = "listeners"


class Recorder(EventListener):
    """Keeps the events it processed; ``answer`` is what ``process`` does with one."""

    def __init__(
        self,
        client: redis.Redis,
        group: str = GROUP,
        answer: Callable[[str, Any], bool] = lambda id, event: True,
        **options: Any,
    ) -> None:
        super().__init__(STREAM, group, pool=client.connection_pool, **options)
        self.answer = answer
        self.seen: list[tuple[str, Any]] = []
        self.calls: list[str] = []

    def process(self, id: str, event: Any) -> bool:
        self.seen.append((id, event))
        return self.answer(id, event)

    def onStart(self) -> None:
        self.calls.append("start")

    def onEstablished(self) -> None:
        self.calls.append("established")

    def onStop(self) -> None:
        self.calls.append("stop")

    @property
    def ids(self) -> list[str]:
        return [id for id, _ in self.seen]

    @property
    def numbers(self) -> list[int]:
        return [event["n"] for _, event in self.seen]

    @property
    def times(self) -> Counter[str]:
        return Counter(self.ids)


class Listening:
    """Runs a listener in a thread; ``error`` is what ``listen`` raised."""

    def __init__(self, listener: Any) -> None:
        self.listener = listener
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._listen)
        self.thread.start()

    def _listen(self) -> None:
        try:
            self.listener.listen()
        except BaseException as error:
            self.error = error

    def stop(self, timeout: float = LONG) -> None:
        self.listener.stop()
        self.thread.join(timeout)
        assert not self.thread.is_alive(), "the listener did not stop"


#: Runs a listener in a thread until the test is over.
Listen = Callable[[Any], Listening]


class Gate:
    """A handler that waits until it is opened, and counts who is inside."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.inside = 0
        self.most = 0
        self._lock = threading.Lock()

    def __call__(self, id: str, event: Any) -> bool:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        try:
            return self.opened.wait(LONG)
        finally:
            with self._lock:
                self.inside -= 1


def events_of(client: redis.Redis) -> EventClient:
    return EventClient(STREAM, pool=client.connection_pool)


def append(client: redis.Redis, *numbers: int, kind: str = "a") -> list[str]:
    stream = events_of(client)
    return [stream.append({"kind": kind, "n": number}) for number in numbers]


def pending(client: redis.Redis, group: str = GROUP) -> dict[str, str]:
    """Id → consumer of what the group has not acknowledged."""
    try:
        rows: list[Any] = client.xpending_range(STREAM, group, "-", "+", 1000)
    except redis.ResponseError as error:
        raise AssertionError(f"there is no group yet: {error}") from error
    return {row["message_id"].decode(): row["consumer"].decode() for row in rows}


def all_done(client: redis.Redis, group: str = GROUP) -> bool:
    """Everything in the stream was read and acknowledged."""
    groups: list[Any] = [
        row for row in client.xinfo_groups(STREAM) if row["name"] == group.encode()
    ]
    last: Any = client.xinfo_stream(STREAM)["last-generated-id"]
    return bool(groups) and groups[0]["pending"] == 0 and groups[0]["last-delivered-id"] == last
