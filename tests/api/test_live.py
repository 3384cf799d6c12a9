"""Event streams: live, resumable, bounded, and no burden for other requests."""

from __future__ import annotations

import json
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from flask import Flask

from littleflow_redis import Client
from littleflow_redis.api import streams
from tests.api.conftest import Service
from tests.support import LONG, RedisServer, wait_until


class Event(NamedTuple):
    id: str
    kind: str
    data: Any


@contextmanager
def listening(
    url: str, path: str = "/events", after: str = "", timeout: float = LONG
) -> Iterator[Iterator[Event]]:
    """The events of a stream; inside, it is known to have begun."""
    headers = {"Last-Event-ID": after} if after else {}
    with httpx.stream("GET", url + path, headers=headers, timeout=timeout) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert next(lines) == "retry: 2000"
        yield read(lines)


def read(lines: Iterator[str]) -> Iterator[Event]:
    fields: dict[str, str] = {}
    for line in lines:
        if not line and "data" in fields:
            yield Event(fields["id"], fields["event"], json.loads(fields["data"]))
        if not line:
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value


def test_changes_come_as_they_happen(service: Service, http: httpx.Client, engine: Client) -> None:
    with listening(service.url) as events:
        id = engine.keys.short_id(engine.start("A → B"))
        first = next(events)
        engine.terminate(id)
        second = next(events)
    assert (first.kind, first.data["workflow"], first.data["state"]) == ("change", id, "RUNNING")
    queued = [change for change in first.data["changes"] if change["what"] == "queue"]
    assert [(change["step"], change["state"]) for change in queued] == [(1, "queued")]
    assert second.data["state"] == "TERMINATED"


def test_one_workflow(service: Service, http: httpx.Client, engine: Client) -> None:
    engine.start("A", workflow_id="w")
    with listening(service.url, "/workflows/w/events") as events:
        engine.start("A", workflow_id="other")
        engine.terminate("w")
        engine.delete("w")
        assert [next(events).data["state"] for _ in "12"] == ["TERMINATED", "DELETED"]
    gone = http.get("/workflows/w/events")
    assert (gone.status_code, gone.json()["error"]) == (404, "unknown-workflow")


def test_a_stream_goes_on_where_it_was(
    service: Service, http: httpx.Client, engine: Client
) -> None:
    with listening(service.url) as events:
        engine.start("A", workflow_id="seen")
        last = next(events).id
    missed = [engine.start("A", workflow_id=id) for id in ("one", "two")]
    with listening(service.url, after=last) as events:
        found = [next(events).data["workflow"] for _ in missed]
        engine.start("A", workflow_id="three")
        found.append(next(events).data["workflow"])
    assert found == ["one", "two", "three"]


def test_an_id_that_is_too_old(service: Service, http: httpx.Client, engine: Client) -> None:
    engine.start("A", workflow_id="w")
    with listening(service.url, after="1-0") as events:
        reset = next(events)
        assert (reset.kind, reset.data) == ("reset", {})
        engine.terminate("w")
        assert next(events).data["state"] == "TERMINATED"
    odd = http.get("/events", headers={"Last-Event-ID": "yesterday"})
    assert (odd.status_code, odd.json()["error"]) == (400, "bad-query")


def test_a_silent_stream_shows_that_it_lives(
    app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert streams.HEARTBEAT <= 15
    monkeypatch.setattr(streams, "HEARTBEAT", 0.01)
    monkeypatch.setattr(streams, "LOOK", 0.01)
    with app().test_client().get("/events", buffered=False) as answer:
        chunks = iter(answer.response)
        next(chunks)
        assert next(chunks) == next(chunks) == b": alive\n\n"


def test_more_than_fit_are_sent_away_until_one_leaves(
    redis_server: RedisServer, client: object, tmp_path: Path
) -> None:
    service = Service(redis_server, tmp_path, LITTLEFLOW_API_STREAMS="2")
    try:
        with listening(service.url):
            with listening(service.url):
                full = httpx.get(f"{service.url}/events", timeout=LONG)
                assert (full.status_code, full.json()["error"]) == (503, "too-many-streams")
                assert int(full.headers["Retry-After"]) > 0
                assert httpx.head(f"{service.url}/events", timeout=LONG).status_code == 503
                assert httpx.get(f"{service.url}/me", timeout=LONG).status_code == 200
            wait_until(lambda: room(service), "the place of one that left is free")
            for _ in range(5):
                wait_until(
                    lambda: httpx.head(f"{service.url}/events", timeout=LONG).is_success,
                    "HEAD leaves",
                )

        with listening(service.url) as events:
            service.process.signal(signal.SIGTERM)
            with pytest.raises((StopIteration, httpx.HTTPError)):
                next(events)
            assert service.process.wait() == 0
    finally:
        service.process.kill_group()


def room(service: Service) -> bool:
    with httpx.stream("GET", f"{service.url}/events", timeout=LONG) as answer:
        return answer.status_code == 200


def p95(*services: httpx.Client, calls: int = 100) -> list[float]:
    """Seconds below which 95 of 100 calls stay; the services are asked in turn."""
    seconds: list[list[float]] = [[] for _ in services]
    for _ in range(calls):
        for http, took in zip(services, seconds, strict=True):
            begun = time.perf_counter()
            assert http.get("/workflows/?size=10").status_code == 200
            took.append(time.perf_counter() - begun)
    return [statistics.quantiles(took, n=20)[-1] for took in seconds]


@pytest.fixture
def other(redis_server: RedisServer, tmp_path: Path) -> Iterator[httpx.Client]:
    """A second service, which nobody listens to: it is as slow as this machine is now."""
    service = Service(redis_server, tmp_path, LITTLEFLOW_API_RATE="0")
    with httpx.Client(base_url=service.url, timeout=LONG) as http:
        yield http
    service.process.kill_group()


def test_a_hundred_streams_are_no_burden(
    service: Service, http: httpx.Client, other: httpx.Client, engine: Client, newest: None
) -> None:
    for _ in range(10):
        engine.start("A")
    p95(http, other, calls=20)
    with ExitStack() as stack:
        every = [stack.enter_context(listening(service.url)) for _ in range(100)]

        def unburdened() -> bool:
            beside, alone = p95(http, other)
            print(f"p95 alone {alone * 1000:.1f} ms, beside 100 streams {beside * 1000:.1f} ms")
            assert beside < 2 * alone + 0.005, f"{beside * 1000:.1f}, alone {alone * 1000:.1f} ms"
            return True

        wait_until(unburdened, "the calls are as quick as those of another service")
        engine.start("A", workflow_id="told-to-all")
        for events in every:
            assert next(events).data["workflow"] == "told-to-all"
