"""Stopping, signals, outages and log lines, as every process has them."""

from __future__ import annotations

import io
import logging
import signal
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from littleflow_redis.events import (
    ConfigurationError,
    Outage,
    Pace,
    Stop,
    configure_logging,
    is_temporary,
    kv,
    wait_for_redis,
)
from littleflow_redis.events.logs import KeyValueFormatter
from tests.support import LONG, RedisServer, Spawned, wait_until

LOG = logging.getLogger("tests.process")


class TestStop:
    def test_ends_every_wait(self) -> None:
        stop = Stop()
        thread = threading.Thread(target=stop.wait, args=(2 * LONG,))
        thread.start()
        assert not stop.is_set()
        stop.set()
        thread.join(LONG)
        assert not thread.is_alive()
        assert stop.wait(60) is True
        stop.clear()
        assert stop.wait(0) is False

    def test_wakes_others_once_without_waiting_for_them(self) -> None:
        stop, slow, woken = Stop(), threading.Event(), []

        def wake() -> None:
            slow.wait(LONG)
            woken.append(1)

        with stop.waking(wake):
            stop.set()
            stop.set()
            assert woken == []
            slow.set()
        assert woken == [1]
        stop.set()
        assert woken == [1]

    def test_wakes_those_who_come_too_late(self) -> None:
        stop, woken = Stop(), threading.Event()
        stop.set()
        with stop.waking(woken.set):
            assert woken.wait(LONG)


def test_a_pace_is_due_at_once_and_then_again_after_its_time() -> None:
    pace = Pace(0.05)
    assert pace.due()
    assert not pace.due()
    wait_until(pace.due, "it is due again")
    assert not Pace(60).due() or not pace.due()


WORKER = """
    import logging, sys, time
    from littleflow_redis.events import Stop, configure_logging, stop_on_signals

    configure_logging("info")
    stop = Stop()
    with stop_on_signals(stop, logging.getLogger("worker")):
        print("ready", flush=True)
        {wait}
    print("done", flush=True)
"""


class TestSignals:
    def start(self, spawn: Callable[..., Spawned], wait: str) -> Spawned:
        code = textwrap.dedent(WORKER).replace("{wait}", wait)
        process = spawn([sys.executable, "-c", code])
        process.wait_for_output("ready")
        return process

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_the_first_one_finishes_the_work_in_hand(
        self, spawn: Callable[..., Spawned], number: signal.Signals
    ) -> None:
        process = self.start(spawn, "stop.wait()")
        process.signal(number)
        assert process.wait() == 0
        assert "done" in process.output
        assert f"event=stopping signal={number.name}" in process.output

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_the_second_one_quits_at_once(
        self, spawn: Callable[..., Spawned], number: signal.Signals
    ) -> None:
        process = self.start(spawn, "time.sleep(600)")
        process.signal(number)
        process.wait_for_output("event=stopping")
        process.signal(number)
        assert process.wait() == 128 + number
        assert "done" not in process.output
        assert "event=quit reason=second-signal" in process.output

    def test_a_process_that_holds_every_lock_is_not_caught_in_its_handler(
        self, spawn: Callable[..., Spawned]
    ) -> None:
        """Event.set in a handler hangs when the main thread is inside Event.wait or set."""
        process = self.start(spawn, "while not stop.is_set(): stop.wait(0.0001)")
        process.signal(signal.SIGTERM)
        assert process.wait() == 0

    def test_handlers_are_given_back(self) -> None:
        from littleflow_redis.events import stop_on_signals

        before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
        with stop_on_signals(Stop(), LOG):
            assert signal.getsignal(signal.SIGTERM) != before[0]
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


class TestOutage:
    def test_work_is_called_again_after_a_lost_connection(
        self, client: redis.Redis, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        errors = [redis.ConnectionError("cut"), redis.TimeoutError("no reply")]

        def work() -> None:
            if errors:
                raise errors.pop(0)

        Outage(client, Stop(), LOG).run(work)
        lines = [record.getMessage().split()[0] for record in caplog.records]
        assert lines == ["event=redis-waiting", "event=redis-connected"] * 2

    def test_a_server_that_refuses_for_now_is_reported_once(
        self, own_server: Callable[..., RedisServer], caplog: pytest.LogCaptureFixture
    ) -> None:
        server = own_server()
        tries: list[int] = []
        with server.client() as client:
            client.config_set("maxmemory", 1)

            def work() -> None:
                tries.append(1)
                if len(tries) == 3:
                    client.config_set("maxmemory", 0)
                client.set("a", "b")

            Outage(client, Stop(), LOG).run(work)
        assert len(tries) == 3
        assert [record.getMessage().split()[0] for record in caplog.records] == [
            "event=redis-refuses"
        ]

    def test_other_errors_are_raised(self, client: redis.Redis) -> None:
        def work() -> None:
            client.execute_command("NOSUCH")

        with pytest.raises(redis.ResponseError, match="unknown command"):
            Outage(client, Stop(), LOG).run(work)

    def test_a_loading_server_is_waited_for(
        self, own_server: Callable[..., RedisServer], caplog: pytest.LogCaptureFixture
    ) -> None:
        # A loading server looks at its clients after every 2 MB, here after 0.2 s.
        server = own_server("--key-load-delay", "500", "--rdbcompression", "no")
        with server.client() as client:
            client.mset({f"key-{i}": "x" * 5000 for i in range(4000)})
            client.save()
            server.kill()
            server.start(wait=False)

            def is_loading() -> bool:
                with pytest.raises(redis.ConnectionError) as caught:
                    client.ping()
                return isinstance(caught.value, redis.BusyLoadingError)

            wait_until(is_loading, "the server is loading")
            assert wait_for_redis(client, Stop(), LOG) is True
            assert client.dbsize() == 4000
        [record] = [r for r in caplog.records if "event=redis-waiting" in r.getMessage()]
        assert "loading" in record.getMessage()

    def test_waiting_ends_with_stop(self, own_server: Callable[..., RedisServer]) -> None:
        server, stop = own_server(start=False), Stop()
        with server.client() as client:
            threading.Timer(0.3, stop.set).start()
            assert wait_for_redis(client, stop, LOG) is False

    @pytest.mark.parametrize(
        ("command", "temporary"), [("NOSUCH", False), ("XADD a * b", False), ("SET a b", True)]
    )
    def test_what_passes_by_itself(
        self, own_server: Callable[..., RedisServer], command: str, temporary: bool
    ) -> None:
        server = own_server()
        with server.client() as client:
            client.set("a", "text")
            client.config_set("min-replicas-to-write", 1 if temporary else 0)
            with pytest.raises(redis.ResponseError) as caught:
                client.execute_command(*command.split())
            assert is_temporary(caught.value) is temporary


class TestLogs:
    def test_key_value(self) -> None:
        line = kv("claimed", id="1-0", reason='it said "no"', waited=1.23456, none=None, empty="")
        assert line == r'event=claimed id=1-0 reason="it said \"no\"" waited=1.235 empty=""'
        assert kv("audit", x=1, event="1-0") == "event=audit x=1"

    def test_lines_have_time_level_and_logger(self) -> None:
        out = io.StringIO()
        handler = logging.StreamHandler(out)
        handler.setFormatter(KeyValueFormatter())
        log = logging.Logger("a.b")
        log.addHandler(handler)
        log.info(kv("x", y=1))
        log.warning("somebody else's %s", "line")
        first, second = out.getvalue().splitlines()
        assert first.startswith("time=20")
        assert first.endswith("Z level=info logger=a.b event=x y=1")
        assert second.endswith('level=warning logger=a.b message="somebody else\'s line"')

    def test_an_unknown_level_says_what_to_set(self) -> None:
        with pytest.raises(ConfigurationError, match="'loud' is not a log level; set LOG_LEVEL"):
            configure_logging("loud")


def test_a_server_dies_with_the_test_process(
    spawn: Callable[..., Spawned], server_kind: str, tmp_path: Path
) -> None:
    code = f"""
import os, pathlib, signal
from tests.support import RedisServer
server = RedisServer({server_kind!r}, pathlib.Path({str(tmp_path)!r})).start()
print("server", server.process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    process = spawn([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
    process.wait()
    pid = int(process.output.split()[-1])
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), "the server is gone")
