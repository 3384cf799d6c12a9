"""The parts of the engine that workers and bridges work with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from redis import Redis

from littleflow_redis.events.script_batch import Call

from ..model.script_results import Report
from ..model.states import Outcome
from ..model.timers import Timer
from .flows import Flows
from .inputs import Inputs
from .keys import Keys
from .scripts import Transitions


@dataclass(frozen=True, slots=True)
class EngineContext:
    """One engine: its connection, key names, stored flows, inputs of steps, and scripts.

    Workers and bridges hold a context instead of a `Client`: they need no searches and no views.
    `Client.context` is the one that a client uses itself. Safe to share between threads.
    """

    redis: Redis
    keys: Keys
    flows: Flows
    inputs: Inputs
    transitions: Transitions

    @classmethod
    def create(cls, redis: Redis, keys: Keys | None = None) -> Self:
        """Build the context of one connection and one namespace; sends nothing."""
        keys = keys or Keys()
        flows = Flows(redis, keys)
        return cls(redis, keys, flows, Inputs(redis, keys, flows), Transitions(redis, keys))

    def fire_ready_steps(self, *reports: Report) -> list[Report]:
        """Fire the steps that transitions left ready, and those that follow; return the reports.

        Skipping this loses nothing: a timer fires the steps a second later.
        """
        return self.run_timers([timer for report in reports for timer in report.ready])

    def run_timers(self, timers: Sequence[Timer]) -> list[Report]:
        """Act on these timers, and on those that become due at once; return the reports."""
        reports, pending = [], list(timers)
        while pending:
            done = [r for r in self.run_timers_once(pending) if isinstance(r, Report)]
            reports += done
            pending = [ready for report in done for ready in report.ready]
        return reports

    def run_timers_once(self, timers: Sequence[Timer]) -> list[Report | Exception]:
        """Act on these timers alone; return for each its report, or what its script raised."""
        firings = iter(self.inputs.firings([timer for timer in timers if timer.kind.fires]))
        reports = self.transitions.run(
            [
                self.transitions.fire_ready(timer, next(firings))
                if timer.kind.fires
                else self.transitions.expire_timer(timer)
                for timer in timers
            ]
        )
        lacking = [i for i, report in enumerate(reports) if _needs_input(report)]
        repeated = self.transitions.run([self._call_with_input(timers[i]) for i in lacking])
        for i, report in zip(lacking, repeated, strict=True):
            reports[i] = report
        return reports

    def _call_with_input(self, timer: Timer) -> Call:
        input, missing = self.inputs.recover(timer.workflow, timer.field, timer.rest)
        return self.transitions.expire_timer(timer, input, missing)


def _needs_input(report: Report | Exception) -> bool:
    return isinstance(report, Report) and report.outcome is Outcome.NEED_INPUT
