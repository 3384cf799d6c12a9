"""EventListener: which events it processes, which are not its own, and which it tries again."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest
import redis

from tests.events.listeners import (
    GROUP,
    STREAM,
    Listen,
    Recorder,
    all_done,
    append,
    events_of,
    pending,
)
from tests.support import wait_until


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
