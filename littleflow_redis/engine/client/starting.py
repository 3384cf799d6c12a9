"""Starting workflows: one, or many in one round trip."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from redis import Redis
from redis.exceptions import ConnectionError as LostConnection
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as LostReply

from littleflow_redis.events.reconnect import refusal_of
from littleflow_redis.events.script_batch import Call

from ..model.errors import IdConflict
from ..model.script_results import Report
from ..model.states import Outcome
from ..store.flows import MAX_CACHED
from ..store.keys import Keys
from .base import ClientBase
from .start_specs import (
    BatchPreparation,
    PreparedStart,
    StartPreparation,
    StartResult,
    StartSpec,
    Workflow,
    as_flow,
)

#: Starts that are sent in one round trip: Redis works on them for some 100 ms, in turn with others.
MOST_STARTS = 1_000

#: Bytes of inputs and flows that are sent in one round trip, unless a single start has more. Redis
#: holds them until it has worked on them.
MOST_BYTES = 4_000_000


class Starting(ClientBase):
    """Starts workflows."""

    def __init__(
        self, url: str | None = None, *, redis: Redis | None = None, keys: Keys | None = None
    ) -> None:
        super().__init__(url, redis=redis, keys=keys)
        self._preparation = StartPreparation(self.keys)
        #: Flows that Redis has, by digest.
        self._stored: set[str] = set()

    def start(
        self, workflow: Workflow, input: Any = None, *, workflow_id: str | None = None
    ) -> str:
        """Start a workflow and return its full id.

        ``workflow`` is a text, the path of a file (as path-like), or a compiled flow. ``input`` is
        a JSON value, merged over the flow's default input if both are objects. ``workflow_id`` is
        an idempotency key: the same id with the same text and input is the same workflow.

        Raises FlowError for a text that does not compile, UnsupportedFlow for what this version
        cannot run, IdConflict, InvalidId, BadValue for an input that is no JSON.
        """
        start = self._preparation.prepare(as_flow(workflow), input, workflow_id)
        (report,) = self._send([start])
        return _result(start, report).id

    def start_many(self, starts: Iterable[StartSpec]) -> list[StartResult]:
        """Start many workflows and return a result for each, in their order.

        Up to 1,000 starts with up to 4,000,000 bytes of inputs go in one round trip, more of them
        in several. Each is a start by itself: one that is refused stops no other, and its result
        has the error. ``id`` of such a result raises it.

        If Redis is away or refuses to write for 10 seconds, the results of those that were not
        answered have that error. Redis may have started these: starting them again with their
        ``workflow`` as ``workflow_id`` starts none twice.

        Raises TypeError, before anything is started, if one of ``starts`` is no StartSpec.
        """
        preparation = BatchPreparation(self._preparation)
        prepared = [preparation.prepare(spec) for spec in _checked(starts)]
        reports = iter(self._send_all([one for one in prepared if isinstance(one, PreparedStart)]))
        results = [
            StartResult("", one) if isinstance(one, Exception) else _result(one, next(reports))
            for one in prepared
        ]
        return [_placed(result, number) for number, result in enumerate(results)]

    def _send_all(self, starts: Sequence[PreparedStart]) -> list[Report | Exception]:
        reports: list[Report | Exception] = []
        for trip in _trips(starts):
            try:
                reports += self._send(trip)
            except RedisError as error:
                # The others are not sent: each would be tried for as long.
                reports += [error] * (len(starts) - len(reports))
                break
        return reports

    def _send(self, starts: Sequence[PreparedStart]) -> list[Report | Exception]:
        """Send starts in one round trip, and once more those whose flow Redis has forgotten."""
        reports: dict[int, Report | Exception] = {}
        left, rounds = list(range(len(starts))), 0
        while left:
            some = [starts[place] for place in left]
            reports |= zip(left, self._round_trip(some, each_flow=rounds > 1), strict=True)
            left = [place for place in left if _needs_flow(reports[place])]
            rounds += 1
        self._fire([report for report in reports.values() if isinstance(report, Report)])
        return list(reports.values())

    def _round_trip(
        self, starts: Sequence[PreparedStart], *, each_flow: bool
    ) -> list[Report | Exception]:
        """A flow that Redis may not have goes with the first of its starts; or with each, because
        that first one may have been refused.
        """
        reports: list[Report | Exception] = []

        def send() -> None:
            reports[:] = self.transitions.run(list(self._calls(starts, each_flow=each_flow)))
            _raise_refusal(reports)

        try:
            # The ids are drawn, so starts whose replies were lost are found again, not repeated.
            self.patiently(send)
        except RedisError as error:
            if not refusal_of(error):
                raise
            # Those that were not refused have started.
        for start, report in zip(starts, reports, strict=True):
            if isinstance(report, Report):
                self._learn(start.flow_digest, report.outcome)
        return reports

    def _calls(self, starts: Sequence[PreparedStart], *, each_flow: bool) -> Iterator[Call]:
        sent: set[str] = set()
        for start in starts:
            stored = start.flow_digest in self._stored or start.flow_digest in sent
            if not each_flow:
                sent.add(start.flow_digest)
            yield self.transitions.start(
                start.id,
                digest=start.digest,
                flow_digest=start.flow_digest,
                nonce=secrets.token_hex(4),
                name=start.name,
                input=start.input,
                flow=b"" if stored else start.packed_flow,
                alone=start.large,
            )

    def _learn(self, flow_digest: str, outcome: Outcome) -> None:
        """Note whether Redis has a flow."""
        if outcome is Outcome.NEED_FLOW:
            self._stored.discard(flow_digest)
        elif outcome is not Outcome.CONFLICT and flow_digest not in self._stored:
            if len(self._stored) >= MAX_CACHED:
                # Each is sent once more; of so many, the encoder has not kept them either.
                self._stored.clear()
            self._stored.add(flow_digest)

    def _fire(self, reports: Sequence[Report]) -> None:
        # They run, whatever comes now: a caller that got an error for it would start others. A
        # worker fires what is ready a second later.
        with suppress(LostConnection, LostReply):
            self.context.fire_ready_steps(*reports)


def _raise_refusal(reports: Sequence[Report | Exception]) -> None:
    """Raise what says that Redis refused to write, if one of the reports does."""
    for report in reports:
        if isinstance(report, RedisError) and refusal_of(report):
            raise report


def _checked(starts: Iterable[StartSpec]) -> list[StartSpec]:
    given = list(starts)
    for number, spec in enumerate(given):
        if not isinstance(spec, StartSpec):
            raise TypeError(
                f"starts[{number}] is no StartSpec but {type(spec).__name__}: write "
                "StartSpec(workflow, input)"
            )
    return given


def _trips(starts: Sequence[PreparedStart]) -> Iterator[Sequence[PreparedStart]]:
    """The starts in parts that go together."""
    first, size, flows = 0, 0, set[str]()
    for place, start in enumerate(starts):
        flow = 0 if start.flow_digest in flows else len(start.packed_flow)
        size += len(start.input) + flow
        if place > first and (place - first == MOST_STARTS or size > MOST_BYTES):
            yield starts[first:place]
            first, size, flows = place, len(start.input) + len(start.packed_flow), set()
        flows.add(start.flow_digest)
    if starts:
        yield starts[first:]


def _needs_flow(report: Report | Exception) -> bool:
    return isinstance(report, Report) and report.outcome is Outcome.NEED_FLOW


def _result(start: PreparedStart, report: Report | Exception) -> StartResult:
    if isinstance(report, Exception):
        return StartResult(start.id, report)
    if report.outcome is Outcome.CONFLICT:
        conflict = IdConflict(
            f"{start.id} was started before with another text or input: give another workflow_id, "
            "or none"
        )
        return StartResult(start.id, conflict)
    return StartResult(start.id)


def _placed(result: StartResult, number: int) -> StartResult:
    """The same result; its error says which start it is of."""
    if result.error is None:
        return result
    # Starts of one text, and those that a lost connection took, share an error.
    error = copy.copy(result.error)
    error.__cause__ = result.error.__cause__
    error.add_note(f"of starts[{number}]")
    return StartResult(result.workflow, error)
