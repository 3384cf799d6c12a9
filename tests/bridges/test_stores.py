"""Results as a real worker stores them, in each kind of backend and serialization."""

from __future__ import annotations

import pickle
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from celery.backends.database import DatabaseBackend

from littleflow_redis.bridges.broker.readers import RecordReader, TableReader
from littleflow_redis.bridges.ends.task_error import UNREADABLE
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import WorkflowFailed
from tests.support import Spawned, wait_until

from .conftest import APPS
from .serving import LONG, bridge_of, check_once, in_flight, running

# SQLAlchemy leaves the closing of sqlite's connections to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture
def stored(
    app: Celery,
    celery_environment: dict[str, str],
    spawn: Callable[..., Spawned],
    tmp_path: Path,
) -> Callable[[str, str], None]:
    """Let results go to a backend, and start a worker that stores them there."""

    def start(backend: str, serializer: str) -> None:
        (tmp_path / "results").mkdir()
        url = backend.format(folder=tmp_path / "results")
        app.conf.result_serializer = serializer
        app.conf.result_accept_content = [serializer]
        if backend:
            app.conf.result_backend = url
        environment = {**celery_environment, "RESULT_SERIALIZER": serializer}
        if backend:
            environment["CELERY_RESULT_BACKEND"] = url
        command = [sys.executable, "-m", "celery", "-A", "stored:app", "worker", "--pool", "solo"]
        more = ["-l", "info", "--without-mingle", "--without-gossip", "--", "task.track_started=1"]
        spawn([*command, *more], env=environment, cwd=APPS).wait_for_output("ready.")

    return start


DATABASE, FILES = "db+sqlite:///{folder}/results.db", "file://{folder}"


@pytest.mark.parametrize(
    ("backend", "serializer"),
    [
        ("", "msgpack"),
        ("", "yaml"),
        (DATABASE, "json"),
        (DATABASE, "msgpack"),
        (FILES, "json"),
        (FILES, "yaml"),
    ],
)
def test_ends_are_read_wherever_and_however_they_are_stored(
    engine: Client, app: Celery, stored: Callable[[str, str], None], backend: str, serializer: str
) -> None:
    stored(backend, serializer)
    with running(bridge_of(engine, app, sweep=0.1)):
        workflow = engine.start('{ math:add([2, 3]) math:greet({"name": "Zoë"}) } → math:collect')
        failing = engine.start('math:order({"item": "shoes"})')
        large = engine.start("math:large(- size: 1100000 -)")
        assert engine.wait(workflow, timeout=LONG) == [5, "hello Zoë"]
        check_once(engine, workflow)
        with pytest.raises(WorkflowFailed, match=r"plain\.OutOfStock: \('shoes', 3\)"):
            engine.wait(failing, timeout=LONG)
        with pytest.raises(WorkflowFailed, match="store it elsewhere"):
            engine.wait(large, timeout=LONG)
        assert "raise OutOfStock(item, 3)" in engine.attempts(failing)[0].traceback
        if serializer == "json":
            typed = engine.wait(engine.start("math:typed"), timeout=LONG)
            assert (typed["price"], typed["day"], typed["binary"]) == ("1.10", "2024-02-29", "/wA=")
        wait_until(lambda: in_flight(engine) == 0, "nothing is in flight")


@pytest.fixture
def table(tmp_path: Path, app: Celery) -> Iterator[sqlite3.Connection]:
    """The database of results, with its tables."""
    app.conf.result_backend = f"db+sqlite:///{tmp_path}/results.db"
    assert isinstance(app.backend, DatabaseBackend)
    app.backend.ResultSession().close()
    connection = sqlite3.connect(tmp_path / "results.db")
    yield connection
    connection.close()


def row(table: sqlite3.Connection, id: str, status: str, result: bytes | None) -> None:
    insert = "INSERT INTO celery_taskmeta (task_id, status, result) VALUES (?, ?, ?)"
    table.execute(insert, (id, status, result))
    table.commit()


class Trap:
    """Runs code where it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("it was unpickled",)


def test_a_row_of_older_celery_is_read_without_unpickling(
    table: sqlite3.Connection, app: Celery
) -> None:
    for protocol in (2, 3, 4, 5):
        row(table, f"old-{protocol}", "SUCCESS", pickle.dumps(b'{"x": 1}', protocol))
    row(table, "trap", "SUCCESS", pickle.dumps(Trap()))
    row(table, "odd", "SUCCESS", b"\x80\x04nothing")
    row(table, "good", "SUCCESS", b"[1]")
    reader = TableReader(app.backend)
    found = {one.id: one for one in reader.read(["old-3", "old-4", "old-5", "trap", "odd", "good"])}
    assert {found[f"old-{n}"].output for n in (3, 4, 5)} == {'{"x":1}'}
    assert found["good"].output == "[1]", "one bad record does not keep others back"
    for id in ("trap", "odd"):
        assert found[id].error is not None
        assert found[id].error.type == UNREADABLE


def test_other_backends_are_read_one_by_one_and_exceptions_stay_data(
    table: sqlite3.Connection, app: Celery
) -> None:
    row(table, "good", "SUCCESS", b"5")
    row(table, "bad", "FAILURE", b'{"exc_type": "E", "exc_module": "os", "exc_message": ["no"]}')
    found = {one.id: one for one in RecordReader(app.backend).read(["good", "bad", "missing"])}
    assert found["good"].output == "5"
    assert found["bad"].error is not None
    assert found["bad"].error.reason == "os.E: no"
    assert set(found) == {"good", "bad"}


def test_a_file_that_is_being_written_is_waited_for(app: Celery, tmp_path: Path) -> None:
    from littleflow_redis.bridges.broker.readers import KeyValueReader

    app.conf.result_backend = f"file://{tmp_path}"
    reader = KeyValueReader(app.backend)
    file = tmp_path / app.backend.get_key_for_task("id").decode()
    file.write_bytes(b'{"status": "SUCC')
    assert list(reader.read(["id"])) == []
    file.write_bytes(b'{"status": "SUCCESS", "result": 1')
    assert list(reader.read(["id"])) == []
    file.write_bytes(b'{"status": "SUCCESS", "result": 1}')
    (result,) = reader.read(["id"])
    assert result.output == "1"
    file.write_bytes(b"broken for good")
    assert list(reader.read(["id"])) == []
    (result,) = reader.read(["id"])
    assert result.error is not None
