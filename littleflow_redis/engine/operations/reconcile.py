"""State is the truth, the stream its transport: write again what the stream has lost."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from msgpack import packb
from redis.exceptions import ResponseError

from littleflow_redis.events.logs import kv

from ..model.states import Outcome
from ..store.context import EngineContext
from ..views.health import BRIDGE, LIFECYCLE, LISTENER, STEPS
from .take_over import TakeOver

LOG = logging.getLogger("littleflow_redis.reconcile")

#: Open attempts looked at in one round trip.
PAGE = 500


class Reconciler:
    """Finds open attempts that nobody works on and emits them again, with the same token.

    An entry goes missing when an operator deletes the stream, a group or a consumer. An attempt
    whose entry a group had read may have been claimed, or have ended, a moment ago. It is emitted
    again if a later look finds it unchanged, and the lifecycle workers have read the stream up to
    the first look. ``group`` is theirs; they run the tasks of the categories ``builtins``.
    """

    def __init__(
        self, context: EngineContext, group: str = LIFECYCLE, builtins: Collection[str] = ()
    ) -> None:
        self._context = context
        self._group = group
        self._takers = packb([[BRIDGE, LISTENER], dict.fromkeys(builtins, group), STEPS])
        #: Start-tasks that a group had read and lost, as of the last look.
        self.suspects: set[bytes] = set()
        #: When they were found: if they had ended, their ends are no later in the stream.
        self._found = ""
        self._take_over = TakeOver(context)

    def run(self) -> int:
        """Look at every open attempt once; return how many were emitted again."""
        context, cursor, emitted = self._context, 0, 0
        self._take_over.run()
        fresh: set[bytes] = set()
        ripe = not self.suspects or self._ends_are_read()
        before, self.suspects = self.suspects, set()
        page: Any
        while True:
            cursor, page = context.redis.hscan(context.keys.open_attempts, cursor, count=PAGE)
            for event, how in context.transitions.find_lost_attempts(page, self._takers):
                if how == "dropped" and event not in before:
                    fresh.add(event)
                elif how == "dropped" and not ripe:
                    self.suspects.add(event)
                else:
                    emitted += self._emit(event.decode(), page[event].decode(), how)
            if not cursor:
                break
        # While some still wait, others are not noted yet: all have one time.
        if not self.suspects and fresh:
            seconds, micros = context.redis.time()
            self.suspects, self._found = fresh, str(seconds * 1000 + micros // 1000)
        return emitted

    def _ends_are_read(self) -> bool:
        """Whether the lifecycle workers have read what there was when the suspects were found."""
        redis, stream = self._context.redis, self._context.keys.events
        try:
            groups: Any = redis.xinfo_groups(stream)
        except ResponseError as error:
            if "no such key" not in str(error):
                raise
            return True
        read = [
            g["last-delivered-id"].decode() for g in groups if g["name"].decode() == self._group
        ]
        return not any(redis.xrange(stream, f"({id}", self._found, count=1) for id in read)

    def _emit(self, event: str, attempt: str, how: str) -> bool:
        workflow, field, token = attempt.split("|")
        index, _, _ = field.partition("@")
        input, missing = self._context.inputs.recover(workflow, field, token)
        done = self._context.transitions.reissue_start_task(
            workflow, field, token, event, input, how, self._takers, missing
        )
        if done is Outcome.APPLIED:
            LOG.warning(kv("emitted-again", workflow=workflow, step=index, start=event, found=how))
        elif done is Outcome.MAY_HAVE_RUN:
            LOG.error(kv("lost", workflow=workflow, step=index, reason=done.sentence))
        return done is Outcome.APPLIED


def republish_unpublished(
    context: EngineContext, workflow: str, field: str, token: str, after: float = 0.0
) -> bool:
    """Write the start-task of an attempt that was handed over, but not published within ``after``
    seconds. Returns False if there is no such attempt (any more).
    """
    input, missing = context.inputs.recover(workflow, field, token)
    done = context.transitions.republish_unpublished(workflow, field, token, input, after, missing)
    if done is Outcome.APPLIED:
        index = field.partition("@")[0]
        LOG.warning(kv("emitted-again", workflow=workflow, step=index, found="unpublished"))
    return done is Outcome.APPLIED
