"""ReceiptListener: receipts are written down, and deleted with their events when all have read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis

from littleflow_redis.events import GroupReader, ReceiptListener, receipt_for
from tests.events.listeners import STREAM, Listening, append, events_of
from tests.support import wait_until

Listen = Callable[[Any], Listening]


class Log:
    """Keeps what it was given; answers as told."""

    def __init__(self, *answers: bool | int) -> None:
        self.answers = list(answers)
        self.logged: list[tuple[str, Any, str, Any]] = []
        self.committed: list[tuple[str, str]] = []

    def log(
        self, connection: redis.Redis, receipt_id: str, receipt: Any, target_id: str, target: Any
    ) -> bool | int:
        self.logged.append((receipt_id, receipt, target_id, target))
        return self.answers.pop(0) if self.answers else True

    def commit(self, connection: redis.Redis, deferred: list[tuple[str, str]]) -> int:
        self.committed += deferred
        return len(deferred)


def left(client: redis.Redis) -> list[str]:
    return [id for id, _ in events_of(client).range(count=None, tolerant=True)]


def receipts(client: redis.Redis, log: Log | None = None) -> ReceiptListener:
    listener = ReceiptListener(STREAM, log, pool=client.connection_pool)
    listener._claim_idle = 0.1
    listener._block = 20
    return listener


def test_deletes_receipt_and_event(client: redis.Redis, listen: Listen) -> None:
    first, second = append(client, 1, 2)
    receipt = events_of(client).append(receipt_for(first, target="worker"))
    log = Log()
    listen(receipts(client, log))
    wait_until(lambda: left(client) == [second], "receipt and event are deleted")
    [(receipt_id, event, target_id, target)] = log.logged
    assert (receipt_id, target_id, target) == (receipt, first, {"kind": "a", "n": 1})
    assert event["target"] == "worker"


def test_not_before_every_group_has_read_and_acknowledged(
    client: redis.Redis, listen: Listen
) -> None:
    """Fault: a receipt deleted an event that another group had not read."""
    [id] = append(client, 1)
    receipt = events_of(client).append(receipt_for(id))
    slow = GroupReader(client, STREAM, "slow")
    slow.ensure()
    log = Log()
    listener = receipts(client, log)
    listen(listener)

    def tries() -> int:
        rows: list[Any] = client.xpending_range(STREAM, "__receipt__", "-", "+", 1)
        return rows[0]["times_delivered"] if rows else 0

    wait_until(lambda: listener.established and tries() > 2, "it was tried more than once")
    assert left(client) == [id, receipt]
    entries = slow.read(10)
    seen = tries()
    wait_until(lambda: tries() > seen + 1, "it was tried while the other group worked")
    assert left(client) == [id, receipt]
    slow.ack([entry.id for entry in entries])
    wait_until(lambda: left(client) == [], "both are deleted")
    assert len(log.logged) == 1
    slow.close()


@pytest.mark.parametrize("target", ["9999999999999-0", "nonsense", "1", 17, None])
def test_a_receipt_for_nothing_is_deleted_alone(
    client: redis.Redis, listen: Listen, target: Any
) -> None:
    [id] = append(client, 1)
    receipt = events_of(client).append({"kind": "receipt", "for": target, "action": "processed"})
    other = GroupReader(client, STREAM, "other")
    other.ensure()
    assert other.ack([entry.id for entry in other.read(10)]) == 2
    other.close()
    listen(receipts(client, Log()))
    wait_until(lambda: receipt not in left(client), "the receipt is deleted")
    assert left(client) == [id]


def test_garbage_can_be_receipted(client: redis.Redis, listen: Listen) -> None:
    bad: Any = client.xadd(STREAM, {"kind": "no JSON"})
    events_of(client).append(receipt_for(bad.decode()))
    log = Log()
    listen(receipts(client, log))
    wait_until(lambda: left(client) == [], "both are deleted")
    assert log.logged[0][3] == {"kind": "no JSON"}


def test_a_log_that_fails_is_tried_again(client: redis.Redis, listen: Listen) -> None:
    [id] = append(client, 1)
    events_of(client).append(receipt_for(id))
    log = Log(False, -1, True)
    listen(receipts(client, log))
    wait_until(lambda: left(client) == [], "both are deleted")
    assert len(log.logged) == 3


def test_deferred_receipts_wait_for_the_commit(client: redis.Redis, listen: Listen) -> None:
    stream = events_of(client)
    ids = append(client, 1, 2, 3)
    pairs = [(stream.append(receipt_for(id)), id) for id in ids[:2]]
    log = Log(0, 0, 1)
    listener = receipts(client, log)
    listen(listener)
    wait_until(lambda: len(log.logged) == 2, "two are noted")
    assert left(client) == [*ids, *[receipt for receipt, _ in pairs]]
    pairs.append((stream.append(receipt_for(ids[2])), ids[2]))
    wait_until(lambda: left(client) == [], "all are deleted")
    assert log.committed == pairs
    assert len(log.logged) == 3


def test_stopping_commits(client: redis.Redis, listen: Listen) -> None:
    [id] = append(client, 1)
    events_of(client).append(receipt_for(id))
    log = Log(0)
    running = listen(receipts(client, log))
    wait_until(lambda: log.logged, "one is noted")
    running.stop()
    assert left(client) == []
