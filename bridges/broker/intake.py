"""The start-tasks of one category, read from the stream and handed on."""

from __future__ import annotations

import logging

from redis.exceptions import RedisError

from littleflow_redis.engine.model.task_events import (
    StartTask,
    base_of,
    category_of,
    kind_of,
    start_task,
)
from littleflow_redis.events.group import Entry
from littleflow_redis.events.logs import kv
from littleflow_redis.events.renewal import Renewal
from littleflow_redis.events.shutdown import Pace, Stop

from .admission import Admission
from .bridge_context import BridgeContext
from .dispatch import Dispatch

LOG = logging.getLogger("littleflow_redis.bridge")

#: Seconds that one read waits for events; a new event ends it, and so does a stop.
BLOCK = 1.0

#: Seconds between two looks for what silent consumers have left.
CLAIM_EVERY = 1.0

#: Events of no interest, and seconds, after which they are acknowledged: in bulk, for each round
#: trip delays the tasks that come next.
MOST_IGNORED, TIDY_EVERY = 1000, 1.0


class Intake:
    """Reads the category of ``dispatch`` with its reader; one thread works with it."""

    def __init__(
        self, bridge: BridgeContext, dispatch: Dispatch, gate: Admission, stop: Stop
    ) -> None:
        self._dispatch = dispatch
        self.reader = reader = dispatch.reader
        self._bridge = bridge
        self._gate = gate
        self._stop = stop
        self._renewal = Renewal(reader.renew, reader.claim_idle / 5, LOG)
        self._claim = Pace(min(CLAIM_EVERY, reader.claim_idle))
        self._tidy = Pace(TIDY_EVERY)
        self._ignored: set[str] = set()
        #: In hand: read, and not yet let through.
        self._held: dict[str, StartTask] = {}

    def run(self) -> None:
        """Work until stopped. Raises RedisError."""
        with self._stop.waking(self.reader.interrupt):
            for _ in self._stop.turns():
                self.turn(BLOCK)

    def turn(self, block: float = 0.0) -> int:
        """Publish what there is, waiting ``block`` seconds for it; return the events handled.

        Raises RedisError.
        """
        self._stop.wait(self._bridge.publications.linger)
        entries = self._entries(block)
        for entry in entries:
            if task := self._task(entry):
                self._held[entry.id] = task
                self._renewal.hold(entry.id)
        sent = self._send() if self._held else 0
        if self._held and not sent:
            self._stop.wait(min(block, self._gate.pause))
        if not entries or len(self._ignored) > MOST_IGNORED or self._tidy.due():
            self._acknowledge_ignored()
        return len(entries) + sent

    def close(self) -> None:
        """Leave the group; what is pending goes to others."""
        self._renewal.close()
        try:
            self._acknowledge_ignored()
            self.reader.release(list(self._held))
            self.reader.drop()
            self.reader.close()
        except RedisError as error:
            LOG.debug(kv("consumer-left", consumer=self.reader.consumer, error=error))

    def _entries(self, block: float) -> list[Entry]:
        skip = self._ignored | self._held.keys()
        if self._claim.due():
            claimed = self.reader.claim_stale(self._bridge.settings.batch, skip=skip)
            if claimed:
                LOG.info(kv("claimed", group=self.reader.group, entries=len(claimed)))
                return claimed
        # Others may take what one cannot send.
        if self._held:
            return []
        return self.reader.read(self._bridge.settings.batch, round(block * 1000), skip=skip)

    def _task(self, entry: Entry) -> StartTask | None:
        """The task in an entry; None, and the entry is ignored, if it is none of ours."""
        if kind_of(entry.fields) == "start-task":
            try:
                if category_of(base_of(entry.fields)) == self._dispatch.category:
                    task = start_task(entry.id, entry.fields)
                    self._bridge.engine.keys.full_id(task.workflow)
                    return task
            except ValueError as error:
                LOG.warning(kv("garbage", group=self.reader.group, id=entry.id, reason=error))
        self._ignored.add(entry.id)
        return None

    def _send(self) -> int:
        """Send what may go; it is renewed meanwhile, for the broker may be away for long."""
        tasks = self._gate.admit(list(self._held.values()))
        if not tasks:
            return 0
        try:
            self._dispatch.send(tasks)
        finally:
            for task in tasks:
                del self._held[task.event]
                self._renewal.let_go(task.event)
        return len(tasks)

    def _acknowledge_ignored(self) -> None:
        self.reader.ack(list(self._ignored))
        self._ignored.clear()
