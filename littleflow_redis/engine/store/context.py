"""The parts of the engine that workers and bridges work with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from redis import Redis

from littleflow_redis.events.portion import Portion

from ..model.script_results import Firing, Report
from ..model.states import Outcome
from ..model.timers import Timer
from .flows import Flows
from .inputs import Inputs
from .keys import Keys
from .scripts import Transitions

#: Ready steps fired at once while nothing is known of the sizes of their inputs.
MOST_AT_FIRST = 16


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
    portion: Portion = field(default_factory=lambda: Portion(first=MOST_AT_FIRST))

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
        """Act on these timers alone; return for each its report, or what its script raised.

        They go in portions that a process can bear: each may need its step's input.
        """
        reports: list[Report | Exception] = []
        while len(reports) < len(timers):
            left = timers[len(reports) :]
            reports += self._run_together(left[: self.portion.of(len(left))])
        return reports

    def _run_together(self, timers: Sequence[Timer]) -> list[Report | Exception]:
        firings = self.inputs.firings([timer for timer in timers if timer.kind.fires])
        sizes, each = [_size(firing) for firing in firings], iter(firings)
        reports = self.transitions.run(
            [
                self.transitions.fire_ready(timer, next(each))
                if timer.kind.fires
                else self.transitions.expire_timer(timer)
                for timer in timers
            ]
        )
        lacking = [i for i, report in enumerate(reports) if _needs_input(report)]
        inputs = [self._input_of(timers[i]) for i in lacking]
        repeated = self.transitions.run(
            [
                self.transitions.expire_timer(timers[i], *given)
                for i, given in zip(lacking, inputs, strict=True)
            ]
        )
        for i, report in zip(lacking, repeated, strict=True):
            reports[i] = report
        # Most timers need no input.
        self.portion.seen([0, *sizes, *(len(text) for text, _ in inputs)])
        return reports

    def _input_of(self, timer: Timer) -> tuple[str, str]:
        return self.inputs.recover(timer.workflow, timer.field, timer.rest)


def _size(firing: Firing) -> int:
    return len(firing.input) + sum(map(len, firing.items))


def _needs_input(report: Report | Exception) -> bool:
    return isinstance(report, Report) and report.outcome is Outcome.NEED_INPUT
