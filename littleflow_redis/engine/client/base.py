"""The common base of the client's parts."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from typing import TypeVar

from redis import Redis
from redis.exceptions import RedisError

from littleflow_redis.events.connection import ConnectionSettings, connect
from littleflow_redis.events.reconnect import is_temporary, refusal_of
from littleflow_redis.language import Flow

from ..model.errors import InProgress, NewerVersion, UnknownWorkflow
from ..model.script_results import Report
from ..model.states import Outcome
from ..model.timers import Timer
from ..store.context import EngineContext
from ..store.dead_letters import DeadLetters
from ..store.keys import Keys
from ..views.feed import Feed
from ..views.listing import Listing
from ..views.waits_listing import WaitListing
from ..views.workflows import WorkflowReader

T = TypeVar("T")

#: Seconds for which a call is tried again while Redis cannot be reached, or refuses to write.
PATIENCE = 10.0


class ClientBase:
    """The connection, the key names, and who reads and writes with them."""

    def __init__(
        self,
        url: str | None = None,
        *,
        redis: Redis | None = None,
        keys: Keys | None = None,
    ) -> None:
        connection = redis or connect(ConnectionSettings.from_environment(url=url))
        #: The same engine without queries and commands, for workers and bridges.
        self.context = context = EngineContext.create(connection, keys)
        self.redis, self.keys, self.flows = context.redis, context.keys, context.flows
        self.inputs, self.transitions = context.inputs, context.transitions
        self.views = WorkflowReader(context)
        self.listing = Listing(self.redis, self.keys, self.views)
        self.overview = WaitListing(context, self.listing)
        self.feed = Feed(self.redis, self.keys)
        self.dead = DeadLetters(context)

    def settle(self, report: Report) -> list[Report]:
        """Fire the steps that a transition left ready and those that follow; return the reports."""
        return self.context.fire_ready_steps(report)

    def act(self, timers: Sequence[Timer]) -> list[Report]:
        """Act on these timers, and on those that become due at once; return the reports."""
        return self.context.run_timers(timers)

    def fire(self, timers: Sequence[Timer]) -> list[Report | Exception]:
        """Act on these timers alone; return for each its report, or what its script raised."""
        return self.context.run_timers_once(timers)

    @staticmethod
    def patiently(call: Callable[[], T]) -> T:
        """Call again while Redis cannot be reached or refuses to write.

        Only for calls that may be repeated. Raises RedisError when patience is at its end.
        """
        return _repeat(call, is_temporary)

    @staticmethod
    def when_writable(call: Callable[[], T]) -> T:
        """Call again while Redis refuses to write, as in a failover. Raises RedisError then."""
        return _repeat(call, refusal_of)

    @staticmethod
    def _raise_for_outcome(report: Report, id: str) -> None:
        if report.outcome is Outcome.UNKNOWN_WORKFLOW:
            raise UnknownWorkflow(id)
        if report.outcome is Outcome.IN_PROGRESS:
            raise InProgress(f"{id} is in progress: terminate it first")
        if report.outcome is Outcome.NEWER:
            raise NewerVersion(NewerVersion.__doc__)


def _repeat(call: Callable[[], T], again: Callable[[RedisError], object]) -> T:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return call()
        except RedisError as error:
            if not again(error) or time.monotonic() >= deadline:
                raise
            time.sleep(0.1)


def new_id(flow: Flow) -> str:
    """A new id: the flow's name, if it has one, and a random part."""
    name = (flow.name or "").replace(":", ".")[:160]
    return f"{name}-{uuid.uuid4()}" if name else str(uuid.uuid4())
