"""Retention: workflows that ended long enough ago are deleted, a few at a time."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from littleflow_redis.engine.model.script_results import Report
from littleflow_redis.engine.model.states import Outcome, WorkflowState
from littleflow_redis.engine.store.context import EngineContext
from littleflow_redis.events.logs import kv
from littleflow_redis.events.shutdown import Pace

LOG = logging.getLogger("littleflow_redis.retention")

#: Workflows looked at in one round trip; between two of them the worker does its other work.
PAGE = 100

#: Seconds between two searches: retention is counted in days.
SEARCH_EVERY = 60.0


def by_state(ended: float | None, failed: float | None) -> dict[WorkflowState, float]:
    """The seconds that each state keeps a workflow: ``failed`` those that FAILED, ``ended`` all
    other ends; None for ever.
    """
    limits = {
        WorkflowState.FINISHED: ended,
        WorkflowState.TERMINATED: ended,
        WorkflowState.FAILED: failed,
    }
    return {state: limit for state, limit in limits.items() if limit is not None}


class Retention:
    """Deletes workflows that ended ``seconds[state]`` ago or earlier, for each given state.

    Nothing is armed when a workflow ends, so there is nothing to lose, and another retention counts
    for all that is there. The script that deletes looks again at state and age, by Redis' clock, so
    any number of workers may search, and a workflow that was restarted meanwhile stays.
    """

    def __init__(
        self,
        engine: EngineContext,
        seconds: Mapping[WorkflowState, float],
        every: float = SEARCH_EVERY,
    ) -> None:
        self.deleted = 0
        self._engine = engine
        self._seconds = {state: limit for state, limit in seconds.items() if state.ended}
        self._search = Pace(every)
        self._left: list[WorkflowState] = []
        self._kept = 0

    def turn(self) -> int:
        """Look at one page if a search is due or under way; return the number of deletions."""
        if not self._left:
            if not self._seconds or not self._search.due():
                return 0
            self._left = list(self._seconds)
        state = self._left[-1]
        ids = self._page(state)
        deleted = self._delete(ids, state)
        self._kept += len(ids) - deleted
        if len(ids) < PAGE:
            self._left.pop()
            self._kept = 0
        self.deleted += deleted
        if deleted:
            LOG.info(kv("retired", state=state, workflows=deleted))
        return deleted

    def _page(self, state: WorkflowState) -> list[str]:
        """Those in the state that were created long enough ago: only they can have ended then."""
        now: Any = self._engine.redis.time()
        latest = now[0] * 1000 + now[1] // 1000 - round(self._seconds[state] * 1000)
        index = f"{self._engine.keys.index}:{state}"
        found: Any = self._engine.redis.zrangebyscore(
            index, "-inf", latest, start=self._kept, num=PAGE
        )
        return [id.decode() for id in found]

    def _delete(self, ids: list[str], state: WorkflowState) -> int:
        transitions = self._engine.transitions
        calls = [transitions.retire(id, state, self._seconds[state]) for id in ids]
        reports = transitions.run(calls) if calls else []
        return sum(isinstance(r, Report) and r.outcome is Outcome.APPLIED for r in reports)
