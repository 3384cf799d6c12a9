"""From results to the ends that they mean: what is heard at once, what the sweep finds later."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from celery import states

from littleflow_redis.events.logs import kv
from littleflow_redis.events.shutdown import Pace, Stop

from ..ends.end_events import EndedTask, report_ends
from ..ends.task_result import TaskResult
from .bridge_context import BridgeContext
from .progress import Progress
from .result_subscriber import ResultSubscriber
from .result_sweeper import ResultSweeper
from .results import ResultsUnreachable

LOG = logging.getLogger("littleflow_redis.bridge")

#: Seconds to wait for a result at most; the sweep may be due after it.
BLOCK = 1.0


class ResultCollector:
    """Reports the ends of a bridge's publications; one thread uses it."""

    def __init__(
        self,
        bridge: BridgeContext,
        watch: ResultSubscriber,
        sweep: ResultSweeper,
        stop: Stop,
    ) -> None:
        self.reported = 0
        self._engine = bridge.engine
        self._transitions = bridge.engine.transitions
        self._publications = bridge.publications
        self._watch = watch
        self._sweep = sweep
        self._pace = Pace(bridge.sweep_every)
        self._block = min(BLOCK, bridge.sweep_every)
        self._stop = stop
        self._sweeping: Iterator[list[TaskResult]] | None = None
        self._unreachable = False
        self._progress = Progress(bridge.engine, bridge.publications)
        self._references = sweep.references

    def run(self) -> None:
        """Work until stopped. Raises RedisError."""
        with self._stop.waking(self._watch.wake):
            for _ in self._stop.turns():
                self.turn(self._block)

    def turn(self, block: float = 0.0) -> int:
        """Report what was heard, waiting ``block`` seconds for it, and a page of what is swept.

        Returns how many ends were reported. Raises RedisError.
        """
        if self._sweeping is None and (self._watch.missed.is_set() or self._pace.due()):
            self._watch.missed.clear()
            self._sweeping = self._sweep.pages()
        heard = self._watch.take(0.0 if self._sweeping else block)
        reported = self._report(heard, heard=True) + self._report(self._swept(), heard=False)
        reported += self._report(self._references.again(), heard=False)
        return reported

    def _swept(self) -> Sequence[TaskResult]:
        """One page of the sweep that is under way, if any."""
        try:
            page = next(self._sweeping, None) if self._sweeping else None
        except ResultsUnreachable as error:
            self._sweeping = None
            if not self._unreachable:
                self._unreachable = True
                hint = f"looking again every {self._pace.seconds:g} s"
                LOG.warning(kv("results-unreachable", reason=error, next=hint))
            return ()
        if page is None:
            self._sweeping = None
            return ()
        self._unreachable = False
        return page

    def _report(self, results: Sequence[TaskResult], *, heard: bool) -> int:
        """Report what these results mean; return how many were ends."""
        results = self._references.resolve(results)
        self._progress.report(results, heard=heard)
        self._report_starts([result for result in results if result.state == states.STARTED])
        # One that stands for others was another bridge's a moment ago: the sweep resolves it.
        return self._report_ends([one for one in results if one.ended and one.returned is None])

    def _report_starts(self, results: Sequence[TaskResult]) -> None:
        """Report to the engine which tasks a worker has taken up."""
        calls = {
            result.id: self._transitions.mark_started(task, result.worker)
            for result in results
            if (task := self._publications.start_to_report(result.id))
        }
        if calls:
            self._transitions.run(list(calls.values()))
            self._publications.mark_starts_reported(calls.keys())

    def _report_ends(self, results: Sequence[TaskResult]) -> int:
        """Report the ends that these results mean, in one round trip."""
        ended = {
            result.id: (task, result)
            for result in results
            if (task := self._publications.end_to_report(result.id))
        }
        late = self._late(results)
        if not ended and not late:
            return 0
        report_ends(self._engine, [*ended.values(), *late])
        # What was not reported, or whose reply was lost, is found again by the next sweep.
        self._publications.mark_ends_reported(ended.keys())
        self.reported += len(ended) + len(late)
        return len(ended) + len(late)

    def _late(self, results: Sequence[TaskResult]) -> list[EndedTask]:
        """The ends of tasks whose attempts were closed before; a REVOKED one has nothing to say."""
        closed = {result.id: result for result in results if result.id in self._sweep.closed}
        settled = self._sweep.closed.settle(closed) if closed else {}
        return [
            (task, closed[id]) for id, task in settled.items() if closed[id].state != states.REVOKED
        ]
