"""State is the truth, the stream its transport: write again what the stream has lost."""

from __future__ import annotations

import logging
from typing import Any

from littleflow_redis.events.logs import kv

from .client import Client
from .errors import NewerVersion, UnknownWorkflow
from .states import Outcome

LOG = logging.getLogger("littleflow_redis.reconcile")

#: Open attempts looked at in one round trip.
PAGE = 500


class Reconciler:
    """Finds open attempts whose start-task is missing and that nobody took; emits them again.

    An entry goes missing when an operator deletes the stream, or a failover loses its tail.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def run(self) -> int:
        """Look at every open attempt once; return how many were emitted again."""
        client, cursor, emitted = self._client, 0, 0
        page: Any
        while True:
            cursor, page = client.redis.hscan(client.keys.open, cursor, count=PAGE)
            for event in client.transitions.missing(list(page)) if page else ():
                emitted += self._emit(event.decode(), page[event].decode())
            if not cursor:
                return emitted

    def _emit(self, event: str, attempt: str) -> bool:
        workflow, field, token = attempt.split("|")
        index, _, scope = field.partition("@")
        try:
            input = self._client.inputs.text(workflow, int(index), scope)
        except (LookupError, NewerVersion, UnknownWorkflow):
            input = ""
        done = self._client.transitions.reemit(workflow, field, token, event, input)
        if done is Outcome.APPLIED:
            LOG.warning(kv("emitted-again", workflow=workflow, step=index, missing=event))
        return done is Outcome.APPLIED
