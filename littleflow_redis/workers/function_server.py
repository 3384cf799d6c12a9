"""Serves the steps of some categories by Python functions."""

from __future__ import annotations

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.engine.store.registration import Registration
from littleflow_redis.events.connection import ConnectionSettings
from littleflow_redis.events.shutdown import Stop
from littleflow_redis.events.streams import consumer_name

from .executor.executor import BLOCK, Executor
from .executor.heartbeat import Heartbeat, Life, ProcessHeartbeat, ThreadHeartbeat
from .executor.served_queues import ServedQueues
from .hands import Hands


class FunctionServer:
    """An executor whose tasks are run by ``hands``; the caller's thread reads.

    ``apart``: where Redis is, for a heartbeat in a process of its own. Without it a thread beats.
    """

    def __init__(
        self,
        client: Client,
        served: ServedQueues,
        hands: Hands,
        stop: Stop,
        apart: ConnectionSettings | None = None,
    ) -> None:
        self.client = client
        self.stop = stop
        self._hands = hands
        process, lifetime = consumer_name(), served.claim_idle
        held = HeldAttempts(client.context)
        life = Life(process, Registration(served.categories), lifetime)
        heartbeat: Heartbeat = ThreadHeartbeat(held, life)
        if apart is not None:
            heartbeat = ProcessHeartbeat(held, life, apart.url, client.keys)
        self._executor = Executor(client, process, served, hands, heartbeat, lifetime)
        hands.executor = self._executor
        self._started = False

    def run(self) -> None:
        """Work until stopped. Raises what Redis raises: the caller waits and calls again."""
        with self.stop.waking(self._executor.interrupt):
            while not self.stop.is_set():
                self.turn(BLOCK)

    def turn(self, block: float = 0.0, most: int | None = None) -> int:
        """Begin up to ``most`` tasks, waiting ``block`` seconds for the first; return how many.

        Without threads for them they are done when it returns. Raises RedisError.
        """
        if not self._started:
            self._started = True
            self._executor.start(reading=False)
        self._hands.budget, before = most, self._hands.begun
        self._executor.read(block)
        self._executor.resume()
        self._hands.work()
        return self._hands.begun - before

    def finish(self) -> None:
        """Wait until the tasks that were begun are done, and their ends applied."""
        while self._executor.wait_for_end():
            self._hands.work()

    def close(self) -> None:
        """Finish what was begun, hand back the rest, leave the groups."""
        self._executor.close()
        left = self._hands.close()
        if self._started:
            self._executor.finish(lambda: self._executor.release(left))
