"""The lifecycle worker: applies ends, fires ready steps, runs timers. Any number side by side."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from redis.exceptions import ConnectionError, TimeoutError

from littleflow_redis.engine.builtins import BUILTIN_CATEGORIES
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model import json_values
from littleflow_redis.engine.model.errors import InvalidId
from littleflow_redis.engine.model.event_kinds import EventKind
from littleflow_redis.engine.model.script_results import Report
from littleflow_redis.engine.model.states import Outcome, WorkflowState
from littleflow_redis.engine.model.task_events import (
    EndTask,
    Garbage,
    base_of,
    category_of,
    end_task,
    kind_of,
)
from littleflow_redis.engine.operations.reconcile import Reconciler
from littleflow_redis.engine.store.defaults import store_defaults
from littleflow_redis.engine.store.keys import OUTPUT
from littleflow_redis.engine.views.health import LIFECYCLE
from littleflow_redis.events.group import Entry, GroupReader
from littleflow_redis.events.logs import kv
from littleflow_redis.events.script_batch import Call, Command, run_batch
from littleflow_redis.events.shutdown import Pace, Stop
from littleflow_redis.language.flow import Json

from .batch import EventBatch
from .batch_isolation import BatchIsolation
from .builtins import Builtins
from .dead_lettering import MAX_DELIVERIES, fail_permanently, failed, is_outage
from .following import Following
from .retention import Retention
from .version_skew import VersionSkew
from .waits import Waits

LOG = logging.getLogger("littleflow_redis.worker")

#: The consumer group of all lifecycle workers; `--group` overrides it.
GROUP = LIFECYCLE

#: Seconds an event may lie with a silent worker before another takes it. Short, for doing it twice
#: is harmless: the token fences.
CLAIM_IDLE = 0.5

#: Events of one read or claim at most: beyond, they get hardly cheaper.
BATCH = 64

#: Seconds to wait for an event at most; a timer that is due sooner cuts it.
BLOCK = 1.0

#: Seconds between two searches for start-tasks that went missing.
RECONCILE_EVERY = 60.0

#: Seconds until the second look at tasks that a group had read and lost: their ends may be under
#: way.
LOOK_AGAIN = 30.0


class LifecycleWorker:
    """Drives workflows: one consumer of the lifecycle group.

    ``retain``: final state → seconds after which such workflows are deleted. ``defaults``: options
    by category, stored once when the worker starts to run.
    """

    def __init__(
        self,
        client: Client,
        stop: Stop | None = None,
        group: str = GROUP,
        *,
        claim_idle: float = CLAIM_IDLE,
        retain: Mapping[WorkflowState, float] | None = None,
        defaults: Mapping[str, Mapping[str, Json]] | None = None,
    ) -> None:
        self.client = client
        self.stop = stop or Stop()
        self._engine = engine = client.context
        self.reader = GroupReader(engine.redis, engine.keys.events, group, claim_idle=claim_idle)
        self.applied = 0
        self._isolation = BatchIsolation(self.reader, self.handle, self._refuse)
        self._waits = Waits(engine, self.reader)
        self._claim = Pace(claim_idle / 2)
        self._reconciler = Reconciler(engine, group, BUILTIN_CATEGORIES)
        self._reconcile = Pace(RECONCILE_EVERY)
        self._regrouped = 0
        self._newer = VersionSkew(LOG)
        self.following = Following(client, self._newer, BLOCK)
        self._on_report = self.following.tell
        self._builtins = Builtins(engine, group, self._waits, self._newer, self._on_report)
        self._retention = Retention(engine, retain or {})
        self._defaults = defaults
        #: The handler of each kind of event; all kinds but these are users' events.
        self._handlers: Mapping[str | None, Callable[[EventBatch, Entry], None]] = {
            None: EventBatch.add_done,
            **dict.fromkeys(EventKind, EventBatch.add_done),
            EventKind.END_TASK: self._add_end,
            EventKind.RECEIPT: EventBatch.add_receipt,
            EventKind.START_TASK: self._begin_task,
        }

    def run(self) -> None:
        """Work until stopped. Raises RedisError: the caller waits and calls again."""
        self._store_defaults()
        self.reader.ensure()
        self.reader.resume()
        with self.stop.waking(self.reader.interrupt):
            for _ in self.stop.turns():
                self.turn(BLOCK)
        self.reader.drop()

    def _store_defaults(self) -> None:
        """Once: after an outage another worker may have stored newer ones."""
        if self._defaults:
            store_defaults(self._engine.redis, self._engine.keys, self._defaults)
            self._defaults = None

    def turn(self, block: float = 0.0) -> int:
        """Do what there is to do, waiting ``block`` seconds at most; return the events handled."""
        try:
            return self._turn(block)
        except (ConnectionError, TimeoutError):
            # The lost reply may have been that of a read: what it delivered is read again.
            self.reader.rewind()
            raise

    def _turn(self, block: float) -> int:
        if self._reconcile.due() or self.reader.regrouped != self._regrouped:
            self._regrouped = self.reader.regrouped
            self.reader.ensure()
            self.reader.drop_dead()
            self._reconciler.run()
            if self._reconciler.suspects:
                self._reconcile.hasten(LOOK_AGAIN)
        self._retention.turn()
        handled = 0
        if self._claim.due():
            handled = self._isolation.handle(
                self.reader.claim_stale(BATCH, skip=self._newer.events)
            )
        if not handled:
            self.following.ask()
        patience = round(self.following.patience(block) * 1000)
        entries = self.reader.read(BATCH, patience)
        self.following.backlog = self.reader.full
        return handled + self._isolation.handle(entries)

    def handle(self, entries: Sequence[Entry]) -> int:
        """Apply a batch of events in their order, and acknowledge those of no interest.

        Raises RedisError, and unexpected errors of a single event.
        """
        batch = EventBatch()
        for entry in entries:
            handler = self._handlers.get(kind_of(entry.fields), EventBatch.add_event)
            try:
                handler(batch, entry)
            except (Garbage, InvalidId) as error:
                self._refuse(entry, str(error))
        self._deliver(batch)
        self._apply(batch.ends, batch.started, batch.done)
        return len(entries)

    def _add_end(self, batch: EventBatch, entry: Entry) -> None:
        end = end_task(entry.id, entry.fields)
        self._engine.keys.full_id(end.workflow)
        batch.ends.append((entry, end))

    def _begin_task(self, batch: EventBatch, entry: Entry) -> None:
        if category_of(base_of(entry.fields)) not in BUILTIN_CATEGORIES:
            batch.add_done(entry)
            return
        # A wait finds what came before it.
        self._deliver(batch)
        self._builtins.begin(entry)

    def _deliver(self, batch: EventBatch) -> None:
        """Deliver the users' events of a batch to the waits for them, and forget them."""
        self._waits.receipt_mailbox(batch.receipts)
        for report in self._waits.deliver_events(batch.events):
            self._on_report(report)
        batch.receipts.clear()
        batch.events.clear()

    def _apply(
        self, ends: Sequence[tuple[Entry, EndTask]], started: Mapping[str, str], done: Sequence[str]
    ) -> None:
        """Apply a batch in one round trip; then fire the steps and timers that follow."""
        send = self._engine.transitions
        # A sign of start comes before the end that it belongs to.
        marks = send.mark_started_by_receipts(started, self.reader.group)
        applied = send.apply_ends(self._outputs([end for _, end in ends]), self.reader.group)
        calls: list[Call | Command] = [*marks.values(), *applied]
        if rest := [id for id in done if id not in marks]:
            calls.append(send.acknowledge(self.reader.group, rest))
        *results, due = run_batch(self._engine.redis, [*calls, self.following.due()])
        reports = iter(results)
        self._marked_started({receipt: next(reports) for receipt in marks})
        for entry, end in ends:
            report = next(reports)
            if isinstance(report, Exception):
                self._raised(entry, end, report)
            else:
                self._applied(entry, end, report)
        self.following.fire(due)

    def _marked_started(self, marks: Mapping[str, Report | Exception]) -> None:
        for receipt, report in marks.items():
            if isinstance(report, Exception):
                if is_outage(report):
                    raise report
                # Information only: nothing is lost without it but a clock.
                self.reader.ack([receipt])
            elif report.outcome is Outcome.NEWER:
                self._newer.leave(report.workflow, receipt)

    def _outputs(self, ends: Sequence[EndTask]) -> list[tuple[EndTask, str]]:
        """Each end with its output; those that carry none take what lies at the output key."""
        keys = [
            f"{end.workflow}{OUTPUT}{end.index}"
            for end in ends
            if end.success and end.output is None
        ]
        handed = iter(self._engine.redis.mget(keys) if keys else ())
        result = []
        for end in ends:
            text = end.output
            if end.success and text is None:
                try:
                    text = json_values.output_text(next(handed) or json_values.EMPTY)
                except json_values.BadValue as error:
                    end = end.failed(str(error))
            result.append((end, text or json_values.EMPTY))
        return result

    def _applied(self, entry: Entry, end: EndTask, report: Report) -> None:
        if report.outcome is Outcome.BAD_INDEX:
            self._move_to_dead_letters(
                entry, f"field 'index': the flow has no task with index {end.index}"
            )
        elif report.outcome is Outcome.LOST_WORKFLOW:
            self._move_to_dead_letters(entry, report.outcome.sentence)
        elif report.outcome is Outcome.APPLIED:
            self.applied += 1
            self.following.follow(report)
        elif report.outcome is Outcome.NEWER:
            self._newer.leave(end.workflow, entry.id)
        else:
            LOG.info(
                kv(
                    "end-ignored",
                    workflow=end.workflow,
                    step=end.index,
                    reason=report.outcome.sentence,
                )
            )

    def _raised(self, entry: Entry, end: EndTask, error: Exception) -> None:
        """A script that raises has changed nothing; the event stays pending and comes again."""
        if is_outage(error):
            raise error
        LOG.error(kv("end-failed", workflow=end.workflow, step=end.index, error=error))
        if entry.deliveries >= MAX_DELIVERIES:
            self._move_to_dead_letters(entry, failed(entry.deliveries, error))

    def _refuse(self, entry: Entry, reason: str) -> None:
        """Make an event a dead letter. A built-in task fails with it, or its step would wait."""
        task = self._builtins.task_of(entry)
        if task is None:
            self._move_to_dead_letters(entry, reason)
        else:
            fail_permanently(self._engine, self.reader.group, task, reason)

    def _move_to_dead_letters(self, entry: Entry, reason: str) -> None:
        self._engine.transitions.move_to_dead_letters(entry.id, self.reader.group, reason)
        LOG.warning(kv("dead-letter", id=entry.id, reason=reason))
