"""How the records of tasks are read from each kind of result backend, always as data.

A new kind is a class here and a line in ``reader_of``.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from celery import states
from celery.backends.base import Backend, BaseKeyValueStoreBackend
from celery.backends.redis import RedisBackend
from kombu.exceptions import ContentDisallowed, DecodeError

from ..ends.task_error import UNREADABLE
from ..ends.task_result import TaskResult, read_decoded, unreadable_result
from .records import read_record, read_row

if TYPE_CHECKING:
    from sqlalchemy.engine import Row

#: Module of the SQLAlchemy backend, which is imported only where it is in use.
_DATABASE = "celery.backends.database"


class ResultReader(Protocol):
    """Reads what a backend stores; ``read`` leaves out ids without a record.

    Raises whatever the backend's library raises when it cannot be reached.
    """

    def read(self, ids: Sequence[str]) -> Iterator[TaskResult]: ...


class KeyValueReader:
    """Redis, files, object stores, and all that keep a record under a key."""

    def __init__(self, backend: BaseKeyValueStoreBackend) -> None:
        self._backend = backend
        # A file is not written at once: what cannot be read may be half of it.
        self._settled = None if is_redis(backend) else Settled()

    def read(self, ids: Sequence[str]) -> Iterator[TaskResult]:
        keys = [self._backend.get_key_for_task(id) for id in ids]
        for id, payload in zip(ids, self._load(keys), strict=True):
            if payload:
                result = read_record(id, payload, self._backend.content_type)
                if self._settled is None or self._settled(result, payload):
                    yield result

    def _load(self, keys: Sequence[bytes | str]) -> Sequence[bytes | str | None]:
        try:
            found = self._backend.mget(keys)
        except NotImplementedError:
            return [self._backend.get(key) for key in keys]
        return [found.get(key) for key in keys] if hasattr(found, "items") else list(found)


class Settled:
    """Finds out whether an unreadable record is the same as at the last look."""

    def __init__(self) -> None:
        self._seen: dict[str, bytes] = {}

    def __call__(self, result: TaskResult, payload: bytes | str) -> bool:
        if result.error is None or result.error.type != UNREADABLE:
            self._seen.pop(result.id, None)
            return True
        raw = payload if isinstance(payload, bytes) else payload.encode()
        digest = hashlib.sha256(raw).digest()
        before, self._seen[result.id] = self._seen.get(result.id), digest
        return before == digest


class TableReader:
    """SQLAlchemy: the rows of many tasks in one query, without the models, which may unpickle."""

    def __init__(self, backend: Any) -> None:
        import sqlalchemy as sa

        self._backend = backend
        model = backend.task_cls.__table__
        columns: list[Any] = [
            sa.column("task_id", sa.String),
            sa.column("status", sa.String),
            sa.column("result", sa.LargeBinary),
            sa.column("traceback", sa.Text),
        ]
        table: Any = sa.table(model.name, *columns, schema=model.schema)
        self._query = sa.select(*table.c)
        self._id = table.c.task_id

    def read(self, ids: Sequence[str]) -> Iterator[TaskResult]:
        session = self._backend.ResultSession()
        try:
            rows: Sequence[Row[str, str, bytes, str]] = session.execute(
                self._query.where(self._id.in_(ids))
            ).all()
        finally:
            session.close()
        for id, status, payload, traceback in rows:
            yield read_row(id, status, payload, traceback, self._backend.content_type)


class RecordReader:
    """Any other backend that keeps records, such as MongoDB: one by one, by its own code.

    By default it makes exceptions of stored failures; here it does not.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = copy.copy(backend)
        self._backend.exception_to_python = lambda exception: exception

    def read(self, ids: Sequence[str]) -> Iterator[TaskResult]:
        for id in ids:
            try:
                # Not `get_task_meta`, which remembers what it has seen.
                record = self._backend._get_task_meta_for(id)
            except (ContentDisallowed, DecodeError, ValueError) as error:
                # Of this record alone: any other error is an outage, of them all.
                yield unreadable_result(id, error)
                continue
            if isinstance(record, Mapping) and record.get("status") != states.PENDING:
                yield read_decoded(id, record)


def reader_of(backend: Backend) -> ResultReader:
    """The reader for a backend that keeps its records."""
    if isinstance(backend, BaseKeyValueStoreBackend):
        return KeyValueReader(backend)
    if any(cls.__module__ == _DATABASE for cls in type(backend).__mro__):
        return TableReader(backend)
    return RecordReader(backend)


def is_redis(backend: object) -> bool:
    return isinstance(backend, RedisBackend)
