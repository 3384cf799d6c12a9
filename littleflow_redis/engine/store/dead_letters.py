"""Dead letters: events that could not be processed, kept with the reason until somebody decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from littleflow_redis.events.event_codec import ENTRY_ID, decode_tolerant

from ..model.errors import CannotRetry, UnknownDeadLetter
from ..model.states import Outcome
from .context import EngineContext

#: Prefix that the script gives to each field of the event.
_FIELD = b"field:"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that could not be processed, and why.

    ``event`` is the id that it had in the stream, ``at`` when it was given up, in UTC. ``fields``
    are its values as far as they are JSON, else as text; long ones are ``cut``. ``ended`` says
    that it was a task, whose attempt has ended as failed.
    """

    id: str
    event: str
    at: datetime
    reason: str
    cut: bool
    ended: bool
    fields: Mapping[str, Any]

    @property
    def kind(self) -> str:
        return str(self.fields.get("kind", ""))

    @property
    def workflow(self) -> str:
        return str(self.fields.get("workflow", ""))


class DeadLetters:
    """Reads, retries and drops dead letters."""

    def __init__(self, context: EngineContext) -> None:
        self._redis = context.redis
        self._key = context.keys.dead
        self._transitions = context.transitions

    def page(self, start: str, size: int) -> list[DeadLetter]:
        """Up to ``size`` letters, newest first, older than the letter ``start`` if it is given.

        Raises UnknownDeadLetter for what can be no id.
        """
        last = f"({_checked(start)}" if start else "+"
        rows: Any = self._redis.xrevrange(self._key, last, "-", size)
        return [_dead_letter(id.decode(), fields) for id, fields in rows]

    def all(self) -> Iterator[DeadLetter]:
        """Every letter that is there now, newest first, read in pages."""
        start = ""
        while page := self.page(start, 100):
            yield from page
            start = page[-1].id

    def get(self, id: str) -> DeadLetter:
        """One letter. Raises UnknownDeadLetter."""
        rows: Any = self._redis.xrange(self._key, _checked(id), id)
        if not rows:
            raise UnknownDeadLetter(id)
        return _dead_letter(id, rows[0][1])

    def retry(self, id: str) -> str:
        """Append its event to the stream again; return the id that it has there.

        Raises UnknownDeadLetter, and CannotRetry for what was cut or has ended.
        """
        outcome, event = self._transitions.retry_dead_letter(_checked(id))
        if outcome is Outcome.GONE:
            raise UnknownDeadLetter(id)
        if outcome is Outcome.LATE:
            raise CannotRetry(
                f"dead letter {id} is a task that has ended as failed: `restart` its workflow, "
                f"{self.get(id).workflow}, and drop the letter"
            )
        if outcome is Outcome.UNCHANGED:
            raise CannotRetry(
                f"dead letter {id} was too large to be kept as a whole: send its event anew from "
                "where it came, and drop the letter"
            )
        return event

    def drop(self, id: str) -> None:
        """Remove a letter for good. Raises UnknownDeadLetter."""
        if not self._redis.xdel(self._key, _checked(id)):
            raise UnknownDeadLetter(id)


def _checked(id: str) -> str:
    if not ENTRY_ID.fullmatch(id):
        raise UnknownDeadLetter(id)
    return id


def _dead_letter(id: str, raw: Mapping[bytes, bytes]) -> DeadLetter:
    fields = {
        name.removeprefix(_FIELD): value for name, value in raw.items() if name.startswith(_FIELD)
    }
    return DeadLetter(
        id=id,
        event=raw[b"event"].decode(),
        at=datetime.fromtimestamp(float(raw[b"at"]) / 1000, UTC),
        reason=raw[b"reason"].decode("utf-8", "replace"),
        cut=raw.get(b"cut") == b"1",
        ended=raw.get(b"ended") == b"1",
        fields=decode_tolerant(fields),
    )
