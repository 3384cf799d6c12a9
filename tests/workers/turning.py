"""Listeners without threads, for tests that decide what happens when, and who dies."""

from __future__ import annotations

from dataclasses import replace

from redis.exceptions import ConnectionError

from littleflow_redis import Client
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.engine.store.registration import Registration
from littleflow_redis.engine.views.health import LISTENER
from littleflow_redis.events.streams import consumer_name
from littleflow_redis.workers.executor.executor import Executor
from littleflow_redis.workers.executor.heartbeat import Life
from littleflow_redis.workers.executor.served_queues import ServedQueues
from littleflow_redis.workers.functions import Functions
from littleflow_redis.workers.hands import Hands
from littleflow_redis.workers.start_tasks import MAX_DEATHS
from tests.faults import Died
from tests.support import wait_until


class Turning:
    """One turn reads, runs, applies, beats and looks after others; who stops turning is dead.

    ``lifetime`` is that of its heartbeat, in seconds.
    """

    def __init__(
        self,
        client: Client,
        functions: Functions,
        lifetime: float = 0.2,
        max_deaths: int = MAX_DEATHS,
    ) -> None:
        category = functions.category
        self._hands = hands = Hands(
            {category: functions},
            partial=False,
            concurrency=1,
            patience=60.0,
            stopped=lambda: False,
        )
        served = ServedQueues(
            (category,), kind=LISTENER, claim_idle=lifetime, max_deaths=max_deaths
        )
        process = consumer_name()
        beating = Beating(
            HeldAttempts(client.context), Life(process, Registration((category,)), lifetime)
        )
        self.executor = Executor(client, process, served, hands, beating, lifetime)
        hands.executor = self.executor

    def turn(self) -> None:
        self.executor.read()
        self._hands.work()
        self.executor.help()
        self.executor.keep()

    def close(self) -> None:
        """Leave, and hand back what is in hand."""
        self.executor.finish(lambda: self.executor.release(self._hands.close()))


def serve_to_the_end(engine: Client, workflow: str, serving: Turning, functions: Functions) -> None:
    """Turn a listener until the workflow has ended; one that dies is followed by another."""

    def ended() -> bool:
        nonlocal serving
        try:
            serving.turn()
        except ConnectionError:
            pass
        except Died:
            serving = Turning(engine, functions)
        return engine.views.state(workflow).ended

    wait_until(ended, f"{workflow} ends")


class Beating:
    """A heartbeat at each look."""

    def __init__(self, held: HeldAttempts, life: Life) -> None:
        self._held = held
        self._life = life

    def start(self) -> None:
        self._life.beat(self._held)

    check = start

    def say(self, registration: Registration) -> None:
        self._life = replace(self._life, registration=registration)

    def stop(self) -> None:
        pass
