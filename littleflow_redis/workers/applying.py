"""Ends that a process applies itself, without a trip through the stream."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from redis.exceptions import ResponseError

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model import json_values
from littleflow_redis.engine.model.script_results import Report
from littleflow_redis.engine.model.states import Outcome
from littleflow_redis.engine.model.task_events import EndTask
from littleflow_redis.events.logs import kv
from littleflow_redis.events.reconnect import is_temporary
from littleflow_redis.events.script_batch import run_batch

from .following import Following

LOG = logging.getLogger("littleflow_redis.worker")

#: What an event would be kept or buried for: its end goes the way of events.
_BY_THE_STREAM = (Outcome.NEWER, Outcome.BAD_INDEX)


class Applying:
    """Applies ends for one thread, and follows up on them.

    The ends have tokens. One that is applied twice, here or by a worker that read its event, is
    late the second time and changes nothing.
    """

    def __init__(self, client: Client, following: Following) -> None:
        self._following = following
        self._client = client

    def apply(self, ends: Sequence[EndTask], serving: bytes) -> list[int]:
        """Apply ends, which have no event, in one round trip; ``serving`` as in
        `Transitions.apply_ends`.

        Returns the places of those that must be reported by an event instead. Raises RedisError:
        then any of them may have been applied.
        """
        send = self._client.transitions
        pairs = [(end, end.output or json_values.EMPTY) for end in ends]
        calls = send.apply_ends(pairs, "", serving)
        # A failure may have set a retry, which is due before others are.
        ask = self._following.is_due or not all(end.success for end in ends)
        asked = [self._following.due()] if ask else []
        replies = run_batch(self._client.redis, [*calls, *asked])
        reports = replies[: len(ends)]
        left: list[int] = []
        problems: list[Exception] = []
        for place, (end, report) in enumerate(zip(ends, reports, strict=True)):
            if isinstance(report, Exception):
                problems.append(report)
                left.append(place)
                LOG.error(kv("end-failed", workflow=end.workflow, step=end.index, error=report))
            elif report.outcome in _BY_THE_STREAM:
                left.append(place)
            else:
                self._applied(end, report)
        if asked:
            self._following.fire(replies[-1])
        else:
            self._following.bring()
        for problem in problems:
            if not isinstance(problem, ResponseError) or is_temporary(problem):
                raise problem
        return left

    def _applied(self, end: EndTask, report: Report) -> None:
        if report.outcome is Outcome.APPLIED:
            self._following.follow(report)
        else:
            reason = report.outcome.sentence
            LOG.info(kv("end-ignored", workflow=end.workflow, step=end.index, reason=reason))
