"""The stored results of tasks, read in batches: what the sweep stands on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from celery.backends.base import Backend

from littleflow_redis.events.portion import Portion

from ..ends.task_result import TaskResult
from .readers import reader_of
from .records import read_record

#: Records per read at most: beyond, round trips get hardly cheaper.
BATCH = 64


class ResultsUnreachable(ConnectionError):
    """The result backend cannot be reached now; results are read when it can."""


class Results:
    """Reads the results of an app's tasks from its backend (see :mod:`.backends`)."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self._reader = reader_of(backend)
        self._portion = Portion()
        #: What keys and channels of results start with; the id follows. Empty where there are none.
        self.key_prefix: bytes = _bytes(getattr(backend, "task_keyprefix", b""))

    def fetch(self, ids: Iterable[str]) -> Iterator[TaskResult]:
        """Yield what is stored for these ids; without a record an id is left out.

        Raises ResultsUnreachable.
        """
        return chain.from_iterable(self.pages(ids))

    def pages(self, ids: Iterable[str]) -> Iterator[list[TaskResult]]:
        """The same, in portions that a process can bear."""
        remaining = iter(ids)
        while batch := list(islice(remaining, self._portion.of(BATCH))):
            results = self._load(batch)
            self._portion.seen(len(result.output or "") for result in results)
            yield results

    def read(self, id: str, payload: bytes | str) -> TaskResult:
        """Read one record as it is stored and published. Never raises."""
        return read_record(id, payload, self.backend.content_type)

    def id_of(self, key: bytes | str) -> str:
        """The task id of a key or channel."""
        return _bytes(key).removeprefix(self.key_prefix).decode()

    def _load(self, ids: Sequence[str]) -> list[TaskResult]:
        try:
            return list(self._reader.read(ids))
        # Each backend has a library of its own, which raises what it likes; no bridge may end for
        # it. What is no outage stays in the log until somebody mends it.
        except Exception as error:
            raise ResultsUnreachable(
                f"no answer from {self.backend.as_uri()}: {type(error).__name__}: {error}"
            ) from error


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
