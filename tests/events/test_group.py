"""GroupReader reads: what is delivered, also after a lost connection or group."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
import redis

from littleflow_redis.events.group import Entry, GroupReader
from tests.events.readers import GROUP, STREAM, add, ids, pending
from tests.support import LONG, RedisServer, wait_until


class TestReading:
    def test_reads_what_was_there_before_the_group(self, client: redis.Redis) -> None:
        before = add(client, "1")
        reader = GroupReader(client, STREAM, GROUP)
        assert reader.ensure() is True
        assert reader.ensure() is False
        after = add(client, "2")
        assert ids(reader.read(10)) == before + after
        reader.close()

    def test_a_reader_that_finds_nothing_shows_itself(
        self, client: redis.Redis, reader: GroupReader
    ) -> None:
        """On Redis 6.2 a reader of a quiet stream looked as one that is gone."""
        reader.claim_stale(1)
        (consumer,) = client.xinfo_consumers(STREAM, GROUP)
        assert consumer["name"] == reader.consumer.encode()

    def test_an_entry_is_raw(self, client: redis.Redis, reader: GroupReader) -> None:
        [id] = add(client, "é")
        assert reader.read(1) == [Entry(id, {b"n": "é".encode()}, 1)]

    def test_several_entries_come_in_one_read_and_no_more_than_asked_for(
        self, client: redis.Redis, reader: GroupReader
    ) -> None:
        added = add(client, "1", "2", "3")
        assert ids(reader.read(2)) == added[:2]
        assert ids(reader.read(2)) == added[2:]
        assert reader.read(2) == []

    def test_a_blocked_read_returns_with_the_entry(
        self, redis_server: RedisServer, client: redis.Redis, reader: GroupReader
    ) -> None:
        got: list[Entry] = []
        thread = threading.Thread(target=lambda: got.extend(reader.read(1, 5000)))
        thread.start()
        wait_until(lambda: client.info("clients")["blocked_clients"], "the read is blocked")
        added = add(client, "1")
        thread.join(LONG)
        assert ids(got) == added

    def test_works_with_a_client_that_decodes(self, redis_server: RedisServer) -> None:
        with redis.Redis.from_url(redis_server.url, decode_responses=True) as client:
            client.flushall()
            id = client.xadd(STREAM, {"n": "1"})
            reader = GroupReader(client, STREAM, GROUP, claim_idle=0)
            reader.ensure()
            assert reader.read(1) == [Entry(id, {b"n": b"1"}, 1)]
            assert reader.renew([id]) == {id}
            assert reader.claim_stale(1) == [Entry(id, {b"n": b"1"}, 2)]
            assert reader.ack([id]) == 1
            reader.close()

    def test_works_with_the_newer_protocol(self, redis_server: RedisServer) -> None:
        with redis.Redis.from_url(redis_server.url, protocol=3) as client:
            client.flushall()
            reader = GroupReader(client, STREAM, GROUP, claim_idle=0)
            reader.ensure()
            [id] = add(client, "1")
            assert reader.read(1) == [Entry(id, {b"n": b"1"}, 1)]
            assert reader.claim_stale(1) == [Entry(id, {b"n": b"1"}, 2)]
            assert reader.read(1) == []
            reader.close()

    def test_an_entry_deleted_before_it_was_read_is_no_trouble(
        self, client: redis.Redis, reader: GroupReader
    ) -> None:
        first, second = add(client, "1", "2")
        client.xdel(STREAM, first)
        assert ids(reader.read(10)) == [second]


class TestMissingGroup:
    """A group that was deleted is made anew at 0, whatever finds it missing."""

    @pytest.mark.parametrize("how", ["group", "stream"])
    def test_found_by_a_read(self, client: redis.Redis, reader: GroupReader, how: str) -> None:
        reader.read(1)
        if how == "group":
            add(client, "1")
            client.xgroup_destroy(STREAM, GROUP)
        else:
            client.delete(STREAM)
        assert reader.read(1) == []
        assert reader.regrouped == 1
        if how == "stream":
            add(client, "1")
        assert len(reader.read(1)) == 1

    def test_found_while_blocked(self, client: redis.Redis, reader: GroupReader) -> None:
        thread = threading.Thread(target=lambda: reader.read(1, 500))
        thread.start()
        wait_until(lambda: client.info("clients")["blocked_clients"], "the read is blocked")
        client.delete(STREAM)
        added = add(client, "1")
        thread.join(LONG)
        entries: list[Entry] = []

        def read() -> bool:
            entries.extend(reader.read(1))
            return bool(entries)

        wait_until(read, "the entry is read after all")
        assert ids(entries) == added
        assert reader.regrouped == 1

    def test_found_while_claiming(self, client: redis.Redis, reader: GroupReader) -> None:
        client.delete(STREAM)
        assert reader.claim_stale(1) == []
        assert client.exists(STREAM)

    @pytest.mark.no_keys_left
    def test_renewing_and_dropping_do_not_make_it(
        self, client: redis.Redis, reader: GroupReader
    ) -> None:
        client.delete(STREAM)
        assert reader.renew(["1-1"]) == set()
        assert reader.ack(["1-1"]) == 0
        assert reader.drop() is True

    def test_another_error_is_raised(self, client: redis.Redis) -> None:
        client.set(STREAM, "not a stream")
        reader = GroupReader(client, STREAM, GROUP)
        with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
            reader.ensure()
        with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
            reader.read(1)
        with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
            reader.renew(["1-1"])
        reader.close()


class TestLostConnection:
    def test_own_pending_entries_come_first(self, client: redis.Redis, reader: GroupReader) -> None:
        """The server delivered, the reply was lost: nobody else would take it for a while."""
        taken = add(client, "1", "2", "3")
        reader.read(3)
        new = add(client, "4")
        reader.ack(taken[:1])
        reader.rewind()
        own = reader.read(10)
        assert ids(own) == taken[1:]
        assert [entry.deliveries for entry in own] == [2, 2]
        assert ids(reader.read(10)) == new

    def test_a_cut_connection_rewinds(self, client: redis.Redis, reader: GroupReader) -> None:
        taken = add(client, "1")
        # A read that may block has a connection of its own, and the pool mends none of these.
        reader.read(1, 1)
        client.client_kill_filter(_type="normal", skipme=True)
        with pytest.raises(redis.ConnectionError):
            reader.read(1, 1)
        assert ids(reader.read(1)) == taken

    def test_pages_through_them(self, client: redis.Redis, reader: GroupReader) -> None:
        taken = add(client, *"12345")
        reader.read(5)
        reader.rewind()
        assert [ids(reader.read(2)) for _ in range(4)] == [taken[:2], taken[2:4], taken[4:], []]

    def test_what_is_in_hand_is_not_returned_again(
        self, client: redis.Redis, reader: GroupReader
    ) -> None:
        taken = add(client, "1", "2", "3")
        reader.read(3)
        reader.rewind()
        assert ids(reader.read(1, skip=taken[:2])) == taken[2:]

    def test_deleted_ones_are_acknowledged(self, client: redis.Redis, reader: GroupReader) -> None:
        gone, there = add(client, "1", "2")
        reader.read(2)
        client.xdel(STREAM, gone)
        reader.rewind()
        assert ids(reader.read(1)) == [there]
        assert list(pending(client)) == [there]


class TestInterrupt:
    def test_wakes_a_blocked_read_at_once(self, client: redis.Redis, reader: GroupReader) -> None:
        thread = threading.Thread(target=lambda: reader.read(1, 5000))
        thread.start()
        wait_until(lambda: client.info("clients")["blocked_clients"], "the read is blocked")
        started = time.monotonic()
        reader.interrupt()
        thread.join(LONG)
        assert time.monotonic() - started < 4

    def test_later_reads_do_not_block(self, client: redis.Redis, reader: GroupReader) -> None:
        reader.interrupt()
        started = time.monotonic()
        assert reader.read(1, 5000) == []
        assert time.monotonic() - started < 4
        added = add(client, "1")
        assert ids(reader.read(1, 5000)) == added

    def test_the_block_stays_below_the_socket_timeout(
        self, redis_server: RedisServer, client: redis.Redis
    ) -> None:
        with redis.Redis.from_url(redis_server.url, socket_timeout=2) as impatient:
            reader = GroupReader(impatient, STREAM, GROUP)
            reader.ensure()
            assert reader.read(1, 5000) == []
            reader.close()


def test_many_readers_share_the_work(
    redis_server: RedisServer, client: redis.Redis, make_readers: Callable[[int], list[GroupReader]]
) -> None:
    added = add(client, *map(str, range(100)))
    readers = make_readers(4)
    seen = [id for _ in range(10) for reader in readers for id in ids(reader.read(5))]
    assert sorted(seen) == sorted(added)


@pytest.fixture
def make_readers(client: redis.Redis) -> Iterator[Callable[[int], list[GroupReader]]]:
    readers: list[GroupReader] = []

    def make(number: int) -> list[GroupReader]:
        readers.extend(GroupReader(client, STREAM, GROUP) for _ in range(number))
        readers[0].ensure()
        return readers

    yield make
    for reader in readers:
        reader.close()
