"""EventListener and the work in hand: how long, how much at a time, and what a stop does to it."""

from __future__ import annotations

import time
from typing import Any

import pytest
import redis

from littleflow_redis.events import EventListener, GroupReader
from tests.events.listeners import (
    GROUP,
    STREAM,
    Gate,
    Listen,
    Recorder,
    all_done,
    append,
    pending,
)
from tests.support import LONG, free_port, wait_until


class TestLongWork:
    def test_is_not_handed_to_a_second_consumer(
        self, client: redis.Redis, listen: Listen, gate: Gate
    ) -> None:
        """Fault: anything idle for 60 s was claimed by another consumer although it still ran."""
        # Renewed five times as often; a busy machine must not keep it from that.
        slow = Recorder(client, answer=gate, claim_idle=1, block=20)
        other = Recorder(client, claim_idle=1, block=20)
        listen(slow)
        [id] = append(client, 1)
        wait_until(lambda: slow.seen, "the slow one has it")
        listen(other)
        started = time.monotonic()
        wait_until(lambda: time.monotonic() - started > 2.5, "two idle times have passed")
        assert other.seen == []
        gate.opened.set()
        wait_until(lambda: all_done(client), "it is acknowledged")
        assert slow.ids == [id]

    def test_of_a_dead_consumer_is_taken_over(self, client: redis.Redis, listen: Listen) -> None:
        [id] = append(client, 1)
        dead = GroupReader(client, STREAM, GROUP)
        dead.ensure()
        assert dead.read(1)
        dead.close()
        listener = Recorder(client, claim_idle=0.2, block=20)
        listen(listener)
        wait_until(lambda: all_done(client), "it is acknowledged")
        assert listener.ids == [id]

    def test_is_not_renewed_once_somebody_else_has_it(
        self, client: redis.Redis, listen: Listen, gate: Gate, caplog: pytest.LogCaptureFixture
    ) -> None:
        slow = Recorder(client, answer=gate, claim_idle=3, block=20)
        listen(slow)
        [id] = append(client, 1)
        wait_until(lambda: slow.seen, "the slow one has it")
        client.xclaim(STREAM, GROUP, "thief", 0, [id])
        wait_until(lambda: f"event=entry-lost id={id}" in caplog.text, "the loss is noticed")
        assert pending(client) == {id: "thief"}


class TestConcurrency:
    def test_runs_so_many_at_a_time_and_reads_no_more(
        self, client: redis.Redis, listen: Listen, gate: Gate
    ) -> None:
        append(client, *range(10))
        listener = Recorder(client, answer=gate, concurrency=3)
        listen(listener)
        wait_until(lambda: gate.inside == 3, "three are being worked on")
        assert len(pending(client)) == 3
        gate.opened.set()
        wait_until(lambda: all_done(client), "all are done")
        assert gate.most == 3
        assert sorted(listener.numbers) == list(range(10))

    def test_one_at_a_time_reads_no_more_than_one_that_may_be_long(
        self, client: redis.Redis, listen: Listen, gate: Gate
    ) -> None:
        append(client, *range(10))
        listen(Recorder(client, answer=gate))
        wait_until(lambda: gate.inside == 1, "one is being worked on")
        assert len(pending(client)) == 1

    def test_short_ones_are_read_together(self, client: redis.Redis, listen: Listen) -> None:
        append(client, *range(1000))
        client.config_resetstat()
        listener = Recorder(client)
        listen(listener)
        wait_until(lambda: all_done(client), "all are done")
        stats: Any = client.info("commandstats")
        assert stats["cmdstat_xreadgroup"]["calls"] < 500
        assert listener.numbers == list(range(1000))

    def test_what_waits_behind_a_long_one_goes_to_another_listener(
        self, client: redis.Redis, listen: Listen, gate: Gate
    ) -> None:
        """Read ahead in good faith: not renewed while it waits, so it is not stuck."""
        client.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        append(client, *range(200))

        def long_before_others(id: str, event: Any) -> bool:
            return len(pending(client)) < 2 or gate(id, event)

        slow = Recorder(client, answer=long_before_others, claim_idle=1)
        listen(slow)
        wait_until(lambda: gate.inside == 1, "it is stuck in a long one")
        stuck = slow.ids[-1]
        assert len(pending(client)) > 1
        quick = Recorder(client, claim_idle=1, block=20)
        listen(quick)
        wait_until(lambda: set(pending(client)) == {stuck}, "the other one did the rest")
        gate.opened.set()
        wait_until(lambda: all_done(client), "all are done")
        assert max((slow.times + quick.times).values()) == 1

    def test_cannot_be_less_than_one(self) -> None:
        with pytest.raises(ValueError, match="concurrency is 0; set it to 1 or more"):
            EventListener("s", "g", concurrency=0)


class TestStopping:
    def test_is_at_once_though_the_read_is_blocked(
        self, client: redis.Redis, listen: Listen
    ) -> None:
        listener = Recorder(client, block=5000)
        running = listen(listener)
        wait_until(lambda: client.info("clients")["blocked_clients"], "the read is blocked")
        started = time.monotonic()
        listener.stop()
        assert time.monotonic() - started < 1
        running.stop()
        assert time.monotonic() - started < 4

    def test_before_listening_is_not_forgotten(self, client: redis.Redis, listen: Listen) -> None:
        listener = Recorder(client)
        listener.stop()
        running = listen(listener)
        running.thread.join(LONG)
        assert not running.thread.is_alive()

    def test_finishes_the_work_in_hand(
        self, client: redis.Redis, listen: Listen, gate: Gate
    ) -> None:
        [id, *_] = append(client, 1, 2, 3)
        listener = Recorder(client, answer=gate)
        running = listen(listener)
        wait_until(lambda: gate.inside, "one is being worked on")
        listener.stop()
        gate.opened.set()
        running.thread.join(LONG)
        assert listener.ids == [id]
        assert pending(client) == {}

    @pytest.mark.parametrize("concurrency", [1, 4])
    def test_leaves_no_consumer_and_hands_back_what_it_did_not_begin(
        self, client: redis.Redis, listen: Listen, concurrency: int
    ) -> None:
        client.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        append(client, *range(500))

        def stop_midway(id: str, event: Any) -> bool:
            if event["n"] == 100:
                listener.stop()
            return True

        listener = Recorder(client, answer=stop_midway, concurrency=concurrency)
        listen(listener).thread.join(LONG)
        done = len(listener.seen)
        assert 100 < done < 500
        other = Recorder(client, block=20, claim_idle=600)
        listen(other)
        wait_until(lambda: all_done(client), "the next listener does the rest")
        assert sorted(listener.numbers + other.numbers) == list(range(500))

    def test_deletes_its_own_consumer(self, client: redis.Redis, listen: Listen) -> None:
        append(client, 1)
        listener = Recorder(client)
        running = listen(listener)
        wait_until(lambda: all_done(client), "it is acknowledged")
        assert len(client.xinfo_consumers(STREAM, GROUP)) == 1
        running.stop()
        assert client.xinfo_consumers(STREAM, GROUP) == []

    def test_keeps_a_consumer_with_pending_entries(
        self, client: redis.Redis, listen: Listen
    ) -> None:
        [id] = append(client, 1)
        listener = Recorder(client, answer=lambda id, event: False)
        running = listen(listener)
        wait_until(lambda: listener.seen, "it was tried")
        running.stop()
        assert list(pending(client)) == [id]

    def test_ends_a_sleep(self, client: redis.Redis, listen: Listen) -> None:
        def sleepy(id: str, event: Any) -> bool:
            listener.sleep(60)
            return not listener.listening

        append(client, 1)
        listener = Recorder(client, answer=sleepy)
        running = listen(listener)
        wait_until(lambda: listener.seen, "it sleeps")
        running.stop()
        assert pending(client) == {}

    def test_ends_the_wait_for_a_server_that_is_not_there(self, listen: Listen) -> None:
        listener = EventListener(STREAM, GROUP, port=free_port())
        running = listen(listener)
        wait_until(lambda: listener.running, "it waits")
        running.stop()
        assert running.error is None
