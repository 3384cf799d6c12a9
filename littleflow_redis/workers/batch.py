"""A batch of events, as the handlers of a lifecycle worker sort it."""

from __future__ import annotations

from dataclasses import dataclass, field

from littleflow_redis.engine.model.task_events import EndTask, receipt_target
from littleflow_redis.events.group import Entry


@dataclass(slots=True)
class EventBatch:
    """Events by what is to be done about them. Applying the batch acknowledges them."""

    ends: list[tuple[Entry, EndTask]] = field(default_factory=list)
    #: Events that need nothing but their acknowledgement.
    done: list[str] = field(default_factory=list)
    #: Start-tasks that a worker started, and the receipt of each.
    started: dict[str, str] = field(default_factory=dict)
    #: Receipted events, and the receipt of each.
    receipts: list[tuple[str, str]] = field(default_factory=list)
    #: Users' events.
    events: list[Entry] = field(default_factory=list)

    def add_done(self, entry: Entry) -> None:
        self.done.append(entry.id)

    def add_receipt(self, entry: Entry) -> None:
        for event in receipt_target(entry.fields):
            self.started[event] = entry.id
            self.receipts.append((event, entry.id))
        self.add_done(entry)

    def add_event(self, entry: Entry) -> None:
        self.events.append(entry)
