"""One category served: read, take, run, end, in as few round trips as the tasks allow."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from typing import NamedTuple

from redis.exceptions import RedisError

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.events.group import CLAIM_IDLE
from littleflow_redis.events.logs import kv
from littleflow_redis.events.renewal import Renewal
from littleflow_redis.events.shutdown import Stop

from .crew import Crew
from .functions import Functions
from .intake import MAX_DEATHS, Intake

LOG = logging.getLogger("littleflow_redis.listener")

#: Seconds between two renewals of what is being worked on; also the longest that a task that
#: takes long holds back the ends of those that were finished before it.
TICK = 0.2

#: Seconds that one read waits for events; a new event ends it, and so does a stop.
BLOCK = 1.0


class _Item(NamedTuple):
    task: StartTask
    taken_at: float


class Lane:
    """A consumer of ``group`` that runs the tasks of one category.

    If it is ``partial``, tasks that no function serves are somebody else's; otherwise they fail.
    """

    def __init__(
        self,
        client: Client,
        group: str,
        functions: Functions,
        *,
        partial: bool = False,
        concurrency: int = 1,
        claim_idle: float = CLAIM_IDLE,
        max_deaths: int = MAX_DEATHS,
        stop: Stop | None = None,
    ) -> None:
        self.client = client
        self.stop = stop or Stop()
        wants = functions.serves if partial else functions.has_category
        self.intake = Intake(client, group, wants, claim_idle=claim_idle, max_deaths=max_deaths)
        self._functions = functions
        self._patience = claim_idle / 2
        self._renewal = Renewal(self._tick, min(TICK, claim_idle / 5), LOG)
        self._crew: Crew[_Item] = Crew(concurrency, self._work, self.stop.is_set)

    def run(self) -> None:
        """Work until stopped. Raises what Redis raises: the caller waits and calls again."""
        reader = self.intake.reader
        reader.ensure()
        with self.stop.waking(reader.interrupt), self.stop.waking(self._crew.wake):
            while not self.stop.is_set():
                self.turn(BLOCK)

    def turn(self, block: float = 0.0, most: int | None = None) -> int:
        """Take up to ``most`` tasks and, with one hand, finish them; return how many.

        ``block`` is how many seconds to wait for the first, or for a free hand. Raises RedisError.
        """
        self.intake.flush()
        room = self._crew.room
        if not room:
            self._crew.wait(block, lambda: self._crew.room or self.stop.is_set())
            return 0
        tasks = self.intake.fetch(room if most is None else min(room, most), block)
        now = time.monotonic()
        self._crew.add(_Item(task, now) for task in tasks)
        self.intake.flush()
        return len(tasks)

    def finish(self) -> None:
        """Wait until the tasks that were begun are done and reported. Raises RedisError."""
        self._crew.wait(None, lambda: self._crew.idle or self.stop.is_set())
        self.intake.flush()

    def close(self) -> None:
        """Finish what was begun, hand back the rest, leave the group."""
        left = self._crew.close()
        self._renewal.close()
        try:
            self.intake.release([item.task for item in left])
            self.intake.close()
        except RedisError as error:
            # What is pending is claimed by others; the name is swept by a later consumer.
            LOG.warning(kv("consumer-left", consumer=self.intake.reader.consumer, error=error))

    def _work(self, item: _Item) -> None:
        if not self._is_ours(item):
            self.intake.drop(item.task)
            return
        with self._renewal.holding(item.task.event):
            end = self._functions.run(item.task, self.intake.reader.consumer)
        self.intake.end(item.task, end)
        if self.intake.overdue or not self._crew.waiting:
            self.intake.flush_soon()

    def _is_ours(self, item: _Item) -> bool:
        # What waits for a hand is not renewed: if the hand is slow, others shall have it.
        if time.monotonic() - item.taken_at < self._patience:
            return True
        try:
            return bool(self.intake.reader.renew([item.task.event]))
        except RedisError:
            self.intake.reader.rewind()
            return False

    def _tick(self, ids: Collection[str]) -> set[str]:
        self.intake.flush_soon()
        return self.intake.reader.renew(ids)
