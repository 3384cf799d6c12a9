"""GroupReader and what is pending: claimed, renewed, handed back, and whose consumer may go."""

from __future__ import annotations

import time

import redis

from littleflow_redis.events.group import Entry, GroupReader
from littleflow_redis.events.streams import consumer_name
from tests.events.readers import GROUP, STREAM, add, ids, pending
from tests.support import wait_until


class TestClaiming:
    def test_takes_over_with_the_number_of_deliveries(
        self, client: redis.Redis, reader: GroupReader, other: GroupReader
    ) -> None:
        [id] = add(client, "1")
        reader.read(1)
        assert other.claim_stale(10) == [Entry(id, {b"n": b"1"}, 2)]
        assert pending(client) == {id: (other.consumer, 2)}
        assert reader.claim_stale(10) == [Entry(id, {b"n": b"1"}, 3)]

    def test_leaves_what_is_not_idle(
        self, client: redis.Redis, reader: GroupReader, other: GroupReader
    ) -> None:
        add(client, "1")
        reader.read(1)
        other.claim_idle = 60
        assert other.claim_stale(10) == []

    def test_takes_no_more_than_asked_for_and_nothing_in_hand(
        self, client: redis.Redis, reader: GroupReader
    ) -> None:
        added = add(client, *"12345")
        reader.read(5)
        assert ids(reader.claim_stale(2, skip=added[:2])) == added[2:4]

    def test_deleted_entries_are_acknowledged(
        self, client: redis.Redis, reader: GroupReader, other: GroupReader
    ) -> None:
        first, second, third = add(client, "1", "2", "3")
        reader.read(3)
        client.xdel(STREAM, first, third)
        assert ids(other.claim_stale(10)) == [second]
        assert list(pending(client)) == [second]


class TestRenewing:
    def test_keeps_an_entry_from_being_claimed(
        self, client: redis.Redis, reader: GroupReader, other: GroupReader
    ) -> None:
        add(client, "1")
        [entry] = reader.read(1)

        def idle() -> int:
            return int(client.xpending_range(STREAM, GROUP, "-", "+", 1)[0]["time_since_delivered"])

        wait_until(lambda: idle() >= 50, "the entry was idle for 50 ms")
        began = time.monotonic()
        assert reader.renew([entry.id]) == {entry.id}
        after = idle()
        assert after <= (time.monotonic() - began) * 1000 + 1
        assert pending(client) == {entry.id: (reader.consumer, 1)}

    def test_does_not_take_back_what_another_one_claimed(
        self, client: redis.Redis, reader: GroupReader, other: GroupReader
    ) -> None:
        """A plain XCLAIM steals."""
        lost, kept = add(client, "1", "2")
        reader.read(2)
        other.claim_stale(1)
        assert reader.renew([lost, kept, "1-1"]) == {kept}
        assert pending(client)[lost] == (other.consumer, 2)

    def test_survives_a_script_flush(self, client: redis.Redis, reader: GroupReader) -> None:
        [id] = add(client, "1")
        reader.read(1)
        client.script_flush()
        assert reader.renew([id]) == {id}


class TestReleasing:
    def test_others_may_claim_at_once_what_was_handed_back(
        self, client: redis.Redis, reader: GroupReader, other: GroupReader
    ) -> None:
        back, kept = add(client, "1", "2")
        reader.read(2)
        other.claim_idle = 60
        reader.release([back])
        assert ids(other.claim_stale(10)) == [back]
        assert pending(client)[kept] == (reader.consumer, 1)

    def test_what_another_one_has_stays_there(
        self, client: redis.Redis, reader: GroupReader, other: GroupReader
    ) -> None:
        [id] = add(client, "1")
        reader.read(1)
        other.claim_stale(1)
        reader.release([id])
        assert pending(client) == {id: (other.consumer, 2)}


class TestDropping:
    def consumers(self, client: redis.Redis) -> list[str]:
        return [row["name"].decode() for row in client.xinfo_consumers(STREAM, GROUP)]

    def test_only_without_pending_entries(self, client: redis.Redis, reader: GroupReader) -> None:
        """Deleting a consumer deletes what is pending under its name."""
        [id] = add(client, "1")
        reader.read(1)
        assert reader.drop() is False
        assert list(pending(client)) == [id]
        reader.ack([id])
        assert reader.drop() is True
        assert self.consumers(client) == []

    def test_dead_consumers_go_unless_they_hold_something(
        self, client: redis.Redis, reader: GroupReader, other: GroupReader
    ) -> None:
        add(client, "1", "2")
        reader.read(1)
        [entry] = other.read(1)
        other.ack([entry.id])
        assert reader.drop_dead(idle=60) == 0
        assert reader.drop_dead(idle=0) == 1
        assert self.consumers(client) == [reader.consumer]

    def test_names_are_never_shared(self) -> None:
        assert len({consumer_name() for _ in range(100)}) == 100
