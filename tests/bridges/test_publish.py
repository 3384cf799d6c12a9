"""Sending tasks: what workers read, and what becomes of what cannot be sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from celery import Celery, Task, signals
from celery.result import task_join_will_block
from kombu.entity import Exchange, Queue

from littleflow_redis.bridges.broker.publish import BrokerUnreachable, Publisher
from littleflow_redis.bridges.calls.task_call import TaskCall
from tests.support import RedisServer

HEADER = {"workflow": "workflow:w", "index": 1, "token": "1.1-n"}


@pytest.fixture
def broker(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with redis.Redis(host=redis_server.host, port=redis_server.port, db=1) as broker:
        yield broker


def messages(broker: redis.Redis, queue: str = "celery") -> list[dict[str, Any]]:
    """What waits in a queue, oldest first."""
    return [json.loads(raw) for raw in reversed(broker.lrange(queue, 0, -1))]


def test_workers_read_what_apply_async_would_have_sent(app: Celery, broker: redis.Redis) -> None:
    add = app.tasks["plain.add"]
    Publisher(app).publish([TaskCall("one", "plain.add", [1], {"y": 2}, HEADER)])
    add.apply_async((1,), {"y": 2}, task_id="one")
    ours, theirs = messages(broker)
    assert ours["headers"].pop("littleflow") == HEADER
    for message in (ours, theirs):
        del message["properties"]["delivery_tag"]
    assert ours == theirs


def test_the_producer_subscribes_to_nothing(app: Celery, client: redis.Redis) -> None:
    client.config_resetstat()
    Publisher(app).publish([TaskCall("one", "plain.add", [1, 2])])
    assert "cmdstat_subscribe" not in client.info("commandstats")
    app.tasks["plain.add"].apply_async((1, 2), task_id="two")
    assert client.info("commandstats")["cmdstat_subscribe"]["calls"] == 1


def test_threads_that_publish_side_by_side_subscribe_to_nothing(
    app: Celery, client: redis.Redis
) -> None:
    client.config_resetstat()

    def publish(thread: int) -> None:
        for n in range(25):
            ids = [f"{thread}-{n}-{k}" for k in range(10)]
            Publisher(app).publish([TaskCall(id, "plain.add", [1, 2]) for id in ids])

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(publish, range(4)))
    assert "cmdstat_subscribe" not in client.info("commandstats")
    assert not task_join_will_block()


def test_a_batch_is_sent_in_order(app: Celery, broker: redis.Redis) -> None:
    ids = [f"id-{n}" for n in range(2500)]
    assert Publisher(app).publish([TaskCall(id, "plain.add", [1, 2]) for id in ids]) == []
    assert [message["headers"]["id"] for message in messages(broker)] == ids


def test_nothing_to_send_needs_no_broker(app: Celery) -> None:
    app.conf.broker_url = "redis://127.0.0.1:1/0"
    assert Publisher(app).publish([]) == []


def test_a_result_is_asked_for_whatever_the_task_declares(app: Celery, broker: redis.Redis) -> None:
    Publisher(app).publish([TaskCall("one", "plain.silent")])
    assert messages(broker)[0]["headers"]["ignore_result"] is False


def test_routes_and_queues_of_the_app_hold(app: Celery, broker: redis.Redis) -> None:
    app.conf.task_routes = {"plain.mul": {"queue": "slow", "priority": 3}}
    app.conf.task_queues = [Queue("celery"), Queue("slow", Exchange("slow"), routing_key="s")]
    calls = [TaskCall("one", "plain.mul", [1]), TaskCall("two", "plain.add", [1, 2])]
    assert Publisher(app).publish(calls) == []
    assert [m["headers"]["id"] for m in messages(broker)] == ["two"]
    [mul] = messages(broker, "slow\x06\x163")
    assert mul["properties"]["priority"] == 3


def test_options_of_the_task_hold(app: Celery, broker: redis.Redis) -> None:
    app.tasks["plain.add"].serializer = "yaml"
    app.tasks["plain.add"].soft_time_limit = 7
    Publisher(app).publish([TaskCall("one", "plain.add", [1, 2])])
    [message] = messages(broker)
    assert message["content-type"] == "application/x-yaml"
    assert message["headers"]["timelimit"] == [None, 7]


def test_signals_are_sent(app: Celery) -> None:
    seen: list[str] = []

    def before(sender: str, headers: dict[str, Any], **_: Any) -> None:
        seen.append(f"before {sender} {headers['id']}")

    def after(sender: str, **_: Any) -> None:
        seen.append(f"after {sender}")

    signals.before_task_publish.connect(before)
    signals.after_task_publish.connect(after)
    try:
        Publisher(app).publish([TaskCall("one", "plain.add", [1, 2])])
    finally:
        signals.before_task_publish.disconnect(before)
        signals.after_task_publish.disconnect(after)
    assert seen == ["before plain.add one", "after plain.add"]


def test_an_overridden_apply_async_is_used(app: Celery, broker: redis.Redis) -> None:
    class Traced(Task):  # type: ignore[misc]
        name = "traced"

        def run(self) -> None: ...

        def apply_async(self, *args: Any, headers: dict[str, Any], **options: Any) -> Any:
            return super().apply_async(*args, headers={**headers, "trace": "t"}, **options)

    app.register_task(Traced())
    Publisher(app).publish([TaskCall("one", "traced")])
    assert messages(broker)[0]["headers"]["trace"] == "t"


def test_a_message_that_cannot_be_encoded_is_refused_alone(
    app: Celery, broker: redis.Redis
) -> None:
    calls = [
        TaskCall("one", "plain.add", [1, 2]),
        TaskCall("two", "plain.add", [object(), 2]),
        TaskCall("three", "plain.add", [3, 4]),
    ]
    [refusal] = Publisher(app).publish(calls)
    assert refusal.call.id == "two"
    assert refusal.final
    assert "plain.add could not be sent: kombu.exceptions.EncodeError" in refusal.reason
    assert [message["headers"]["id"] for message in messages(broker)] == ["one", "three"]


def test_a_queue_that_does_not_exist_ends_the_step(app: Celery) -> None:
    app.conf.task_create_missing_queues = False
    app.conf.task_routes = {"plain.mul": {"queue": "nowhere"}}
    [refusal] = Publisher(app).publish([TaskCall("one", "plain.mul", [1, 2])])
    assert refusal.final
    assert "nowhere" in refusal.reason


def test_what_a_router_raises_may_pass(app: Celery, broker: redis.Redis) -> None:
    def route(name: str, *_: Any, **__: Any) -> None:
        if name == "plain.mul":
            raise LookupError("the table of routes is being written")

    app.conf.task_routes = (route,)
    calls = [TaskCall("one", "plain.mul", [1, 2]), TaskCall("two", "plain.add", [1, 2])]
    [refusal] = Publisher(app).publish(calls)
    assert refusal.call.id == "one"
    assert not refusal.final
    assert len(messages(broker)) == 1


@pytest.mark.parametrize("transport", ["redis", "amqp"])
def test_an_absent_broker_fails_the_batch_at_once(app: Celery, transport: str) -> None:
    app.conf.broker_url = f"{transport}://user:secret@127.0.0.1:1/"
    with pytest.raises(BrokerUnreachable, match="Connection refused") as caught:
        Publisher(app).publish([TaskCall("one", "plain.add", [1, 2])])
    assert "127.0.0.1:1" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_broker_that_comes_back_is_used_again(
    app: Celery, own_server: Callable[..., RedisServer]
) -> None:
    server = own_server()
    app.conf.broker_url = server.url
    publisher = Publisher(app)
    publisher.publish([TaskCall("one", "plain.add", [1, 2])])
    server.kill()
    with pytest.raises(BrokerUnreachable):
        publisher.publish([TaskCall("two", "plain.add", [1, 2])])
    server.start()
    assert publisher.publish([TaskCall("two", "plain.add", [1, 2])]) == []
    with server.client() as broker:
        assert [message["headers"]["id"] for message in messages(broker)] == ["two"]


#: Two calls, the second of a task that has a queue of its own.
TWO = (TaskCall("one", "plain.add", [1, 2]), TaskCall("two", "plain.mul", [1, 2]))


@pytest.mark.parametrize(
    ("calls", "options"),
    [(TWO, {}), (TWO, {"retry_on_timeout": True}), (TWO[1:], {})],
    ids=["batch", "one by one", "one alone"],
)
def test_a_broker_that_dies_meanwhile_refuses_no_task(
    app: Celery,
    own_server: Callable[..., RedisServer],
    calls: Sequence[TaskCall],
    options: dict[str, bool],
) -> None:
    server = own_server()
    app.conf.broker_transport_options = options
    app.conf.broker_url = server.url
    app.conf.task_routes = {"plain.mul": {"queue": "other"}}

    def kill(**_: Any) -> None:
        server.kill()

    signals.before_task_publish.connect(kill, sender="plain.mul")
    try:
        with pytest.raises(BrokerUnreachable):
            Publisher(app).publish(calls)
    finally:
        signals.before_task_publish.disconnect(kill, sender="plain.mul")


@pytest.mark.parametrize("calls", [TWO, TWO[:1]], ids=["batch", "one alone"])
def test_a_broker_without_memory_refuses_no_task(
    app: Celery, own_server: Callable[..., RedisServer], calls: Sequence[TaskCall]
) -> None:
    server = own_server()
    app.conf.broker_url = server.url
    publisher = Publisher(app)
    publisher.publish(calls)
    with server.client() as broker:
        broker.config_set("maxmemory", 1)
        with pytest.raises(BrokerUnreachable, match="memory"):
            publisher.publish(calls)
        broker.config_set("maxmemory", 0)
        assert publisher.publish(calls) == []
        assert len(messages(broker)) == 2 * len(calls)


def test_an_idle_connection_that_was_cut_is_made_anew(
    app: Celery, own_server: Callable[..., RedisServer]
) -> None:
    server = own_server()
    app.conf.broker_url = server.url
    publisher = Publisher(app)
    publisher.publish(TWO[:1])
    with server.client() as broker:
        broker.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        assert publisher.publish(TWO[:1]) == []
        assert len(messages(broker)) == 2


def test_without_batches_in_the_transport_each_message_goes_at_once(app: Celery) -> None:
    app.conf.broker_url = "memory://"
    calls = [TaskCall("one", "plain.add", [1, 2]), TaskCall("two", "plain.add", [object(), 2])]
    [refusal] = Publisher(app).publish(calls)
    assert refusal.call.id == "two"
    with app.connection_for_read() as connection, connection.SimpleQueue("celery") as queue:
        assert queue.get(timeout=1).headers["id"] == "one"


def test_options_of_a_call_go_over_those_of_the_task_and_the_routes(
    app: Celery, broker: redis.Redis
) -> None:
    app.conf.task_routes = {"plain.add": {"queue": "routed", "priority": 3}}
    app.tasks["plain.add"].serializer = "json"
    options = {
        "queue": "slow",
        "priority": 6,
        "expires": 60,
        "serializer": "yaml",
        "headers": {"tenant": "x", "littleflow": "not mine"},
    }
    before = datetime.now(UTC)
    Publisher(app).publish([TaskCall("one", "plain.add", [1, 2], {}, HEADER, options)])
    [message] = messages(broker, "slow\x06\x166")
    assert message["content-type"] == "application/x-yaml"
    assert message["headers"]["tenant"] == "x"
    assert message["headers"]["littleflow"] == HEADER
    expires = datetime.fromisoformat(message["headers"]["expires"])
    assert timedelta(seconds=59) < expires - before < timedelta(seconds=75)
    assert options["headers"] == {"tenant": "x", "littleflow": "not mine"}
