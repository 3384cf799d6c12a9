"""Steps that nobody serves and that keep a workflow waiting: each is reported once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from littleflow_redis.bridges.doctor import Subject
    from littleflow_redis.engine.client import Client

#: Seconds until the first look, and between two: a process that was started together with the
#: workflow has time to come, and people learn of one that is missing within ten.
LOOK = 5.0


class Lookout:
    """Looks now and then who serves the steps of a workflow that are still to come.

    With an app to look at, also whether its workers consume from the queues of the flow.
    """

    def __init__(self, client: Client, workflow: str, subject: Subject | None = None) -> None:
        self._client = client
        self._workflow = workflow
        self._subject = subject
        self._next = time.monotonic() + LOOK
        self._reported: set[str] = set()
        #: Categories and queues that were reported; of which steps changes as they come up.
        self._places: set[tuple[str, str]] = set()

    def news(self) -> list[str]:
        """A sentence for each step that nobody serves and that was not reported before.

        Nothing if it is not time to look again. Raises RedisError, UnknownWorkflow.
        """
        if time.monotonic() < self._next:
            return []
        new = [
            sentence for sentence in dict.fromkeys(self._found()) if sentence not in self._reported
        ]
        self._reported.update(new)
        self._next = time.monotonic() + LOOK
        return new

    def _found(self) -> Iterator[str]:
        from littleflow_redis.engine.operations.unserved import unserved

        for one in unserved(self._client, self._workflow):
            place = one.category, one.queue
            if place not in self._places:
                self._places.add(place)
                yield one.sentence
        if self._subject is not None:
            from littleflow_redis.bridges.doctor.written import unheard

            yield from (sentence for _, sentence in unheard(self._subject))
