"""EventListener on a real server."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis

from littleflow_redis.events import ConfigurationError, EventListener, GroupReader
from littleflow_redis.events.connection import ConnectionSettings, connect
from tests.events.listeners import (
    GROUP,
    STREAM,
    Listening,
    Recorder,
    all_done,
    append,
    events_of,
    pending,
)
from tests.proxy import LossyProxy
from tests.support import LONG, RedisServer, free_port, wait_until

Listen = Callable[[Any], Listening]


class Gate:
    """A handler that waits until it is opened, and counts who is inside."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.inside = 0
        self.most = 0
        self._lock = threading.Lock()

    def __call__(self, id: str, event: Any) -> bool:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        try:
            return self.opened.wait(LONG)
        finally:
            with self._lock:
                self.inside -= 1


@pytest.fixture
def gate() -> Any:
    gate = Gate()
    yield gate
    gate.opened.set()


class TestProcessing:
    def test_events_before_and_after_its_start_in_order(
        self, client: redis.Redis, listen: Listen
    ) -> None:
        append(client, *range(5))
        listener = Recorder(client)
        listen(listener)
        wait_until(lambda: len(listener.seen) == 5, "the old events are processed")
        append(client, *range(5, 300))
        wait_until(lambda: all_done(client), "everything is acknowledged")
        assert listener.numbers == list(range(300))

    def test_calls_and_states(self, client: redis.Redis, listen: Listen) -> None:
        listener = Recorder(client)
        assert (listener.running, listener.established, listener.listening) == (False, False, True)
        running = listen(listener)
        wait_until(lambda: "established" in listener.calls, "the group is there")
        assert (listener.running, listener.established, listener.listening) == (True, True, True)
        running.stop()
        assert (listener.running, listener.established, listener.listening) == (
            False,
            False,
            False,
        )
        assert listener.calls == ["start", "established", "stop"]

    def test_can_listen_again(self, client: redis.Redis, listen: Listen) -> None:
        listener = Recorder(client)
        listen(listener).stop()
        listen(listener)
        append(client, 1)
        wait_until(lambda: listener.numbers == [1], "the second run processes")

    def test_select_by_kind(self, client: redis.Redis, listen: Listen) -> None:
        append(client, 1, kind="a")
        append(client, 2, kind="b")
        append(client, 3, kind="c")
        events_of(client).append({"kind": ["a"], "n": 4})
        listener = Recorder(client, select=["a", "c"])
        listen(listener)
        wait_until(lambda: all_done(client), "all are acknowledged")
        assert listener.numbers == [1, 3]

    def test_select_by_another_field(self, client: redis.Redis, listen: Listen) -> None:
        append(client, 1, 2)
        listener = Recorder(client, select=[2], select_attribute="n")
        listen(listener)
        wait_until(lambda: all_done(client), "all are acknowledged")
        assert listener.numbers == [2]

    def test_a_new_event_is_seen_at_once_after_a_long_silence(
        self, client: redis.Redis, listen: Listen
    ) -> None:
        """Fault: an idle listener slept up to ten seconds before it saw an event.

        Upstream paused after every five empty reads, and longer each time.
        """
        listener = Recorder(client, block=20)
        listen(listener)
        reads = self.reads(client)
        wait_until(lambda: self.reads(client) > reads + 50, "50 empty reads of 20 ms")
        append(client, 1)
        wait_until(lambda: listener.seen, "the event is processed", timeout=5)

    def test_an_idle_listener_hardly_works(self, client: redis.Redis, listen: Listen) -> None:
        listener = Recorder(client)
        listen(listener)
        wait_until(lambda: listener.established, "it is established")
        before, started = self.commands(client), time.monotonic()
        wait_until(lambda: time.monotonic() - started > 2.5, "time has passed")
        asked, idle = self.commands(client) - before, time.monotonic() - started
        # One read and one look for stale entries a second; the counting itself is two commands.
        assert asked <= 2 * idle + 4

    def reads(self, client: redis.Redis) -> int:
        stats: Any = client.info("commandstats")
        return int(stats.get("cmdstat_xreadgroup", {"calls": 0})["calls"])

    def commands(self, client: redis.Redis) -> int:
        stats: Any = client.info("stats")
        return int(stats["total_commands_processed"])


class TestNotMine:
    def test_is_acknowledged_together(self, client: redis.Redis, listen: Listen) -> None:
        """Fault: "not mine" was never acknowledged, and claimed again each minute."""
        append(client, *range(200), kind="other")
        listener = Recorder(client, select=["mine"])
        client.config_resetstat()
        listen(listener)
        wait_until(lambda: all_done(client), "all are acknowledged")
        stats: Any = client.info("commandstats")
        assert stats["cmdstat_xack"]["calls"] < 100
        assert listener.seen == []

    def test_a_subclass_decides(self, client: redis.Redis, listen: Listen) -> None:
        class Odd(Recorder):
            def should_process(self, event: Any) -> bool:
                return bool(event["n"] % 2)

        ids = append(client, 1, 2, 3)
        listener = Odd(client)
        listen(listener)
        wait_until(lambda: all_done(client), "all are acknowledged")
        assert listener.ids == [ids[0], ids[2]]


class TestNotDone:
    """What process() does not answer with true stays pending and is tried again later."""

    def test_false_leaves_it_pending_and_others_go_on(
        self, client: redis.Redis, listen: Listen
    ) -> None:
        first, second = append(client, 1, 2)
        listener = Recorder(client, answer=lambda id, event: event["n"] != 1, claim_idle=60)
        listen(listener)
        wait_until(lambda: len(listener.seen) == 2, "both were tried")
        wait_until(lambda: list(pending(client)) == [first], "one stays pending")
        assert listener.ids == [first, second]

    def test_it_is_tried_again_after_the_idle_time_and_not_before(
        self, client: redis.Redis, listen: Listen
    ) -> None:
        times: list[float] = []

        def third_time(id: str, event: Any) -> bool:
            times.append(time.monotonic() - began)
            return len(times) == 3

        began = time.monotonic()
        append(client, 1)
        listen(Recorder(client, answer=third_time, claim_idle=0.2, block=20))
        wait_until(lambda: all_done(client), "it succeeded at last")
        assert len(times) == 3
        # Idle since it was handed out, which was after `began`; how late it is seen is no matter.
        assert times[1] > 0.19
        assert times[2] > 0.39

    def test_an_exception_is_logged_and_stops_nothing(
        self, client: redis.Redis, listen: Listen, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(id: str, event: Any) -> bool:
            if event["n"] == 1:
                raise RuntimeError("no luck")
            return True

        first, _ = append(client, 1, 2)
        listener = Recorder(client, answer=fail, claim_idle=60)
        listen(listener)
        wait_until(lambda: list(pending(client)) == [first] and len(listener.seen) == 2, "both ran")
        [record] = [r for r in caplog.records if "event-failed" in r.getMessage()]
        assert f"group={GROUP} id={first} where=process" in record.getMessage()
        assert record.exc_info is not None
        assert "no luck" in str(record.exc_info[1])

    def test_an_exception_in_should_process_stops_nothing(
        self, client: redis.Redis, listen: Listen, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Careless(Recorder):
            def should_process(self, event: Any) -> bool:
                return bool(event["missing"])

        append(client, 1)
        id = events_of(client).append({"missing": True})
        listener = Careless(client)
        listen(listener)
        wait_until(lambda: listener.ids == [id], "the other one is processed")
        assert "where=should_process" in caplog.text


class TestGarbage:
    def test_is_acknowledged_with_a_warning(
        self, client: redis.Redis, listen: Listen, caplog: pytest.LogCaptureFixture
    ) -> None:
        bad: Any = client.xadd(STREAM, {"kind": "no JSON"})
        client.xadd(STREAM, {b"\xff": b"1"})
        client.xadd(STREAM, {"kind": b'"\xff"'})
        [good] = append(client, 1)
        listener = Recorder(client)
        listen(listener)
        wait_until(lambda: all_done(client), "all are acknowledged")
        assert listener.ids == [good]
        warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
        assert len(warnings) == 3
        assert warnings[0].startswith(f"event=garbage group={GROUP} id={bad.decode()} reason=")


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


class TestOutages:
    @pytest.mark.parametrize("how", ["group", "stream"])
    def test_a_deleted_group_is_made_anew_at_0(
        self, client: redis.Redis, listen: Listen, how: str
    ) -> None:
        append(client, 1)
        listener = Recorder(client, block=50)
        listen(listener)
        wait_until(lambda: all_done(client), "it works")
        if how == "group":
            client.xgroup_destroy(STREAM, GROUP)
            append(client, 2)
            expected = [1, 1, 2]
        else:
            client.delete(STREAM)
            append(client, 2)
            expected = [1, 2]
        wait_until(lambda: listener.numbers == expected, "it reads from the beginning")

    def test_cut_connections_lose_nothing_and_say_so_once(
        self, client: redis.Redis, listen: Listen, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        listener = Recorder(client)
        listen(listener)
        append(client, *range(3))
        wait_until(lambda: len(listener.seen) == 3, "it works")
        wait_until(lambda: client.info("clients")["blocked_clients"], "the read is blocked")
        client.client_kill_filter(_type="normal", skipme=True)
        append(client, *range(3, 6))
        wait_until(lambda: all_done(client), "it works again")
        assert listener.numbers == list(range(6))
        lines = [r.getMessage() for r in caplog.records if "event=redis-" in r.getMessage()]
        assert [line.split()[0] for line in lines] == [
            "event=redis-waiting",
            "event=redis-connected",
        ]

    def test_a_lost_reply_is_read_again_at_once(
        self, client: redis.Redis, redis_server: RedisServer, listen: Listen
    ) -> None:
        """The server delivered, the reply never came: nobody else would take it for a while."""
        with (
            LossyProxy(redis_server.port) as proxy,
            connect(ConnectionSettings(port=proxy.port)) as proxied,
        ):
            listener = Recorder(proxied, claim_idle=600)
            running = listen(listener)
            wait_until(lambda: listener.established, "it is established")
            proxy.lose(b"marked")
            id = events_of(client).append({"kind": "marked"})
            wait_until(lambda: proxy.lost, "the reply is lost")
            wait_until(lambda: all_done(client), "it is processed after all")
            assert listener.ids == [id]
            running.stop()
            proxied.connection_pool.disconnect()

    def test_an_acknowledgement_that_failed_is_made_good(
        self, own_server: Callable[..., RedisServer], listen: Listen
    ) -> None:
        server = own_server("--appendonly", "yes", "--appendfsync", "always")

        def kill_the_server(id: str, event: Any) -> bool:
            if event["n"] == 1 and len(listener.seen) == 1:
                server.kill()
            return True

        with server.client() as client:
            listener = Recorder(client, answer=kill_the_server, claim_idle=60)
            append(client, 1)
            listen(listener)
            wait_until(lambda: server.process is None and listener.seen, "the server is gone")
            server.start()
            append(client, 2)
            wait_until(lambda: all_done(client), "both are acknowledged")
            assert listener.numbers == [1, 2]
            listener.stop()
            wait_until(lambda: not listener.running, "the listener ended")

    def test_starts_before_redis(
        self,
        own_server: Callable[..., RedisServer],
        listen: Listen,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.INFO)
        server = own_server(start=False)
        with server.client() as client:
            listener = Recorder(client)
            listen(listener)
            wait_until(lambda: "event=redis-waiting" in caplog.text, "it waits")
            server.start()
            append(client, 1)
            wait_until(lambda: all_done(client), "it works")
            listener.stop()
            wait_until(lambda: not listener.running, "the listener ended")
        assert caplog.text.count("event=redis-waiting") == 1
        assert f"address=127.0.0.1:{server.port}" in caplog.text
        assert caplog.text.count("event=redis-connected") == 1

    def test_wrong_credentials_end_it_and_say_what_to_set(
        self, own_server: Callable[..., RedisServer], listen: Listen
    ) -> None:
        server = own_server()
        with server.client() as admin:
            admin.config_set("requirepass", "secret")
        with connect(ConnectionSettings(port=server.port, password="wrong")) as client:
            running = listen(Recorder(client))
            running.thread.join(LONG)
            assert isinstance(running.error, ConfigurationError)
            assert "set REDIS_USERNAME and REDIS_PASSWORD" in str(running.error)
            client.connection_pool.disconnect()

    def test_a_key_that_is_no_stream_ends_it(self, client: redis.Redis, listen: Listen) -> None:
        client.set(STREAM, "text")
        running = listen(Recorder(client))
        running.thread.join(LONG)
        assert isinstance(running.error, redis.ResponseError)
