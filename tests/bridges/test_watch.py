"""Hearing of results the moment they are stored."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
import redis
from celery import Celery

from littleflow_redis.bridges.broker import result_subscriber as module
from littleflow_redis.bridges.broker.backends import result_backend
from littleflow_redis.bridges.broker.result_subscriber import ResultSubscriber
from littleflow_redis.bridges.broker.results import Results
from littleflow_redis.bridges.ends.task_result import TaskResult
from tests.support import LONG, RedisServer, wait_until

# Celery writes with a command that redis-py calls old.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated setex:DeprecationWarning")


@pytest.fixture
def results(app: Celery) -> Results:
    return Results(result_backend(app))


@pytest.fixture
def watch(results: Results) -> Iterator[ResultSubscriber]:
    with ResultSubscriber(results, ["math", ""]) as watch:
        wait_for_subscription(watch, results)
        yield watch


def wait_for_subscription(watch: ResultSubscriber, results: Results) -> None:
    wait_until(lambda: results.backend.client.pubsub_numpat() == 2, "both patterns are heard")
    watch.take(LONG, limit=10)
    watch.missed.clear()


def heard(watch: ResultSubscriber, count: int, limit: int = 256) -> list[TaskResult]:
    """Take until ``count`` results were heard."""
    found: list[TaskResult] = []

    def complete() -> bool:
        taken = watch.take(LONG, limit)
        assert len(taken) <= limit
        found.extend(taken)
        return len(found) >= count

    wait_until(complete, f"{count} results are heard")
    return found


def test_a_result_is_heard_with_all_it_says(watch: ResultSubscriber, results: Results) -> None:
    results.backend.mark_as_done("lf:math:w:1:t", {"x": 1})
    results.backend.mark_as_failure("lf::w:2:t", ValueError("odd"))
    success, failure = heard(watch, 2)
    assert success == TaskResult("lf:math:w:1:t", "SUCCESS", output='{"x":1}')
    assert failure.id == "lf::w:2:t"
    assert failure.error is not None
    assert failure.error.reason == "ValueError: odd"


def test_only_the_own_categories_are_heard(watch: ResultSubscriber, results: Results) -> None:
    for id in ("other-id", "lf:maths:w:1:t", "lf:mat:w:1:t", "lf:math:w:1:t"):
        results.backend.mark_as_done(id, 1)
    assert [result.id for result in heard(watch, 1)] == ["lf:math:w:1:t"]


def test_no_more_are_taken_at_once_than_wanted(watch: ResultSubscriber, results: Results) -> None:
    for n in range(10):
        results.backend.mark_as_done(f"lf:math:w:{n}:t", n)
    assert [result.output for result in heard(watch, 10, limit=4)] == [str(n) for n in range(10)]


def test_a_key_prefix_is_part_of_the_pattern(app: Celery) -> None:
    app.conf.result_backend_transport_options = {"global_keyprefix": "shop[1]*"}
    results = Results(result_backend(app))
    with ResultSubscriber(results, ["math", ""]) as watch:
        wait_for_subscription(watch, results)
        results.backend.mark_as_done("lf:math:w:1:t", 1)
        assert [result.id for result in heard(watch, 1)] == ["lf:math:w:1:t"]


def test_after_a_lost_connection_it_listens_again_and_says_what_was_missed(
    watch: ResultSubscriber, results: Results
) -> None:
    assert not watch.missed.is_set()
    results.backend.client.client_kill_filter(_type="pubsub")
    wait_until(watch.missed.is_set, "it is told that results may have been missed")
    wait_for_subscription(watch, results)
    results.backend.mark_as_done("lf:math:w:1:t", 1)
    assert [result.id for result in heard(watch, 1)] == ["lf:math:w:1:t"]


def test_a_server_that_was_away_is_heard_again(
    app: Celery, own_server: Callable[..., RedisServer]
) -> None:
    server = own_server()
    app.conf.result_backend = server.url
    results = Results(result_backend(app))
    with ResultSubscriber(results, ["math", ""]) as watch:
        wait_for_subscription(watch, results)
        server.kill()
        server.start()
        wait_until(watch.missed.is_set, "it is told that results may have been missed")
        wait_for_subscription(watch, results)
        results.backend.mark_as_done("lf:math:w:1:t", 1)
        assert [result.id for result in heard(watch, 1)] == ["lf:math:w:1:t"]


def test_a_waiting_take_can_be_woken(watch: ResultSubscriber) -> None:
    watch.wake()
    before = time.monotonic()
    assert watch.take(LONG) == []
    assert time.monotonic() - before < LONG / 2


def test_it_ends_quickly(results: Results) -> None:
    with ResultSubscriber(results, ["math", ""]) as watch:
        wait_for_subscription(watch, results)
        before = time.monotonic()
    assert time.monotonic() - before < LONG / 2
    wait_until(lambda: results.backend.client.pubsub_numpat() == 0, "the connection is given up")


def test_what_the_queue_cannot_hold_counts_as_missed(
    results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUEUE_SIZE", 3)
    with ResultSubscriber(results, ["math", ""]) as watch:
        wait_for_subscription(watch, results)
        for n in range(5):
            results.backend.mark_as_done(f"lf:math:w:{n}:t", n)
        wait_until(watch.missed.is_set, "it is told that results were dropped")
        assert [result.output for result in watch.take(0)] == ["0", "1", "2"]


def test_without_the_right_to_subscribe_it_says_so_and_hears_nothing(
    app: Celery, client: redis.Redis, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    client.acl_setuser(
        "deaf", enabled=True, nopass=True, keys="*", commands=["+@all", "-psubscribe"]
    )
    try:
        app.conf.result_backend = f"redis://deaf:any@127.0.0.1:{redis_server.port}/2"
        with ResultSubscriber(Results(result_backend(app)), ["math"]) as watch:
            wait_until(lambda: "event=results-unheard" in caplog.text, "it says so")
            assert watch.take(0) == []
            assert watch.missed.is_set()
    finally:
        client.acl_deluser("deaf")


def test_a_backend_that_does_not_publish_is_never_heard(app: Celery, tmp_path: object) -> None:
    app.conf.result_backend = f"file://{tmp_path}"
    results = Results(result_backend(app))
    with ResultSubscriber(results, ["math"]) as watch:
        results.backend.mark_as_done("lf:math:w:1:t", 1)
        assert watch.missed.is_set()
        assert watch.take(0) == []
