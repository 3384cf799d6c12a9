"""Attempts that a broker or a result backend ends, after this process has begun them."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

from redis.exceptions import RedisError

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.script_results import Publication
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.events.logs import kv

from .lost_replies import LostReplies

LOG = logging.getLogger("littleflow_redis.worker")


class PublishedAttempts:
    """Lets go of such attempts; any thread may. ``forget`` takes one out of what is in hand."""

    def __init__(
        self, client: Client, forget: Callable[[StartTask], None], lost: LostReplies
    ) -> None:
        self._client = client
        self._forget = forget
        self._lost = lost
        #: Those that follow others, and are not marked so yet.
        self._unmarked: deque[tuple[StartTask, str]] = deque()

    def publish(self, task: StartTask) -> None:
        """Note that a task is with the broker, which brings it to whoever ends it."""
        # Before: its message may come to this very process as soon as that is noted.
        self._forget(task)
        try:
            self._mark(task)
        except RedisError as error:
            # Held and not in hand: it is handed back, and the message finds it so.
            LOG.warning(kv("publication-unmarked", task=task.uuid, error=error))
            self._lost.suspect()

    def follow(self, task: StartTask, follows: str) -> None:
        """Note that results end the attempt of a task, which has run: those that ``follows`` names.

        It stays in hand until that is noted, so nobody runs it again because Redis was away.
        """
        self._unmarked.append((task, follows))
        try:
            self.run()
        except RedisError as error:
            LOG.warning(kv("publication-unmarked", task=task.uuid, error=error))

    def run(self) -> None:
        """Note what Redis could not take before. Raises RedisError."""
        while self._unmarked:
            try:
                task, follows = self._unmarked.popleft()
            except IndexError:
                return  # Another thread has it.
            try:
                self._mark(task, follows)
            except RedisError:
                self._unmarked.append((task, follows))
                raise
            self._forget(task)

    def note(self, task: StartTask, text: str, retries: int) -> None:
        """Note for people that the task of an attempt is retried, so often by now."""
        try:
            transitions = self._client.transitions
            transitions.run([transitions.note_progress(task, text, retries)])
        except RedisError as error:
            LOG.debug(kv("progress-lost", task=task.uuid, error=error))

    def _mark(self, task: StartTask, follows: str = "") -> None:
        publication = Publication(task.category, task.uuid, follows)
        self._client.transitions.mark_published("", [(publication, "")])
