"""Looking at workflows: nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..model.errors import NoSource
from ..model.states import WorkflowState
from ..views import metrics
from ..views.attempts import AttemptView, attempts
from ..views.feed import BLOCK, FeedEntry, FeedReader
from ..views.graph import graph
from ..views.health import Health, read_health
from ..views.listing import Page, Query
from ..views.step_detail import StepDetail, step_detail
from ..views.trace import TraceEntry
from ..views.waits import WaitView
from ..views.workflows import Summary, WorkflowView
from .base import ClientBase


class Queries(ClientBase):
    """Queries on workflows."""

    def check_writable(self) -> None:
        """Write something small, to see that Redis takes it. Raises RedisError if it refuses."""
        self.redis.set(self.keys.probe, 1, px=1000)

    def state(self, workflow: str) -> WorkflowView:
        """The workflow and all its steps. Raises UnknownWorkflow."""
        return self.views.workflow(self.keys.full_id(workflow))

    def step(self, workflow: str, index: int, scope: str = "") -> StepDetail:
        """One step with its input, its output and all its attempts; with ``scope`` one item of it.

        Raises UnknownWorkflow, UnknownStep.
        """
        id = self.keys.full_id(workflow)
        return step_detail(self.views, self.inputs, id, index, scope, self.views.trace(id))

    def source(self, workflow: str) -> str:
        """The text that the workflow was started from. Raises UnknownWorkflow, NoSource."""
        id = self.keys.full_id(workflow)
        source = self.views.flow(id).source
        if source is None:
            raise NoSource(id)
        return source

    def input(self, workflow: str) -> Any:
        """The workflow's input. Raises UnknownWorkflow."""
        id = self.keys.full_id(workflow)
        self.views.state(id)
        return self.views.outputs(id, [-1])[0]

    def graph(self, workflow: str) -> dict[str, Any]:
        """The flow for drawing, with the state of each step: see ``graphs``.

        Raises UnknownWorkflow.
        """
        id = self.keys.full_id(workflow)
        return graph(self.views.flow(id), self.views.workflow(id))

    def trace(self, workflow: str) -> Iterator[TraceEntry]:
        """Every change, oldest first. Raises UnknownWorkflow."""
        return self.views.trace(self.keys.full_id(workflow))

    def changes(
        self, workflow: str, start: int = 0, size: int = 500
    ) -> tuple[Sequence[TraceEntry], int | None]:
        """``size`` changes from number ``start`` on, and where to go on, None at the end.

        Raises UnknownWorkflow.
        """
        id = self.keys.full_id(workflow)
        found = list(self.views.trace(id, start, start + size))
        return found[:size], start + size if len(found) > size else None

    def attempts(self, workflow: str) -> Sequence[AttemptView]:
        """Every attempt of every step, in the order in which they were emitted.

        Raises UnknownWorkflow.
        """
        return attempts(self.trace(workflow))

    def waits(self, workflow: str) -> Sequence[WaitView]:
        """The waits of each step that has begun and is not over. Raises UnknownWorkflow."""
        id = self.keys.full_id(workflow)
        self.views.state(id)
        return self.overview.of([id])

    def waiting(self, *, cursor: str = "", size: int = 50) -> Page[WaitView]:
        """The waits of all workflows' steps, except for running tasks.

        The oldest workflow comes first, ``size`` waits at most. Raises BadQuery.
        """
        return self.overview.page(cursor, size)

    def search(
        self, query: Query | None = None, *, cursor: str = "", size: int = 50
    ) -> Page[Summary]:
        """Workflows that a query describes, newest first without one, ``size`` at most.

        ``cursor`` is the ``next`` of the page before; pages stay as they are while workflows start.
        Raises BadQuery.
        """
        return self.listing.page(query or Query(), cursor, size)

    def list(
        self, state: str | WorkflowState | None = None, *, start: int = 0, size: int = 50
    ) -> Sequence[Summary]:
        """Workflows, newest first; ``state`` limits them to one state."""
        return self.views.list(WorkflowState(state) if state else None, start, size)

    def in_progress(self) -> Sequence[str]:
        """Short ids of the workflows that have not ended, in no order."""
        found: Any = self.redis.smembers(self.keys.running)
        return sorted(self.keys.short_id(id.decode()) for id in found)

    def follow(
        self, workflow: str | None = None, *, after: str = "", block: float = BLOCK
    ) -> Iterator[FeedEntry]:
        """Changes of one workflow or of all, from now or from the entry ``after`` on.

        The iterator never ends by itself. Raises BadQuery, InvalidId and RedisError; after the
        last, call it again with the last ``id``. For many listeners in one process see ``feed``.
        """
        id = self.keys.full_id(workflow) if workflow else ""
        reader = FeedReader(self.redis, self.keys, after)
        reader.start()
        while True:
            for found in reader.read(block):
                if found.reset or not id or found.workflow == id:
                    yield found

    def groups(self) -> Health:
        """Consumer groups, bridges, the length of the stream, timers and dead letters."""
        return read_health(self.redis, self.keys)

    def metrics(self) -> str:
        """Metrics in Prometheus' text format, whose type is ``metrics.CONTENT_TYPE``."""
        return metrics.text(self.redis, self.keys)
