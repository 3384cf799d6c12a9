"""Renewal: what is held is renewed in time, what is lost is said once."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator

import pytest
import redis

from littleflow_redis.events.renewal import Renewal
from tests.support import wait_until


class Server:
    """Answers renewals: everything is ours but what is in ``taken``."""

    def __init__(self) -> None:
        self.calls: list[set[str]] = []
        self.taken: set[str] = set()
        self.away = False

    def renew(self, ids: Collection[str]) -> set[str]:
        self.calls.append(set(ids))
        if self.away:
            raise redis.ConnectionError("away")
        return set(ids) - self.taken


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def renewal(server: Server) -> Iterator[Renewal]:
    renewal = Renewal(server.renew, interval=0.01)
    yield renewal
    renewal.close()


def test_renews_while_held_and_not_longer(server: Server, renewal: Renewal) -> None:
    with renewal.holding("1-0"):
        renewal.hold("2-0")
        wait_until(lambda: len(server.calls) > 2, "it was renewed")
    assert server.calls[-1] <= {"1-0", "2-0"}
    wait_until(lambda: server.calls[-1] == {"2-0"}, "only the other one is renewed")
    renewal.let_go("2-0")
    renewal.hold("3-0")
    wait_until(lambda: server.calls[-1] == {"3-0"}, "a later one is renewed")


def test_a_lost_entry_is_reported_once_and_renewed_no_more(
    server: Server, renewal: Renewal, caplog: pytest.LogCaptureFixture
) -> None:
    server.taken = {"1-0"}
    renewal.hold("1-0")
    wait_until(lambda: "event=entry-lost id=1-0" in caplog.text, "the loss is reported")
    renewal.hold("2-0")
    wait_until(lambda: server.calls.count({"2-0"}) > 2, "the other one is renewed")
    assert caplog.text.count("event=entry-lost") == 1


def test_an_outage_ends_nothing(server: Server, renewal: Renewal) -> None:
    server.away = True
    renewal.hold("1-0")
    wait_until(lambda: server.calls, "it was tried")
    server.away = False
    seen = len(server.calls)
    wait_until(lambda: len(server.calls) > seen + 2, "it is renewed again")


def test_closing_ends_the_thread(server: Server) -> None:
    before = set(threading.enumerate())
    renewal = Renewal(server.renew, interval=60)
    renewal.hold("1-0")
    (own,) = set(threading.enumerate()) - before
    renewal.close()
    assert not own.is_alive()
