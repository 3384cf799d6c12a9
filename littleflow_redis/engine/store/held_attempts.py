"""Attempts that processes run themselves: which, and whether their process lives.

A process that runs tasks holds an attempt from the script that claims or hands it over to the one
that applies its end. Between the two the heartbeat of the process is the only sign that somebody
works on it. It is apart from reading: a process without room for more is not dead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..model import json_values
from ..model.records import PublicationRecord, Record
from ..model.script_results import HeldAttempt
from ..model.states import Outcome
from .context import EngineContext

#: Publications read in one round trip.
PAGE = 500


class HeldAttempts:
    """The held attempts of one engine. Safe to share between threads."""

    def __init__(self, context: EngineContext) -> None:
        self._context = context

    def register(self, process: str, categories: list[str]) -> None:
        """Note what a process serves, for those who look after what it leaves behind."""
        text = json_values.dump({"categories": categories})
        self._context.redis.hset(self._context.keys.served, process, text)

    def leave(self, process: str) -> None:
        """Forget a process that holds nothing any more."""
        self._context.redis.hdel(self._context.keys.served, process)
        self._context.redis.zrem(self._context.keys.processes, process)

    def dead(self) -> set[str]:
        """The registered processes whose heartbeat has stopped. Raises RedisError."""
        redis, keys = self._context.redis, self._context.keys
        seconds, micros = redis.time()
        now = seconds * 1000 + micros // 1000
        found: Any = redis.hkeys(keys.served)
        alive: Any = redis.zrangebyscore(keys.processes, now, "+inf")
        return {name.decode() for name in {*found} - {*alive}}

    def categories(self, process: str) -> list[str]:
        """The categories that a process has served."""
        text: Any = self._context.redis.hget(self._context.keys.served, process)
        match json_values.load(text) if text else None:
            case {"categories": [*names]}:
                return [str(name) for name in names]
            case _:
                return []

    def of(self, process: str, category: str) -> Iterator[HeldAttempt]:
        """The attempts of a category that a process holds."""
        redis, key = self._context.redis, self._context.keys.publications + category
        cursor, page = 0, {}
        while True:
            reply: Any = redis.hscan(key, cursor, count=PAGE)
            cursor, page = reply
            for task, packed in page.items():
                record = Record(packed)
                if record[PublicationRecord.STATE] == "held":
                    held = HeldAttempt(
                        record[PublicationRecord.WORKFLOW],
                        record[PublicationRecord.STEP],
                        record[PublicationRecord.TOKEN],
                        category,
                        task.decode(),
                        record[PublicationRecord.OWNER],
                    )
                    if held.holder == process:
                        yield held
            if not cursor:
                return

    def release(self, held: HeldAttempt, *, died: bool = False) -> Outcome:
        """Hand an attempt back: others find its start-task in the stream.

        With ``died`` only if the heartbeat of its holder has stopped; that counts as a death.
        """
        input, missing = self._context.inputs.recover(held.workflow, held.field, held.token)
        return self._context.transitions.release_attempt(held, input, missing, died=died)
