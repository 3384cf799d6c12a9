"""What keeps a workflow waiting that is waited for: steps that nobody serves, each told once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from littleflow_redis.engine.client import Client

#: Seconds until the first look, and between two: a process that was started together with the
#: workflow has time to come, and people learn of one that is missing within ten.
LOOK = 5.0


class Lookout:
    """Looks now and then who serves the steps of a workflow that are still to come."""

    def __init__(self, client: Client, workflow: str) -> None:
        self._client = client
        self._workflow = workflow
        self._next = time.monotonic() + LOOK
        self._told: set[str] = set()

    def news(self) -> list[str]:
        """A sentence for each category that nobody serves and that was not told before.

        Nothing if it is not time to look again. Raises RedisError, UnknownWorkflow.
        """
        from littleflow_redis.engine.unserved import unserved

        if time.monotonic() < self._next:
            return []
        self._next = time.monotonic() + LOOK
        found = unserved(self._client, self._workflow)
        new = [one for one in found if one.category not in self._told]
        self._told |= {one.category for one in new}
        return [one.sentence for one in new]
