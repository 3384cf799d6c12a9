"""The stored results of tasks, read in batches: what the sweep stands on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from celery.backends.base import BaseKeyValueStoreBackend

from littleflow_redis.bridges.records import Result, read_record

#: Records per MGET: large enough to make round trips cheap, small enough that a batch of large
#: results does not hold up the server.
BATCH = 256


class ResultsUnreachable(ConnectionError):
    """The result backend cannot be reached now; results are read when it can."""


class Results:
    """Reads the results of an app's tasks from its backend (see :mod:`.backends`)."""

    def __init__(self, backend: BaseKeyValueStoreBackend) -> None:
        self.backend = backend
        #: What keys and channels of results start with; the id follows.
        self.key_prefix: bytes = _bytes(backend.task_keyprefix)

    def fetch(self, ids: Iterable[str]) -> Iterator[Result]:
        """Yield what is stored for these ids; without a record an id is left out.

        Raises ResultsUnreachable.
        """
        remaining = iter(ids)
        while batch := list(islice(remaining, BATCH)):
            for id, payload in zip(batch, self._load(batch), strict=True):
                if payload:
                    yield self.read(id, payload)

    def read(self, id: str, payload: bytes | str) -> Result:
        """Read one record as it is stored and published. Never raises."""
        return read_record(id, payload, self.backend.content_type)

    def id_of(self, key: bytes | str) -> str:
        """The task id of a key or channel."""
        return _bytes(key).removeprefix(self.key_prefix).decode()

    def _load(self, ids: Sequence[str]) -> Sequence[bytes | str | None]:
        keys = [self.backend.get_key_for_task(id) for id in ids]
        try:
            return self._mget(keys)
        except Exception as error:
            if isinstance(error, OSError) or self.backend.exception_safe_to_retry(error):
                raise ResultsUnreachable(
                    f"no answer from {self.backend.as_uri()}: {error}"
                ) from error
            raise

    def _mget(self, keys: Sequence[bytes | str]) -> Sequence[bytes | str | None]:
        try:
            found = self.backend.mget(keys)
        except NotImplementedError:
            return [self.backend.get(key) for key in keys]
        return [found.get(key) for key in keys] if hasattr(found, "items") else found


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
