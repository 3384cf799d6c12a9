"""The registration of this worker, which others read, and the steps that it leaves to them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from redis.exceptions import RedisError

from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.operations.served_elsewhere import served_elsewhere
from littleflow_redis.engine.store.context import EngineContext
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.engine.store.registration import Registration
from littleflow_redis.events.logs import kv
from littleflow_redis.events.shutdown import Pace
from littleflow_redis.workers.executor.heartbeat import Heartbeat

from .queues import TaskQueues, own_queue

LOG = logging.getLogger("littleflow_redis.worker")

#: Seconds between two looks at who serves the steps without a category.
LOOK_EVERY = 2.0

#: Seconds for which an answer is believed whether another process may run a step.
BELIEVED = 1.0

#: Bases that are named to others as lacking, and as left to other queues: the latest ones.
MOST_NAMED = 200


class Registry:
    """The registration of a worker, as it changes. Any thread may ask; one takes ``turn``.

    ``said`` is its first registration, with all its categories. With ``yields`` the steps without
    a category are left to another app that serves them already.
    """

    def __init__(
        self,
        context: EngineContext,
        process: str,
        said: Registration,
        queues: TaskQueues,
        *,
        yields: bool,
    ) -> None:
        self.heartbeat: Heartbeat
        self._context = context
        self._process = process
        self._categories = tuple(said.categories)
        self._queues = queues
        self._yields = yields and "" in self._categories
        #: Whether steps without a category are taken, and the app that was said to have them.
        self._plain, self._owner = not self._yields, ""
        self._pace = Pace(LOOK_EVERY)
        self._lacks: dict[str, None] = {}
        self._left: dict[str, str] = {}
        #: Until when (time.monotonic()) it is believed that others serve a base, or do not.
        self._believed: dict[str, tuple[float, bool]] = {}
        self._saying = threading.Lock()
        self._noted = False
        self._said = replace(said, categories=self._served, queues=queues.consumed())

    @property
    def said(self) -> Registration:
        """The registration that others know."""
        return self._said

    def queues(self, category: str) -> Sequence[str]:
        """The queues from which steps of a category are taken now."""
        return self._queues.consumed() if category or self._plain else ()

    def wants(self, task: StartTask, queue: str) -> bool:
        """Whether a step is one of a queue. A step of a queue that is not consumed is noted."""
        belongs = self._queues.queue_of(task)
        if self._queues.lacks(task.base):
            self._note(self._lacks, task.base, None)
        elif not (self._queues.consumes(belongs) or own_queue(task)):
            self._note(self._left, task.base, belongs)
        return belongs == queue

    def leaves(self, task: StartTask) -> bool:
        """Whether another process may have the task that this app lacks. Raises RedisError."""
        base = task.base
        if not self._queues.lacks(base):
            return False
        self._note(self._lacks, base, None)
        # Others may wait for this word, as this worker does for theirs.
        self._say()
        now = time.monotonic()
        until, elsewhere = self._believed.get(base, (0.0, False))
        if now >= until:
            elsewhere = served_elsewhere(
                self._context, task.category, base, self._process, self._said
            )
            _remember(self._believed, base, (now + BELIEVED, elsewhere))
        return elsewhere

    def turn(self) -> None:
        """Look who else is there, and say what has changed. Raises RedisError."""
        if self._yields and self._pace.due():
            self._look()
        self._say()

    @property
    def _served(self) -> list[str]:
        return [category for category in self._categories if category or self._plain]

    def _look(self) -> None:
        """Take the steps without a category, or leave them to another app.

        The app that came first keeps them. Of two that came at once, it is the one whose name
        sorts first.
        """
        others = {
            other.app
            for other in HeldAttempts(self._context).living().values()
            if "" in other.categories and other.app not in ("", self._said.app)
        }
        owner = min(others, default="")
        self._plain = not others or (self._plain and self._said.app < owner)
        if not self._plain and owner != self._owner:
            hint = "give the steps of this app a category"
            LOG.warning(kv("plain-steps-left", app=owner, next=hint))
        self._owner = owner

    def _note(self, known: dict[str, Any], base: str, value: Any) -> None:
        if base not in known or known[base] != value:
            _remember(known, base, value)
            self._noted = True

    def _say(self) -> None:
        with self._saying:
            served, queues = self._served, self._queues.consumed()
            if not self._noted and (served, queues) == (self._said.categories, self._said.queues):
                return
            self._noted = False
            said = replace(
                self._said,
                categories=served,
                queues=queues,
                lacks=[*self._lacks],
                left=dict(self._left),
            )
            try:
                self.heartbeat.say(said)
            except RedisError:
                self._noted = True
                raise
            self._said = said


def _remember(known: dict[str, Any], base: str, value: Any) -> None:
    """Keep the latest ones."""
    known.pop(base, None)
    known[base] = value
    if len(known) > MOST_NAMED:
        del known[next(iter(known))]
