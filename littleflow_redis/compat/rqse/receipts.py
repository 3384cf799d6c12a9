"""Receipts: writing them down, and deleting what they are for. The form is ``rqse``'s."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Protocol

import redis

from littleflow_redis.events.event_codec import ENTRY_ID, Event
from littleflow_redis.events.logs import kv
from littleflow_redis.events.scripts import load_script

from .listener import EventListener

LOGGER = logging.getLogger("littleflow_redis.events.receipts")

DELETE_RECEIPT = load_script(Path(__file__).with_name("delete_receipt.lua"))

#: The consumer group of all receipt listeners, as in ``rqse``.
RECEIPTS_GROUP = "__receipt__"


class ReceiptLog(Protocol):
    """Where a ReceiptListener writes receipts down."""

    def log(
        self,
        connection: redis.Redis,
        receipt_id: str,
        receipt: Event,
        target_id: str,
        target: Event,
    ) -> bool | int:
        """Write a receipt and its event down.

        True: done. False or a negative number: failed, it is tried again. 0: noted, to be kept
        until ``commit``. A positive number: noted, and now ``commit``.
        """
        ...

    def commit(self, connection: redis.Redis, deferred: list[tuple[str, str]]) -> int:
        """Make what was noted last; return how many, from the first one on, are safe."""
        ...


class ReceiptListener(EventListener):
    """Reads receipts, gives them to ``logger`` and deletes them together with their events.

    A receipt says that one listener processes the event. Both are deleted when every group has read
    and acknowledged them, not before; until then the receipt stays pending here.
    """

    def __init__(
        self,
        key: str,
        logger: ReceiptLog | None = None,
        host: str = "0.0.0.0",  # noqa: S104
        port: int = 6379,
        username: str | None = None,
        password: str | None = None,
        pool: redis.ConnectionPool | None = None,
        wait: float = 10,
    ) -> None:
        super().__init__(
            key, RECEIPTS_GROUP, host, port, username, password, pool, ["receipt"], wait=wait
        )
        self.logger = logger
        #: Written down, but some group still needs the event.
        self._logged: set[str] = set()
        #: Receipt → event, noted by the logger and not yet committed.
        self._deferred: dict[str, str] = {}

    def process(self, id: str, event: Event) -> bool:
        """Log a receipt; True if it can be deleted together with its event."""
        target_id = _target(event)
        if self.logger is None or id in self._logged or target_id is None:
            return True
        if id in self._deferred:
            return False
        target = next(self.range(target_id, target_id, tolerant=True), None)
        return target is None or self._log(self.logger, id, event, target_id, target[1])

    def acknowledge(self, id: str, event: Event) -> None:
        """Delete and acknowledge a receipt with its event, if no group needs them any more."""
        self._delete(id, _target(event))

    def commit(self) -> None:
        """Let the logger make last what it has noted, and delete that."""
        if self.logger is None or not self._deferred:
            return
        deferred = list(self._deferred.items())
        for receipt_id, target_id in deferred[: self.logger.commit(self.connection, deferred)]:
            del self._deferred[receipt_id]
            self._logged.add(receipt_id)
            self._delete(receipt_id, target_id)

    def onStop(self) -> None:
        """Commit what is left; what cannot be committed is logged again by the next listener."""
        self.commit()
        if self._deferred:
            LOGGER.error(kv("receipts-not-committed", entries=len(self._deferred)))

    def _log(
        self, logger: ReceiptLog, id: str, event: Event, target_id: str, target: Event
    ) -> bool:
        result = logger.log(self.connection, id, event, target_id, target)
        if isinstance(result, bool):
            if result:
                self._logged.add(id)
            return result
        if result >= 0:
            self._deferred[id] = target_id
        if result > 0:
            self.commit()
        return False

    def _delete(self, receipt_id: str, target_id: str | None) -> None:
        ids = [receipt_id] if target_id is None else [receipt_id, target_id]
        keys = [self._stream_key]
        if DELETE_RECEIPT.run(self.connection, keys, [RECEIPTS_GROUP, *ids]):
            self._logged.discard(receipt_id)
            LOGGER.info(kv("receipt-deleted", id=receipt_id, target=target_id))


def _target(event: Event) -> str | None:
    """The id a receipt is for; None for what can be no id."""
    target = event.get("for")
    return target if isinstance(target, str) and ENTRY_ID.fullmatch(target) else None
