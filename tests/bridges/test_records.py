"""What Celery's backends store, read as data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery, states
from celery.backends.base import KeyValueStoreBackend
from celery.exceptions import TaskRevokedError
from hypothesis import given
from hypothesis import strategies as st

from littleflow_redis.bridges.broker.records import DECODERS, read_record
from littleflow_redis.bridges.ends.task_error import UNREADABLE, TaskError
from littleflow_redis.bridges.ends.task_result import TaskResult
from littleflow_redis.engine.model.json_values import MAX_OUTPUT

JSON = "application/json"

VALUE_ERROR = ("ValueError", "Exception")


class Encoder(KeyValueStoreBackend):  # type: ignore[misc]
    """Celery's own writing of records, into a dictionary."""

    supports_result_compression = True

    def __init__(self, app: Celery, **options: Any) -> None:
        super().__init__(app, **options)
        self.stored: dict[bytes, bytes | str] = {}

    def get(self, key: bytes) -> bytes | str | None:
        return self.stored.get(key)

    def set(self, key: bytes, value: bytes | str) -> None:
        self.stored[key] = value


@pytest.fixture(params=["json", "yaml", "msgpack"])
def backend(request: pytest.FixtureRequest) -> Iterator[Encoder]:
    with Celery("records", set_as_current=False) as app:
        app.conf.result_serializer = request.param
        app.conf.result_accept_content = [request.param]
        yield Encoder(app)


def stored(backend: Encoder, id: str = "id") -> TaskResult:
    return read_record(id, backend.stored[backend.get_key_for_task(id)], backend.content_type)


@pytest.mark.parametrize("value", [5, "text", [1, {"a": None}], {"x": 1.5}, True, 0, "", []])
def test_success(backend: Encoder, value: Any) -> None:
    backend.mark_as_done("id", value)
    assert stored(backend) == TaskResult(
        "id", "SUCCESS", output=json.dumps(value, separators=(",", ":"))
    )


def test_keys_that_are_no_text_become_text(backend: Encoder) -> None:
    backend.mark_as_done("id", {1: "a"})
    assert stored(backend).output == '{"1":"a"}'


@pytest.mark.parametrize(("value", "output"), [(None, "null"), ({}, "{}"), ([], "[]")])
def test_null_and_empty_values_are_outputs(backend: Encoder, value: Any, output: str) -> None:
    backend.mark_as_done("id", value)
    assert stored(backend).output == output


def test_failure_keeps_type_message_and_traceback(backend: Encoder) -> None:
    backend.mark_as_failure("id", ValueError("no such item"), traceback="Traceback …")
    result = stored(backend)
    assert result.error == TaskError("ValueError", "no such item", "Traceback …", VALUE_ERROR)
    assert result.error.reason == "ValueError: no such item"
    assert result.output is None
    assert result.ended


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError(), "ValueError"),
        (KeyError("a"), "KeyError: 'a'"),
        (KeyError("a", 3), "KeyError: ('a', 3)"),
        (ValueError({"code": 7}), "ValueError: {'code': 7}"),
        (FileNotFoundError(2, "no such file"), "FileNotFoundError: [Errno 2] no such file"),
        (json.JSONDecodeError("odd", "x", 0), "json.decoder.JSONDecodeError: odd: line 1"),
    ],
)
def test_reasons(backend: Encoder, error: Exception, reason: str) -> None:
    backend.mark_as_failure("id", error)
    found = stored(backend).error
    assert found is not None
    assert found.reason.startswith(reason)


def test_long_messages_and_tracebacks_are_cut(backend: Encoder) -> None:
    backend.mark_as_failure(
        "id", ValueError("m" * 100_000), traceback="start" + "t" * 100_000 + "end"
    )
    error = stored(backend).error
    assert error is not None
    assert len(error.message) < 20_000
    assert len(error.traceback) < 20_000
    assert error.traceback.endswith("end")


def test_revoked_ends(backend: Encoder) -> None:
    backend.mark_as_revoked("id", "terminated")
    result = stored(backend)
    assert result.state == "REVOKED"
    assert result.ended
    assert result.error is not None
    assert result.error.reason == "celery.exceptions.TaskRevokedError: terminated"
    assert {TaskRevokedError.__name__, "Exception"} <= {
        name.rpartition(".")[2] for name in result.error.classes
    }


def test_a_retry_and_a_start_do_not_end(backend: Encoder) -> None:
    backend.mark_as_retry("id", ValueError("again"))
    error = TaskError("ValueError", "again", classes=VALUE_ERROR)
    assert stored(backend) == TaskResult("id", "RETRY", error=error)
    backend.mark_as_started("id", pid=1)
    assert stored(backend) == TaskResult("id", "STARTED")
    backend.store_result("id", {"done": 50}, "PROGRESS")
    assert stored(backend) == TaskResult("id", "PROGRESS", meta='{"done":50}')


def test_what_a_running_task_says_cannot_fail_it(backend: Encoder) -> None:
    backend.store_result("id", {"done": float("nan")}, "PROGRESS")
    assert not stored(backend).ended
    assert (
        read_record(
            "id",
            '{"status": "RETRY", "result": {"exc_type": "E", "exc_message": NaN}}',
            "application/json",
        ).state
        == "RETRY"
    )


ID = "0359622f-0e49-4280-b6a3-938ca6236176"
ONE, TWO = [[ID, None], None], [["other", None], None]


@pytest.mark.parametrize(
    ("value", "children", "ids"),
    [
        (ONE, [ONE], {ID}),
        ([["last", ONE], None], [ONE], {ID, "last"}),
        ([["group", None], [ONE, TWO]], [[["group", None], [ONE, TWO]]], {ID, "other"}),
        ([["body", [["group", None], [ONE]]], None], [[["group", None], [ONE]]], {ID, "body"}),
        ([["group", None], []], [[["group", None], []]], set()),
        (ONE, [], None),
        (ONE, [TWO], None),
        (ID, [ONE], None),
        ([ID, ID], [ONE], None),
        ([[7, None], None], [ONE], None),
        ([["", None], None], [ONE], None),
        (ONE, ["odd"], None),
        (ONE, 7, None),
        ({"x": 1}, [ONE], None),
    ],
)
def test_ids_of_tasks_that_it_started_stand_for_these(
    value: Any, children: Any, ids: set[str] | None
) -> None:
    record = json.dumps({"status": "SUCCESS", "result": value, "children": children})
    result = read_record("id", record, "application/json")
    assert result.ended
    if result.returned is None:
        assert ids is None
        assert json.loads(result.output or "") == value
    else:
        assert result.returned.ids == ids
        assert result.output is None


def test_a_result_of_another_task_is_its_id(backend: Encoder) -> None:
    backend.mark_as_done("id", backend.app.AsyncResult("other"))
    assert stored(backend).output == '[["other",null],null]'


def test_compressed_records_are_read() -> None:
    with Celery("records", set_as_current=False) as app:
        app.conf.result_compression = "gzip"
        backend = Encoder(app)
        if backend.compression is None:
            pytest.skip("this Celery does not compress results")
        backend.mark_as_done("id", "x" * 1000)
        assert stored(backend).output == json.dumps("x" * 1000)


def record(**fields: Any) -> str:
    return json.dumps({"status": "SUCCESS", "result": None, **fields})


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "Expecting value"),
        (b"\xff", "decode"),
        (b"[]", "it has no status"),
        (b'{"result": 1}', "it has no status"),
        (b'{"status": 1}', "it has no status"),
        (b'{"status": "SUCCESS", "result": NaN}', "no JSON value"),
        (b'{"status": "SUCCESS", "result": 1e999}', "no JSON value"),
        (record(result={"__type__": "uuid", "__value__": {"hex": "x"}}).encode(), "UUID"),
        (b'{"status": "SUCCESS", "result": ' + b"[" * 100_000, "recursion"),
        (record(result="x" * MAX_OUTPUT).encode(), "store it elsewhere"),
    ],
)
def test_what_cannot_be_used_is_a_failure_of_that_task(payload: bytes, why: str) -> None:
    result = read_record("id", payload, JSON)
    assert result.state == states.FAILURE
    assert result.error is not None
    assert result.error.type == UNREADABLE
    assert why in result.error.message


def test_nothing_a_record_names_is_imported_or_called(capfd: pytest.CaptureFixture[str]) -> None:
    attack = {"exc_module": "os", "exc_type": "system", "exc_message": "echo attacked"}
    result = read_record("id", record(status="FAILURE", result=attack), JSON)
    assert result.error is not None
    assert result.error.reason == "os.system: echo attacked"
    assert capfd.readouterr().out == ""


def test_yaml_tags_are_refused() -> None:
    payload = b"status: SUCCESS\nresult: !!python/object/apply:os.getcwd []\n"
    result = read_record("id", payload, "application/x-yaml")
    assert result.error is not None
    assert result.error.type == UNREADABLE


def test_text_that_utf_8_cannot_hold_stays_valid_json() -> None:
    result = read_record("id", rb'{"status": "SUCCESS", "result": "\ud800"}', JSON)
    assert result.output == r'"\ud800"'


@pytest.mark.parametrize("error", [None, "text", 5, [1, 2], {"exc_type": 5}, {"exc_type": "E"}])
def test_a_failure_of_any_form_has_a_reason(error: Any) -> None:
    result = read_record("id", record(status="FAILURE", result=error, traceback=7), JSON)
    assert result.error is not None
    assert result.error.reason


@given(st.binary() | st.text(), st.sampled_from(sorted(DECODERS)))
def test_no_bytes_raise(payload: bytes | str, content_type: str) -> None:
    assert isinstance(read_record("id", payload, content_type), TaskResult)
