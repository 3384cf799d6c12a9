"""Where Redis is, and how a client of it behaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
import redis

from littleflow_redis.events.connection import (
    ConfigurationError,
    ConnectionSettings,
    close_unused,
    connect,
    connection_pool,
)
from littleflow_redis.events.reconnect import address_of
from tests.proxy import LossyProxy
from tests.support import RedisServer, Spawned, free_port, server_binary, wait_until

read = ConnectionSettings.from_environment


def kwargs_of(settings: ConnectionSettings) -> dict[str, Any]:
    return connection_pool(settings).connection_kwargs


class TestSettings:
    def test_defaults(self) -> None:
        assert read({}) == ConnectionSettings("0.0.0.0", 6379, None, None)  # noqa: S104

    def test_the_environment(self) -> None:
        env = {
            "REDIS_HOST": "redis",
            "REDIS_PORT": "7000",
            "REDIS_USERNAME": "me",
            "REDIS_PASSWORD": "secret",
        }
        assert read(env) == ConnectionSettings("redis", 7000, "me", "secret")
        assert read(env, host="other", port=1, username="you", password="p") == (
            ConnectionSettings("other", 1, "you", "p")
        )

    def test_empty_variables_count_as_unset(self) -> None:
        env = {"REDIS_HOST": "", "REDIS_PORT": "", "REDIS_PASSWORD": "", "REDIS_URL": ""}
        assert read(env) == ConnectionSettings()

    def test_a_url_wins_over_host_and_port(self) -> None:
        env = {"REDIS_URL": "redis://a:b@redis:7000/2", "REDIS_HOST": "no", "REDIS_PASSWORD": "no"}
        options = kwargs_of(read(env))
        assert (options["host"], options["port"], options["db"]) == ("redis", 7000, 2)
        assert (options["username"], options["password"]) == ("a", "b")

    def test_given_credentials_win_over_those_of_the_url(self) -> None:
        options = kwargs_of(read({"REDIS_URL": "redis://a:b@redis"}, username="c", password="d"))
        assert (options["username"], options["password"]) == ("c", "d")

    def test_a_given_host_makes_the_url_of_the_environment_void(self) -> None:
        assert read({"REDIS_URL": "redis://redis:7000"}, host="here").url is None

    @pytest.mark.parametrize("host", ["0.0.0.0", "", "::"])  # noqa: S104
    def test_every_address_is_connected_to_as_loopback(self, host: str) -> None:
        expected = "::1" if host == "::" else "127.0.0.1"
        assert kwargs_of(ConnectionSettings(host=host))["host"] == expected

    def test_also_in_a_url(self) -> None:
        assert kwargs_of(read({"REDIS_URL": "redis://0.0.0.0:7000"}))["host"] == "127.0.0.1"

    @pytest.mark.parametrize("url", [None, "redis://127.0.0.1"])
    def test_limits(self, url: str | None) -> None:
        options = kwargs_of(ConnectionSettings(url=url))
        assert options["socket_timeout"] > 2
        assert options["health_check_interval"] > 0

    def test_tls(self) -> None:
        pool = connection_pool(ConnectionSettings(url="rediss://redis:7000"))
        assert issubclass(pool.connection_class, redis.SSLConnection)

    @pytest.mark.parametrize(
        ("env", "says"),
        [
            ({"REDIS_PORT": "x"}, "REDIS_PORT is 'x'.*set it"),
            ({"REDIS_URL": "http://redis"}, "starts with http://; set REDIS_URL.*rediss://"),
            ({"REDIS_URL": "redis"}, "no scheme; set REDIS_URL"),
            # urlsplit refuses these, and its message may hold the password.
            ({"REDIS_URL": "redis://["}, "cannot be read: percent-encode.*; set REDIS_URL"),
            ({"REDIS_URL": "redis://:secret@\u2100"}, r"read: percent-encode(?!.*secret)"),
            ({"REDIS_URL": "redis://redis:99999"}, "set REDIS_URL to something like"),
            ({"REDIS_URL": "redis+sentinel://redis"}, "must name the service"),
        ],
    )
    def test_what_cannot_be_says_what_to_set(self, env: dict[str, str], says: str) -> None:
        with pytest.raises(ConfigurationError, match=says):
            connect(read(env))

    @pytest.mark.parametrize(
        "password", ["hun#ter2", "hun/ter2", "hun?ter2", "hun[ter2", "1/hunter2"]
    )
    @pytest.mark.parametrize("form", ["redis://:{}@h", "redis://u:{}@h:7/0", "unix://:{}@/run/s"])
    def test_nothing_is_shown_of_a_password_that_ends_the_host(
        self, password: str, form: str
    ) -> None:
        """`Port could not be cast to integer value as 'hun'`."""
        url = form.format(password)
        with pytest.raises(ConfigurationError, match="percent-encode") as raised:
            read({"REDIS_URL": url})
        shown = f"{raised.value} {raised.value.__cause__} {ConnectionSettings(url=url).address}"
        assert not any(part in shown for part in ("hun", "ter2"))
        assert raised.value.__context__ is None
        with pytest.raises(ConfigurationError, match="percent-encode"):
            connect(ConnectionSettings(url=url))

    @pytest.mark.parametrize(
        "url",
        [
            "redis://u:hun%23ter2@h:7/0",
            "redis://u:hun@ter2@h/0",
            "redis://h?password=hun@ter2",
            "redis+sentinel://:p@a:1,b:2/mymaster/0",
            "unix:///run/redis@1.sock",
        ],
    )
    def test_these_can_be_read(self, url: str) -> None:
        assert "hun" not in read({"REDIS_URL": url}).address
        connect(read({"REDIS_URL": url}))

    @pytest.mark.parametrize("host", ["redis://:hunter2@redis", "me:hunter2@redis"])
    def test_a_url_is_no_host(self, host: str) -> None:
        with pytest.raises(ConfigurationError, match="REDIS_HOST is no name") as raised:
            read({"REDIS_HOST": host})
        assert "hunter2" not in str(raised.value)

    @pytest.mark.parametrize(
        "settings",
        [
            ConnectionSettings(password="hunter2"),
            ConnectionSettings(url="redis://me:hunter2@redis:7000/1?password=hunter2"),
        ],
    )
    def test_no_secret_is_shown(self, settings: ConnectionSettings) -> None:
        assert "hunter2" not in repr(settings)
        assert "hunter2" not in settings.address
        assert "hunter2" not in address_of(connect(settings))

    def test_addresses(self) -> None:
        assert ConnectionSettings("redis", 7000).address == "redis:7000"
        url = "redis://me:secret@redis:7000/1?password=secret"
        assert ConnectionSettings(url=url).address == "redis://redis:7000/1"
        assert address_of(connect(ConnectionSettings(url=url))) == "redis:7000"
        assert address_of(connect(ConnectionSettings(url="unix:///tmp/s"))) == "unix:///tmp/s"


class TestConnecting:
    def answers(self, settings: ConnectionSettings) -> bool:
        with connect(settings) as client:
            answer = bool(client.ping())
            client.connection_pool.disconnect()
            return answer

    def test_by_host_and_port(self, redis_server: RedisServer) -> None:
        assert self.answers(ConnectionSettings("0.0.0.0", redis_server.port))  # noqa: S104

    @pytest.mark.parametrize("form", ["port", "url"])
    def test_a_lost_reply_is_an_error_and_no_silent_second_try(
        self, redis_server: RedisServer, client: redis.Redis, form: str
    ) -> None:
        with LossyProxy(redis_server.port) as proxy:
            url = f"redis://127.0.0.1:{proxy.port}" if form == "url" else None
            with connect(ConnectionSettings(port=proxy.port, url=url)) as proxied:
                assert proxied.rpush("list", "first") == 1
                proxy.lose(b":2")
                with pytest.raises(redis.ConnectionError):
                    proxied.rpush("list", "second")
                assert client.llen("list") == 2
                proxied.connection_pool.disconnect()

    def test_by_environment(
        self, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("REDIS_URL", raising=False)
        for name, value in redis_server.environment.items():
            monkeypatch.setenv(name, value)
        with connect() as client:
            assert client.ping()
            client.connection_pool.disconnect()

    def test_by_url(self, redis_server: RedisServer) -> None:
        assert self.answers(ConnectionSettings(url=redis_server.url))

    def test_by_unix_socket(self, redis_server: RedisServer) -> None:
        assert self.answers(ConnectionSettings(url=f"unix://{redis_server.socket_path}"))

    def test_with_a_password(self, own_server: Callable[..., RedisServer]) -> None:
        secret = "s3cret/@:"
        server = own_server("--requirepass", secret, start=False).start(wait=False)
        url = f"redis://:{quote(secret, safe='')}@127.0.0.1:{server.port}"

        def answers() -> bool:
            try:
                return self.answers(ConnectionSettings(url=url))
            except redis.ConnectionError:
                return False

        wait_until(answers, "the server answers")
        assert self.answers(ConnectionSettings(port=server.port, password=secret))

    def test_by_sentinel(
        self, redis_server: RedisServer, spawn: Callable[..., Spawned], tmp_path: Any
    ) -> None:
        port = free_port()
        config = tmp_path / "sentinel.conf"
        config.write_text(
            f"port {port}\nbind 127.0.0.1\ndir {tmp_path}\n"
            f"sentinel monitor mymaster 127.0.0.1 {redis_server.port} 1\n"
        )
        sentinel = spawn([str(server_binary(redis_server.kind)), str(config), "--sentinel"])
        url = f"redis+sentinel://127.0.0.1:{free_port()},127.0.0.1:{port}/mymaster/0"

        def answers() -> bool:
            try:
                return self.answers(ConnectionSettings(url=url))
            except redis.ConnectionError:
                return False

        wait_until(answers, f"the master is found; sentinel says {sentinel.output}")
        assert address_of(connect(ConnectionSettings(url=url))) == "sentinel service mymaster"


def test_connections_that_nobody_needs_are_closed(redis_server: RedisServer) -> None:
    def others() -> list[str]:
        return sorted(one["id"] for one in watching.client_list())

    with redis_server.client() as watching, redis_server.client() as client:
        alone = others()
        pool = client.connection_pool
        in_use = [pool.get_connection() for _ in range(4)]
        for connection in in_use:
            connection.send_command("PING")
            connection.read_response()
        for connection in in_use[1:]:
            pool.release(connection)
        close_unused(client, 60)
        assert len(others()) == len(alone) + 4, "they were just used"
        close_unused(client, 0)
        wait_until(lambda: len(others()) == len(alone) + 1, "one is in use")
        pool.release(in_use[0])
        assert client.ping(), "the pool opens what it needs"
        assert len(others()) == len(alone) + 1
