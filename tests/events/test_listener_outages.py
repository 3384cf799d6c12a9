"""EventListener while its group, its connection or its server goes away."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
import redis

from littleflow_redis.events import ConfigurationError
from littleflow_redis.events.connection import ConnectionSettings, connect
from tests.events.listeners import (
    GROUP,
    STREAM,
    Listen,
    Recorder,
    all_done,
    append,
    events_of,
)
from tests.proxy import LossyProxy
from tests.support import LONG, RedisServer, wait_until


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
