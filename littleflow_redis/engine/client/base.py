"""What the parts of the client stand on."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence

from redis import Redis
from redis.exceptions import ConnectionError as LostConnection
from redis.exceptions import TimeoutError as LostReply

from littleflow_redis.events.connection import ConnectionSettings, connect
from littleflow_redis.events.script_batch import Call
from littleflow_redis.language import Flow

from ..model.errors import InProgress, NewerVersion, UnknownWorkflow
from ..model.script_results import Report
from ..model.states import Outcome
from ..model.timers import Timer
from ..store.dead_letters import DeadLetters
from ..store.flows import Flows
from ..store.inputs import Inputs
from ..store.keys import Keys
from ..store.scripts import Transitions
from ..views.feed import Feed
from ..views.listing import Listing
from ..views.waits_listing import Waiting
from ..views.workflows import Views

#: Seconds for which a start is tried again while Redis cannot be reached.
START_PATIENCE = 10.0


class ClientBase:
    """The connection, the key names, and who reads and writes with them."""

    def __init__(
        self,
        url: str | None = None,
        *,
        redis: Redis | None = None,
        keys: Keys | None = None,
    ) -> None:
        self.redis = redis or connect(ConnectionSettings.from_environment(url=url))
        self.keys = keys or Keys()
        self.flows = Flows(self.redis, self.keys)
        self.transitions = Transitions(self.redis, self.keys)
        self.views = Views(self.redis, self.keys, self.flows)
        self.inputs = Inputs(self.redis, self.keys, self.flows)
        self.listing = Listing(self.redis, self.keys, self.views)
        self.overview = Waiting(self.redis, self.keys, self.flows, self.listing)
        self.feed = Feed(self.redis, self.keys)
        self.dead = DeadLetters(self.redis, self.keys, self.transitions)

    def settle(self, report: Report) -> list[Report]:
        """Fire the steps that a transition left ready, and those that follow; return the reports.

        Nothing is lost if this is not done, or not to the end: a timer fires them a second later.
        """
        return self.act(report.ready)

    def act(self, timers: Sequence[Timer]) -> list[Report]:
        """Act on these timers, and on those that follow at once; return the reports."""
        reports, waiting = [], list(timers)
        while waiting:
            done = [r for r in self.fire(waiting) if isinstance(r, Report)]
            reports += done
            waiting = [ready for r in done for ready in r.ready]
        return reports

    def fire(self, timers: Sequence[Timer]) -> list[Report | Exception]:
        """Act on these timers alone; return what came of each, or what its script raised."""
        done = self.transitions.run([self._act(timer) for timer in timers])
        lacking = [i for i, report in enumerate(done) if _needs_input(report)]
        again = self.transitions.run([self._with_input(timers[i]) for i in lacking])
        for i, report in zip(lacking, again, strict=True):
            done[i] = report
        return done

    def _act(self, timer: Timer) -> Call:
        if timer.kind.fires:
            return self.transitions.fire(timer, self.inputs.firing(timer))
        return self.transitions.expire(timer)

    def _with_input(self, timer: Timer) -> Call:
        input, missing = self.inputs.again(timer.workflow, timer.field, timer.rest)
        return self.transitions.expire(timer, input, missing)

    @staticmethod
    def patiently(call: Callable[[], Report]) -> Report:
        """Call again while Redis cannot be reached; only for calls that may be repeated."""
        deadline = time.monotonic() + START_PATIENCE
        while True:
            try:
                return call()
            except (LostConnection, LostReply):
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.1)

    @staticmethod
    def _checked(report: Report, id: str) -> None:
        if report.outcome is Outcome.UNKNOWN_WORKFLOW:
            raise UnknownWorkflow(id)
        if report.outcome is Outcome.IN_PROGRESS:
            raise InProgress(f"{id} is in progress: terminate it first")
        if report.outcome is Outcome.NEWER:
            raise NewerVersion(NewerVersion.__doc__)


def _needs_input(report: Report | Exception) -> bool:
    return isinstance(report, Report) and report.outcome is Outcome.NEED_INPUT


def new_id(flow: Flow) -> str:
    """A new id: the flow's name, if it has one, and a random part."""
    name = (flow.name or "").replace(":", ".")[:160]
    return f"{name}-{uuid.uuid4()}" if name else str(uuid.uuid4())
