"""What a task returned, looked up: records as they stand in a result backend."""

from __future__ import annotations

import json
from typing import Any

import pytest
from celery import Celery

from littleflow_redis.bridges.broker.backends import result_backend
from littleflow_redis.bridges.broker.publications import Publications
from littleflow_redis.bridges.broker.references import WAITS, References
from littleflow_redis.bridges.broker.results import Results
from littleflow_redis.bridges.ends.task_error import UNREADABLE
from littleflow_redis.bridges.ends.task_result import TaskResult
from littleflow_redis.engine.model.json_values import MAX_OUTPUT
from littleflow_redis.engine.model.task_events import StartTask

TASK = StartTask("1-0", "workflow:w", 1, "A", "A", "1.1-n", None, None, {})


class Store:
    def __init__(self, app: Celery) -> None:
        self.results = Results(result_backend(app))
        self.publications = Publications()
        self.closed: set[str] = set()
        self.references = References(self.results, self.publications, self.closed)
        self.publications.add("own", TASK)

    def put(self, id: str, status: str, result: Any, children: Any = ()) -> None:
        record = {"status": status, "result": result, "children": list(children)}
        backend = self.results.backend
        backend.client.set(backend.get_key_for_task(id), json.dumps(record))

    def returns(self, id: str, value: Any) -> None:
        self.put(id, "SUCCESS", value, [value])

    def resolve(self) -> TaskResult:
        [result] = self.references.resolve(list(self.results.fetch(["own"])))
        return result


@pytest.fixture
def store(app: Celery) -> Store:
    return Store(app)


def task(id: str, parent: Any = None) -> Any:
    return [[id, parent], None]


def group(id: str, *members: Any, parent: Any = None) -> Any:
    return [[id, parent], list(members)]


def test_a_long_chain_is_waited_for(store: Store) -> None:
    """Its ids lie within each other: reading 300 of them went too deep, and the step failed for
    good while the chain ran on.
    """
    value = None
    for number in range(300):
        value = task(str(number), value)
    store.returns("own", value)
    assert store.resolve().state == WAITS
    for number in range(300):
        store.put(str(number), "SUCCESS", number)
    assert store.resolve().output == "299"


def test_it_waits_until_all_have_ended(store: Store) -> None:
    store.returns("own", group("g", task("a"), group("h", task("b"), task("c"))))
    assert store.resolve().state == WAITS
    assert "the 2 tasks of the group g" in store.resolve().meta
    for id in "ab":
        store.put(id, "SUCCESS", id)
        assert store.resolve().state == WAITS
        assert not store.resolve().ended
    store.put("c", "STARTED", None)
    assert store.resolve().state == WAITS
    store.put("c", "SUCCESS", {})
    assert store.resolve() == TaskResult("own", "SUCCESS", output='["a",["b",{}]]')


def test_the_end_comes_without_another_word_of_the_task(store: Store) -> None:
    store.returns("own", task("a"))
    store.resolve()
    store.put("a", "SUCCESS", 5)
    assert [result.output for result in store.references.again()] == ["5"]
    assert store.references.again() == []


def test_what_is_closed_meanwhile_is_forgotten(store: Store) -> None:
    store.returns("own", task("a"))
    store.resolve()
    store.publications.forget(["own"])
    store.put("a", "SUCCESS", 5)
    assert store.references.again() == []


def test_what_is_closed_is_waited_for_as_long_as_it_is_revoked(store: Store) -> None:
    store.returns("own", task("last", parent=task("first")))
    store.publications.forget(["own"])
    assert store.resolve().returned is not None
    assert store.references.behind(["own", "other"]) == set()
    store.closed.add("own")
    assert store.resolve().state == WAITS
    assert store.references.behind(["own", "other"]) == {"first", "last"}
    assert store.references.behind(["other"]) == set()
    store.put("first", "REVOKED", {"exc_type": "TaskRevokedError", "exc_message": ["revoked"]})
    assert [result.state for result in store.references.again()] == ["REVOKED"]
    assert store.references.behind(["own"]) == set()


@pytest.mark.parametrize("status", ["FAILURE", "REVOKED"])
@pytest.mark.parametrize(
    "returned",
    [
        task("bad"),
        task("last", parent=task("bad")),
        group("g", task("ok"), task("bad")),
        group("g", task("last"), parent=task("bad")),
        task("body", parent=group("g", task("ok"), task("bad"))),
    ],
)
def test_one_that_fails_fails_all(store: Store, returned: Any, status: str) -> None:
    store.returns("own", returned)
    error = {"exc_type": "ValueError", "exc_message": ["no"], "exc_module": "builtins"}
    store.put("bad", status, error)
    result = store.resolve()
    assert result.state == status
    assert result.error is not None
    assert (result.error.type, result.error.message) == (
        "ValueError",
        "no (in bad, which it returned)",
    )


def test_a_circle_is_told(store: Store) -> None:
    store.returns("own", task("other"))
    store.returns("other", task("own"))
    error = store.resolve().error
    assert error is not None
    assert error.type == UNREADABLE
    assert "tasks that return tasks, 20 times" in error.message


def test_outputs_that_are_too_large_together(store: Store) -> None:
    store.returns("own", group("g", task("a"), task("b")))
    for id in "ab":
        store.put(id, "SUCCESS", "x" * (MAX_OUTPUT * 2 // 3))
    error = store.resolve().error
    assert error is not None
    assert "store it elsewhere" in error.message


def test_a_backend_that_is_away_is_waited_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.returns("own", task("a"))
    [result] = store.results.fetch(["own"])
    kwargs = store.results.backend.client.connection_pool.connection_kwargs
    monkeypatch.setitem(kwargs, "port", 1)
    store.results.backend.client.connection_pool.disconnect()
    assert [one.state for one in store.references.resolve([result])] == [WAITS]
