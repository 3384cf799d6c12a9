"""Simulated tasks: each that is not built in takes a random time and has no output."""

from __future__ import annotations

import heapq
import logging
import random
import time
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from redis.exceptions import RedisError

from littleflow_redis.engine.builtins import BUILTIN_CATEGORIES
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.task_events import StartTask, category_of, end_fields
from littleflow_redis.engine.views.health import SIMULATE
from littleflow_redis.events.event_codec import encode, message, receipt_for
from littleflow_redis.events.group import CLAIM_IDLE, GroupReader
from littleflow_redis.events.logs import kv
from littleflow_redis.events.renewal import Renewal
from littleflow_redis.events.shutdown import Stop

from .executor.task_reader import TaskReader
from .start_tasks import MAX_DEATHS, StartTasks

LOG = logging.getLogger("littleflow_redis.simulate")

#: The consumer group; `--group` overrides it.
GROUP = SIMULATE

#: Longest time that a task takes, in seconds, as upstream; `--wait-period` overrides it.
WAIT_PERIOD = 3.0

#: Tasks played at the same time at most: each is renewed once a second.
SLOTS = 5_000

#: Seconds that one read waits for events; a task that ends sooner cuts it.
BLOCK = 1.0

#: Why a task failed that was drawn to fail.
REASON = "SimulatedFailure: drawn by simulate --failures"


class _Playing(NamedTuple):
    due: float
    event: str
    task: StartTask


class Simulator:
    """Takes up to ``SLOTS`` tasks at the same time, without a thread for each.

    ``wait_period`` is in seconds; ``failures`` is how many percent of the tasks fail.
    """

    def __init__(
        self,
        client: Client,
        stop: Stop | None = None,
        *,
        group: str = GROUP,
        wait_period: float = WAIT_PERIOD,
        failures: float = 0.0,
        claim_idle: float = CLAIM_IDLE,
    ) -> None:
        self.client = client
        self.stop = stop or Stop()
        self.played = 0
        self._reader = reader = GroupReader(
            client.redis, client.keys.events, group, claim_idle=claim_idle
        )
        tasks = StartTasks(reader, client.keys, LOG, served=_is_not_builtin)
        self._tasks = TaskReader(client.context, tasks, reader.consumer, MAX_DEATHS, hold=False)
        self._renewal = Renewal(reader.renew, claim_idle / 5, LOG)
        self._wait_period = wait_period
        self._failures = failures
        self._playing: list[_Playing] = []
        #: Ends that were not sent yet, by start-task.
        self._ended: dict[str, dict[str, str]] = {}

    def run(self) -> None:
        """Work until stopped. Raises what Redis raises: the caller waits and calls again."""
        self._reader.ensure()
        with self.stop.waking(self._reader.interrupt):
            for _ in self.stop.turns():
                self.turn(BLOCK)

    def turn(self, block: float = 0.0) -> int:
        """End what is due, begin what is new, waiting ``block`` seconds at most; return how many.

        Raises RedisError.
        """
        self._end_due()
        room = SLOTS - len(self._playing)
        wait = self._until_due(block)
        if not room:
            self.stop.wait(wait)
            return 0
        in_hand = {playing.event for playing in self._playing} | self._ended.keys()
        tasks = self._tasks.fetch(lambda: room, wait, in_hand)
        self._begin(tasks)
        return len(tasks)

    def close(self) -> None:
        """Release the simulated tasks, and leave the group."""
        self._renewal.close()
        try:
            self._send_ends()
            self._tasks.tasks.release([playing.task for playing in self._playing])
            self._tasks.tasks.close()
        except RedisError as error:
            # Others claim the pending entries; a later consumer sweeps the name.
            LOG.warning(kv("consumer-left", consumer=self._reader.consumer, error=error))

    def _until_due(self, block: float) -> float:
        if not self._playing:
            return block
        return max(0.0, min(block, self._playing[0].due - time.monotonic()))

    def _begin(self, tasks: Sequence[StartTask]) -> None:
        if not tasks:
            return
        now = time.monotonic()
        for task in tasks:
            self._renewal.hold(task.event)
            due = now + random.uniform(0, self._wait_period)
            heapq.heappush(self._playing, _Playing(due, task.event, task))
        with self.client.redis.pipeline(transaction=False) as pipe:
            for task in tasks:
                receipt = receipt_for(task.event, target=task.base)
                pipe.xadd(self.client.keys.events, cast("Any", encode(receipt)))
            pipe.execute()

    def _end_due(self) -> None:
        now = time.monotonic()
        while self._playing and self._playing[0].due <= now:
            task = heapq.heappop(self._playing).task
            fails = random.uniform(0, 100) < self._failures
            worker = self._reader.consumer
            fields = end_fields(task, reason=REASON if fails else None, worker=worker)
            if not fails:
                # No output: one that was left at the workflow's key counts.
                del fields["output"]
            self._ended[task.event] = encode(message(fields))
            self._renewal.let_go(task.event)
            self.played += 1
            LOG.info(kv("played", workflow=task.workflow, step=task.index, name=task.name))
        self._send_ends()

    def _send_ends(self) -> None:
        """Send the ends with the acknowledgements, in one MULTI: apart, a death between would lose
        one or repeat a task. What is sent twice, because a reply was lost, the token fences.
        """
        if not self._ended:
            return
        keys = self.client.keys
        with self.client.redis.pipeline(transaction=True) as pipe:
            for fields in self._ended.values():
                pipe.xadd(keys.events, cast("Any", fields))
            pipe.xack(keys.events, self._reader.group, *self._ended)
            pipe.execute()
        self._ended.clear()


def _is_not_builtin(base: str) -> bool:
    return category_of(base) not in BUILTIN_CATEGORIES
