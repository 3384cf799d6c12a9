"""What is handed back may come to the same process again before the call that did it returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.records import PublicationRecord, Record
from littleflow_redis.engine.model.states import Outcome, PublicationState
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.engine.store.registration import Registration
from littleflow_redis.engine.views.health import LISTENER
from littleflow_redis.workers.executor.executor import Executor
from littleflow_redis.workers.executor.heartbeat import Life
from littleflow_redis.workers.executor.served_queues import ServedQueues
from tests.support import RedisServer, wait_until

from .turning import Beating


class Late(redis.Connection):
    """A connection whose readers are late: others act before they have their replies."""

    def __init__(self, *, others: list[Callable[[], bool]], **options: Any) -> None:
        super().__init__(**options)
        self._others = others

    def read_response(self, *args: Any, **options: Any) -> Any:
        reply = super().read_response(*args, **options)
        if self._others:
            other = self._others.pop()
            if not other():
                self._others.append(other)
        return reply


class Waiting:
    """Takes one task, and does not run it."""

    def __init__(self) -> None:
        self.executor: Executor

    def room(self) -> int:
        return 1 - self.executor.in_hand

    free = room

    def wants(self, _task: StartTask, _queue: str) -> bool:
        return True

    def begin(self, tasks: Sequence[StartTask]) -> None:
        pass

    def overdue(self) -> Sequence[StartTask]:
        return ()


class Scene:
    """A process that holds one task and has not begun it, and what others do in between."""

    def __init__(self, server: RedisServer, text: str) -> None:
        self.others: list[Callable[[], bool]] = []
        pool = redis.ConnectionPool(
            connection_class=Late, others=self.others, host=server.host, port=server.port
        )
        self.engine = Client(redis=redis.Redis(connection_pool=pool))
        life = Life("one", Registration(("m",)), 0.2)
        beating = Beating(HeldAttempts(self.engine.context), life)
        runner = Waiting()
        served = ServedQueues(("m",), kind=LISTENER)
        runner.executor = self.executor = Executor(self.engine, "one", served, runner, beating)
        self.workflow = self.engine.start(text)
        wait_until(self.read, "it is taken")
        (self.task,) = self.executor.tasks

    def read(self) -> bool:
        """Take the task from the stream; return whether it is there."""
        self.executor.read()
        return bool(self.executor.tasks)

    def meanwhile(self, act: Callable[[], object], other: Callable[[], bool]) -> None:
        self.others.append(other)
        act()
        assert not self.others

    def close(self) -> None:
        self.executor.finish(lambda: None)
        self.engine.redis.close()


def test_a_task_that_comes_back_is_in_hand(client: redis.Redis, redis_server: RedisServer) -> None:
    scene = Scene(redis_server, "m:A")
    task, executor = scene.task, scene.executor
    scene.meanwhile(lambda: executor.release([task]), scene.read)
    assert [one.token for one in executor.tasks] == [task.token]
    scene.close()


def test_and_if_it_may_not_run_twice_its_new_begin_is_remembered(
    client: redis.Redis, redis_server: RedisServer
) -> None:
    scene = Scene(redis_server, "m:A(- $on-lost: fail -)")
    task, executor = scene.task, scene.executor

    def run() -> bool:
        if read := scene.read():
            executor.lost.begin_once(task)
        return read

    scene.meanwhile(lambda: executor.release([task]), run)
    executor.release([task])
    assert "forbids another run" in scene.engine.state(scene.workflow).reason
    scene.close()


def test_a_task_that_the_broker_brings_back_is_in_hand(
    client: redis.Redis, redis_server: RedisServer
) -> None:
    scene = Scene(redis_server, "m:A(- $on-lost: fail -)")
    task, executor = scene.task, scene.executor
    executor.lost.begin_once(task)

    def take() -> bool:
        if executor.hold(task, task.uuid)[0] is not Outcome.APPLIED:
            return False
        executor.add(task)
        executor.lost.begin_once(task)
        return True

    scene.meanwhile(lambda: executor.published.publish(task), take)
    assert executor.has(task)
    executor.release([task])
    assert "forbids another run" in scene.engine.state(scene.workflow).reason
    scene.close()


def test_one_that_waits_for_a_result_stays_in_hand_until_redis_knows(
    own_server: Callable[..., RedisServer],
) -> None:
    """Its task has run: handed back it would run twice, though nobody has died."""
    server = own_server("--appendonly", "yes", "--appendfsync", "always")
    scene = Scene(server, "m:A")
    executor, key = scene.executor, scene.engine.keys.publications + "m"
    server.kill()
    executor.published.follow(scene.task, '"result"')
    server.start()

    def let_go() -> bool:
        with suppress(redis.ConnectionError):
            executor.apply()
        return not executor.tasks

    wait_until(let_go, "it is noted")
    record = Record(scene.engine.redis.hget(key, scene.task.uuid) or b"")
    assert record[PublicationRecord.STATE] == PublicationState.PUBLISHED
    assert record[PublicationRecord.FOLLOWS] == '"result"'
    scene.close()
