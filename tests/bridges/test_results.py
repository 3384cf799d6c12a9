"""Reading stored results in batches from real backends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
from celery import Celery
from celery.backends.base import Backend, KeyValueStoreBackend

from littleflow_redis.bridges.broker.backends import result_backend
from littleflow_redis.bridges.broker.results import BATCH, Results, ResultsUnreachable
from littleflow_redis.bridges.ends.task_error import UNREADABLE
from tests.support import RedisServer

# Celery writes with a command that redis-py calls old.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated setex:DeprecationWarning")


def results_of(app: Celery) -> Results:
    return Results(result_backend(app))


def test_ids_without_a_record_are_left_out(app: Celery) -> None:
    results = results_of(app)
    results.backend.mark_as_done("one", 1)
    results.backend.mark_as_failure("three", ValueError("odd"))
    found = {result.id: result.state for result in results.fetch(["one", "two", "three"])}
    assert found == {"one": "SUCCESS", "three": "FAILURE"}


def test_any_number_is_read_in_batches(app: Celery) -> None:
    results = results_of(app)
    ids = [f"id-{n}" for n in range(2 * BATCH + 1)]
    for id in ids:
        results.backend.mark_as_done(id, id)
    assert [result.id for result in results.fetch(iter(ids))] == ids


def test_a_bad_record_fails_alone(app: Celery) -> None:
    results = results_of(app)
    results.backend.mark_as_done("one", 1)
    results.backend.mark_as_done("three", 3)
    results.backend.client.set("celery-task-meta-two", b"\x80garbage")
    states = [result.state for result in results.fetch(["one", "two", "three"])]
    assert states == ["SUCCESS", "FAILURE", "SUCCESS"]


def test_a_key_prefix_of_the_app_is_minded(app: Celery) -> None:
    app.conf.result_backend_transport_options = {"global_keyprefix": "shop"}
    results = results_of(app)
    results.backend.mark_as_done("one", 1)
    assert results.backend.client.keys() == [b"shop_celery-task-meta-one"]
    assert [result.id for result in results.fetch(["one"])] == ["one"]
    assert results.id_of(b"shop_celery-task-meta-one") == "one"


def test_files_are_read_too(app: Celery, tmp_path: Path) -> None:
    app.conf.result_backend = f"file://{tmp_path}"
    results = results_of(app)
    results.backend.mark_as_done("one", 1)
    assert [result.output for result in results.fetch(["one", "two"])] == ["1"]


def test_a_backend_that_reads_one_by_one_is_read_too(app: Celery) -> None:
    class OneByOne(KeyValueStoreBackend):  # type: ignore[misc]
        """A backend of the user's own."""

        stored: ClassVar[dict[bytes, str]] = {}

        def get(self, key: bytes) -> str | None:
            return self.stored.get(key)

        def set(self, key: bytes, value: str) -> None:
            self.stored[key] = value

    results = Results(OneByOne(app))
    results.backend.mark_as_done("two", 2)
    assert [result.output for result in results.fetch(["one", "two"])] == ["2"]


def test_one_by_one_a_bad_record_fails_alone(app: Celery) -> None:
    """It made the whole backend count as away: no result that came after it was ever read."""

    class Records(Backend):  # type: ignore[misc]
        """Decodes what it has stored itself, as that for MongoDB does."""

        def _get_task_meta_for(self, id: str) -> dict[str, object]:
            stored = {"a": "1", "bad": "\x80", "b": "2"}[id]
            return {"task_id": id, "status": "SUCCESS", "result": self.decode(stored)}

    one, bad, other = Results(Records(app)).fetch(["a", "bad", "b"])
    assert (one.output, other.output) == ("1", "2")
    assert bad.error is not None
    assert bad.error.type == UNREADABLE


def test_an_absent_server_is_said_to_be_unreachable(
    app: Celery, own_server: Callable[..., RedisServer]
) -> None:
    server = own_server()
    app.conf.result_backend = server.url
    results = results_of(app)
    results.backend.mark_as_done("one", 1)
    server.kill()
    with pytest.raises(ResultsUnreachable, match=str(server.port)):
        list(results.fetch(["one"]))
    server.start()
    assert list(results.fetch(["one"])) == []
