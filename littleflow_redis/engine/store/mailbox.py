"""Typed wrappers of the scripts that match users' events with waits.

An event goes through `receive` until no waiter is left. It stays in the mailbox until it is
receipted or too old. A wait goes through `register`, which finds an event there or begins to wait.
`deliver` ends a wait with an event.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from littleflow_redis.events.script_batch import Call

from ..model import json_values
from ..model.task_events import StartTask
from ..model.user_events import UserEvent, digest, read, shape_of
from .contracts import (
    IndexMailbox,
    ReceiptMailbox,
    WaitEventDeliver,
    WaitEventReceive,
    WaitEventRegister,
)
from .script_loader import scripts_for
from .scripts import Transitions

#: Events indexed in one round trip.
PAGE = 100

#: The shape of a wait that compares nothing; every event is indexed under it.
ANY = "[]"

#: Characters of a match that are kept to be shown.
MAX_SHOWN = 200


@dataclass(frozen=True, slots=True)
class EventWait:
    """A wait for an event of ``kind`` whose fields equal ``match``, for ``ms`` at most."""

    kind: str
    match: dict[str, Any]
    receipt: bool = True
    ms: int | None = None


@dataclass(frozen=True, slots=True)
class EventWaiter:
    """An attempt that an event may end: ``start`` is its start-task, ``shape`` what it compares.

    ``receipt`` is for one that does not wait yet; of others it is recorded.
    """

    shape: str
    start: str
    workflow: str
    field: str
    token: str
    receipt: bool = False


class Mailbox:
    """Builds the calls and reads the replies. Holds no state of its own."""

    def __init__(self, transitions: Transitions, group: str) -> None:
        self._keys = transitions.keys
        self._client = transitions.client
        self._scripts = scripts_for(transitions.keys)
        self._group = group

    def register_wait(self, task: StartTask, wait: EventWait, indexed: str = "") -> Call:
        """Start a wait; ``indexed``: the reply of this call before the mailbox was indexed."""
        shown = json_values.dump(wait.match)[:MAX_SHOWN] if wait.match else ""
        args = WaitEventRegister(
            start=task.event,
            group=self._group,
            index=task.index,
            token=task.token,
            kind=wait.kind,
            shape=shape_of(wait.match),
            digest=digest(wait.kind, wait.match),
            receipt=wait.receipt,
            ms=wait.ms,
            shown=shown,
            indexed=indexed,
        )
        return self._scripts.call(args, task.workflow)

    def receive_event(
        self, signal: UserEvent, shapes: Collection[str], *, finish: bool = False
    ) -> Call:
        """Put an event into the mailbox, and find who waits for it; ``finish`` leaves these."""
        digests = [text for shape in {ANY, *shapes} for text in (shape, signal.digest(shape))]
        args = WaitEventReceive(
            id=signal.id,
            group=self._group,
            kind=signal.kind,
            meant=signal.workflow,
            fields=signal.text,
            finish=finish,
            digests=digests,
        )
        return self._scripts.call(args, self._keys.events)

    def deliver_event(
        self, event: str, waiter: EventWaiter, output: str, missing: str = ""
    ) -> Call:
        """End a wait with an event; an empty ``output`` stands for the input.

        If the reply says NEED_INPUT, call again with that, or with why it is ``missing``.
        """
        args = WaitEventDeliver(
            id=event,
            group=self._group,
            start=waiter.start,
            field=waiter.field,
            token=waiter.token,
            receipt=waiter.receipt,
            output=output,
            missing=missing,
        )
        return self._scripts.call(args, waiter.workflow)

    def index_mailbox(self, wait: EventWait) -> None:
        """Index the mailbox under the shape of this wait."""
        shape, everything = shape_of(wait.match), digest(wait.kind, {})
        for signals in self._entries(everything):
            pairs = [text for s in signals for text in (s.id, s.digest(shape))]
            self._scripts.run(self._client, IndexMailbox(digests=pairs), self._keys.mailbox)

    def receipt_mailbox(self, receipts: Sequence[tuple[str, str]]) -> None:
        """Take events, by the ids of themselves and their receipts, out of the mailbox."""
        pairs = [id for pair in receipts for id in pair]
        if pairs:
            self._scripts.run(self._client, ReceiptMailbox(receipts=pairs), self._keys.mailbox)

    def read_event(self, id: bytes, text: bytes) -> UserEvent:
        """An event of the mailbox."""
        return read(id.decode(), json_values.load(text), self._keys.full_id)

    def _entries(self, everything: str) -> Iterator[list[UserEvent]]:
        """All events of one kind, by the digest that each of them has."""
        after, end = f"[{everything}|", f"({everything}}}"
        while True:
            found: Any = self._client.zrangebylex(self._keys.mailbox_digests, after, end, 0, PAGE)
            if not found:
                return
            ids = [_event_id(member.decode()) for member in found]
            texts: Any = self._client.hmget(self._keys.mailbox, ids)
            yield [self.read_event(i.encode(), t) for i, t in zip(ids, texts, strict=True) if t]
            after = f"({found[-1].decode()}"


def _event_id(slot: str) -> str:
    """The event id at the end of a member of ``letters``: each number stands after its length."""
    text = slot.rpartition("|")[2]
    length = ord(text[0]) - ord("@")
    return f"{text[1 : 1 + length]}-{text[2 + length :]}"
