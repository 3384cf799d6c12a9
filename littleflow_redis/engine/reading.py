"""Looking at workflows: nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .attempts import AttemptView, WaitView, attempts, waits
from .base import Base
from .listing import Page, Query
from .states import WorkflowState
from .views import Summary, TraceEntry, WorkflowView


class Reading(Base):
    """What programs can see."""

    def state(self, workflow: str) -> WorkflowView:
        """The workflow and all its steps. Raises UnknownWorkflow."""
        return self.views.workflow(self.keys.full_id(workflow))

    def trace(self, workflow: str) -> Iterator[TraceEntry]:
        """Every change, oldest first. Raises UnknownWorkflow."""
        return self.views.trace(self.keys.full_id(workflow))

    def attempts(self, workflow: str) -> Sequence[AttemptView]:
        """Every attempt of every step, in the order in which they were handed out.

        Raises UnknownWorkflow.
        """
        return attempts(self.trace(workflow))

    def waits(self, workflow: str) -> Sequence[WaitView]:
        """What each step that has begun and is not over waits for. Raises UnknownWorkflow."""
        id = self.keys.full_id(workflow)
        return waits(self.redis, self.keys, id, self.views.trace(id))

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
