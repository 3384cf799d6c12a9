"""The start-tasks of one category, read from the stream and handed on."""

from __future__ import annotations

import logging

from redis.exceptions import RedisError

from littleflow_redis.engine.model.task_events import StartTask, category_of
from littleflow_redis.events.logs import kv
from littleflow_redis.events.renewal import Renewal
from littleflow_redis.events.shutdown import Stop
from littleflow_redis.workers.start_tasks import StartTasks

from .admission import Admission
from .bridge_context import BridgeContext
from .dispatch import Dispatch

LOG = logging.getLogger("littleflow_redis.bridge")

#: Seconds that one read waits for events; a new event ends it, and so does a stop.
BLOCK = 1.0


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
        self._tasks = StartTasks(
            reader,
            bridge.engine.keys,
            LOG,
            served=lambda base: category_of(base) == dispatch.category,
        )
        self._renewal = Renewal(reader.renew, reader.claim_idle / 5, LOG)
        #: In hand: read, and not yet let through.
        self._held: dict[str, StartTask] = {}

    def run(self) -> None:
        """Work until stopped. Raises RedisError."""
        with self._stop.waking(self.reader.interrupt):
            for _ in self._stop.turns():
                self.turn(BLOCK)

    def turn(self, block: float = 0.0) -> int:
        """Publish what there is, waiting ``block`` seconds for it; return the tasks handled.

        Raises RedisError.
        """
        self._stop.wait(self._bridge.publications.linger)
        tasks = self._read(block)
        for task in tasks:
            self._held[task.event] = task
            self._renewal.hold(task.event)
        sent = self._send() if self._held else 0
        if self._held and not sent:
            self._stop.wait(min(block, self._gate.pause))
        return len(tasks) + sent

    def close(self) -> None:
        """Leave the group; what is pending goes to others."""
        self._renewal.close()
        try:
            self._tasks.release(list(self._held.values()))
            self._tasks.close()
        except RedisError as error:
            LOG.debug(kv("consumer-left", consumer=self.reader.consumer, error=error))

    def _read(self, block: float) -> list[StartTask]:
        most = self._bridge.settings.batch
        # Others may take what one cannot send.
        claimed = self._tasks.claim(most, self._held)
        if claimed or self._held:
            return claimed
        return self._tasks.read(most, block)

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
