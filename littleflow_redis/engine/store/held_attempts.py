"""Attempts that processes run themselves: which, and whether their process lives.

A process that runs tasks holds an attempt from the script that claims or hands it over to the one
that applies its end. Between the two the heartbeat of the process is the only sign that somebody
works on it. It is apart from reading: a process without room for more is not dead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..model.records import PublicationRecord, Record
from ..model.script_results import HeldAttempt
from ..model.states import Outcome, PublicationState
from .context import EngineContext
from .contracts import HoldPublished
from .registration import Registration
from .script_loader import scripts_for

#: Publications read in one round trip.
PAGE = 500


class HeldAttempts:
    """The held attempts of one engine. Safe to share between threads."""

    def __init__(self, context: EngineContext) -> None:
        self._context = context

    def beat(self, process: str, registration: Registration, lifetime: float) -> None:
        """Say that a process is alive for ``lifetime`` seconds from now, and what it serves.

        Both each time: Redis may have come back without either. Raises RedisError.
        """
        redis, keys = self._context.redis, self._context.keys
        until = self._now() + round(lifetime * 1000)
        with redis.pipeline(transaction=True) as pipe:
            pipe.zadd(keys.processes, {process: until})
            pipe.hset(keys.served, process, registration.text())
            pipe.execute()

    def leave(self, process: str) -> None:
        """Forget a process that holds nothing. One that beats again is known again."""
        self._context.redis.hdel(self._context.keys.served, process)
        self._context.redis.zrem(self._context.keys.processes, process)

    def alive(self) -> set[str]:
        """The processes whose heartbeat has not stopped."""
        found: Any = self._context.redis.zrangebyscore(
            self._context.keys.processes, self._now(), "+inf"
        )
        return {name.decode() for name in found}

    def registered(self) -> set[str]:
        """All processes that have not left."""
        redis, keys = self._context.redis, self._context.keys
        served: Any = redis.hkeys(keys.served)
        beaten: Any = redis.zrange(keys.processes, 0, -1)
        return {name.decode() for name in (*served, *beaten)}

    def living(self) -> dict[str, Registration]:
        """The registrations of the processes whose heartbeat has not stopped."""
        found: Any = self._context.redis.hgetall(self._context.keys.served)
        alive = self.alive() if found else set()
        named = {name.decode(): text for name, text in found.items()}
        return {name: Registration.read(text) for name, text in named.items() if name in alive}

    def all(self) -> Iterator[HeldAttempt]:
        """Every attempt that is held, of the categories that anybody has said to serve."""
        found: Any = self._context.redis.hgetall(self._context.keys.served)
        categories = {
            name for text in found.values() for name in Registration.read(text).categories
        }
        for category in sorted(categories):
            yield from self.of(None, category)

    def of(self, process: str | None, category: str) -> Iterator[HeldAttempt]:
        """The attempts of a category that a process holds, None for any."""
        redis, key = self._context.redis, self._context.keys.publications + category
        cursor, page = 0, {}
        while True:
            reply: Any = redis.hscan(key, cursor, count=PAGE)
            cursor, page = reply
            for task, packed in page.items():
                record = Record(packed)
                if record[PublicationRecord.STATE] == PublicationState.HELD:
                    held = HeldAttempt(
                        record[PublicationRecord.WORKFLOW],
                        record[PublicationRecord.STEP],
                        record[PublicationRecord.TOKEN],
                        category,
                        task.decode(),
                        record[PublicationRecord.OWNER],
                    )
                    if process in (None, held.holder):
                        yield held
            if not cursor:
                return

    def release(self, held: HeldAttempt, *, fenced: bool = False, died: bool = False) -> Outcome:
        """Hand an attempt back: others find its start-task in the stream.

        With ``fenced`` only if the heartbeat of its holder has stopped. ``died``: it may have
        begun, which counts as a death. Its step fails then if it must not run twice: MAY_HAVE_RUN.
        """
        input, missing = self._context.inputs.recover(held.workflow, held.field, held.token)
        return self._context.transitions.release_attempt(
            held, input, missing, fenced=fenced, died=died
        )

    def hold(
        self, workflow: str, index: int, token: str, task: str, holder: str, most: int = 0
    ) -> tuple[Outcome, str]:
        """Hold an attempt whose task came back as a message of the broker, for a retry.

        Returns APPLIED and its category, or GONE if it is over or results end it. TAKEN_BY_OTHER: a
        living process holds it, perhaps this one, or ``most`` processes did not survive it (0: no
        limit).
        """
        args = HoldPublished(index=index, token=token, task=task, holder=holder, most=most)
        scripts = scripts_for(self._context.keys)
        code, *category = scripts.run(self._context.redis, args, workflow)
        return Outcome(code), category[0].decode() if category else ""

    def _now(self) -> int:
        seconds, micros = self._context.redis.time()
        return int(seconds * 1000 + micros // 1000)
