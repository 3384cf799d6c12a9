"""Waits and users' events: a lifecycle worker delivers the events to the waits."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from littleflow_redis.engine.model.errors import InvalidId
from littleflow_redis.engine.model.script_results import Report
from littleflow_redis.engine.model.states import Outcome
from littleflow_redis.engine.model.task_events import Garbage, StartTask
from littleflow_redis.engine.model.user_events import UserEvent, shape_of, signal
from littleflow_redis.engine.store.context import EngineContext
from littleflow_redis.engine.store.mailbox import EventWait, EventWaiter, Mailbox
from littleflow_redis.events.group import Entry, GroupReader
from littleflow_redis.events.logs import kv
from littleflow_redis.events.script_batch import run_batch

from .dead_lettering import MAX_DELIVERIES, is_outage

LOG = logging.getLogger("littleflow_redis.waits")

#: Tries to begin a wait at once; after that it stays pending and is delivered again.
TRIES = 20

#: Kinds whose shapes are remembered, so that most events go by in one call.
MAX_KINDS = 1000

#: Rounds without progress after which an event is left pending. One or two mean that another worker
#: was faster.
MAX_IDLE = 3


@dataclass(slots=True)
class _Arrival:
    """An event on its way to the waits for it.

    ``last``: this is its last delivery. ``idle``: rounds since it reached a wait.
    """

    signal: UserEvent
    last: bool
    idle: int = 0

    @property
    def stuck(self) -> bool:
        return self.idle >= MAX_IDLE


class Waits:
    """Begins waits and delivers events to them, for one group. One thread uses it."""

    def __init__(self, engine: EngineContext, reader: GroupReader) -> None:
        self._engine = engine
        self._reader = reader
        self._mailbox = Mailbox(engine.transitions, reader.group)
        self._shapes: OrderedDict[str, set[str]] = OrderedDict()

    def begin_wait(self, task: StartTask, wait: EventWait) -> tuple[list[Report], str]:
        """Begin a wait. Returns the reports, if its event was there already, and the reason to
        fail the step if it cannot wait, else ''.
        """
        indexed = ""
        for _ in range(TRIES):
            outcome, *rest = self._mailbox.register_wait(task, wait, indexed).run(
                self._engine.redis
            )
            match Outcome(outcome):
                case Outcome.AGAIN:
                    self._mailbox.index_mailbox(wait)
                    indexed = rest[0].decode()
                case Outcome.MATCHED:
                    reports = self._deliver_from_mailbox(
                        task, wait, self._mailbox.read_event(*rest)
                    )
                    if reports:
                        return reports, ""
                case Outcome.TOO_MANY:
                    reason = (
                        f"wait:event: too many different sets of fields are compared for events "
                        f"of kind {wait.kind}: give the wait an input with fewer, fixed names"
                    )
                    return [], reason
                case _:
                    return [], ""
        return [], ""

    def deliver_events(self, entries: Sequence[Entry]) -> Iterator[Report]:
        """Deliver users' events, in their order, to the waits for them; yield the reports."""
        arrivals = [a for entry in entries if (a := self._arrival(entry)) is not None]
        while arrivals:
            calls = [
                self._mailbox.receive_event(
                    a.signal, self._shapes.get(a.signal.kind, ()), finish=a.stuck and a.last
                )
                for a in arrivals
            ]
            replies = run_batch(self._engine.redis, calls)
            left = []
            for arrival, reply in zip(arrivals, replies, strict=True):
                if isinstance(reply, Exception):
                    self._raised(arrival, reply)
                elif reply[0] == Outcome.AGAIN:
                    self._learn(arrival.signal.kind, reply[1:])
                    left.append(arrival)
                elif reply[0] == Outcome.MATCHED:
                    yield from self._deliver_event(arrival, list(_waiters(reply[1:])))
                    if not arrival.stuck or arrival.last:
                        left.append(arrival)
            arrivals = left

    def receipt_mailbox(self, receipts: Sequence[tuple[str, str]]) -> None:
        """Take events, by the ids of themselves and of their receipts, out of the mailbox."""
        self._mailbox.receipt_mailbox(receipts)

    def _arrival(self, entry: Entry) -> _Arrival | None:
        try:
            found = signal(entry.id, entry.fields, self._engine.keys.full_id)
        except (Garbage, InvalidId) as error:
            # It stays in the stream: others may know what to do with it.
            LOG.warning(kv("event-ignored", id=entry.id, reason=error))
            self._reader.ack([entry.id])
            return None
        return _Arrival(found, entry.deliveries >= MAX_DELIVERIES)

    def _raised(self, arrival: _Arrival, error: Exception) -> None:
        """A script that raises has changed nothing; the event stays pending."""
        if is_outage(error):
            raise error
        LOG.error(kv("event-failed", id=arrival.signal.id, error=error))
        if arrival.last:
            self._reader.ack([arrival.signal.id])

    def _learn(self, kind: str, shapes: Sequence[bytes]) -> None:
        self._shapes[kind] = {shape.decode() for shape in shapes}
        self._shapes.move_to_end(kind)
        if len(self._shapes) > MAX_KINDS:
            self._shapes.popitem(last=False)

    def _deliver_event(self, arrival: _Arrival, waiters: Sequence[EventWaiter]) -> Iterator[Report]:
        """Deliver an event to these waiters."""
        event = arrival.signal
        arrival.idle += 1
        outputs = {waiter.shape: event.output(waiter.shape) for waiter in waiters}
        calls = [self._mailbox.deliver_event(event.id, w, outputs[w.shape]) for w in waiters]
        for waiter, reply in zip(waiters, run_batch(self._engine.redis, calls), strict=True):
            if isinstance(reply, Exception):
                if is_outage(reply):
                    raise reply
                LOG.error(kv("event-failed", id=event.id, workflow=waiter.workflow, error=reply))
                continue
            for report in self._delivered(event, waiter, reply):
                arrival.idle = 0
                yield report

    def _deliver_from_mailbox(
        self, task: StartTask, wait: EventWait, event: UserEvent
    ) -> list[Report]:
        """Deliver an event of the mailbox to a wait; no reports if the event is gone."""
        shape = shape_of(wait.match)
        waiter = EventWaiter(shape, task.event, task.workflow, task.field, task.token, wait.receipt)
        output = event.output(shape) or task.value.text()
        reply = self._mailbox.deliver_event(event.id, waiter, output).run(self._engine.redis)
        return list(self._delivered(event, waiter, reply))

    def _delivered(self, event: UserEvent, waiter: EventWaiter, reply: Any) -> Iterator[Report]:
        if reply[0] == Outcome.NEED_INPUT:
            input, missing = self._engine.inputs.recover(
                waiter.workflow, waiter.field, waiter.token
            )
            reply = self._mailbox.deliver_event(event.id, waiter, input, missing).run(
                self._engine.redis
            )
        report = self._engine.transitions.read_report(waiter.workflow, reply)
        if report.outcome is Outcome.APPLIED:
            LOG.info(kv("event-taken", id=event.id, kind=event.kind, workflow=waiter.workflow))
            yield report
            yield from self._engine.fire_ready_steps(report)


def _waiters(flat: Sequence[bytes]) -> Iterator[EventWaiter]:
    for shape, start, address in zip(flat[::3], flat[1::3], flat[2::3], strict=True):
        workflow, field, token = address.decode().split("|")
        yield EventWaiter(shape.decode(), start.decode(), workflow, field, token)
