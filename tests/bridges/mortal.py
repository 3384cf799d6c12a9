"""A bridge that dies or loses its connection as a plan says, and is replaced."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any, Self

from redis.exceptions import ConnectionError

from littleflow_redis.bridges.bridge import Bridge, Part
from littleflow_redis.bridges.broker.result_collector import ResultCollector
from littleflow_redis.engine.client import Client
from littleflow_redis.events.shutdown import Stop
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.engine.support import hurry
from tests.faults import Died, Fault, Plan, faulty_client
from tests.support import RedisServer

from .serving import LONG, in_flight

#: Seconds; short, so that the work of the dead is soon found.
CLAIM_IDLE, SWEEP = 0.005, 0.05

#: Seconds that a turn waits for results: most come sooner, so that the calls stay few.
PATIENCE = 0.05


class Once(Plan):
    """Follows a plan; after a death no call gets through: the dead do not tidy up."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self._plan = plan
        self._dead = False

    def next(self, commands: int = 1) -> Fault | None:
        if self._dead:
            return Fault.DIE_BEFORE
        fault = self._plan.next(commands)
        self._dead = fault is not None and fault.deadly
        return fault


class Mortal:
    """A bridge that is replaced when it dies, and connects anew when a reply is lost."""

    def __init__(self, first: Bridge, successor: Callable[[], Bridge]) -> None:
        self._bridge = first
        self._successor = successor
        self._session = ExitStack()
        self._parts: list[Part] = []

    def turn(self) -> None:
        try:
            if not self._parts:
                self._parts = self._session.enter_context(self._bridge.parts(Stop()))
            for part in self._parts:
                # Only results take their time.
                part.turn(PATIENCE if isinstance(part, ResultCollector) else 0.0)
        except ConnectionError:
            self.close()
        except Died:
            self.close()
            self._bridge = self._successor()

    def close(self) -> None:
        with suppress(Died):
            self._session.close()
        self._session, self._parts = ExitStack(), []

    @classmethod
    def of(cls, plan: Plan, server: RedisServer, make: Callable[..., Bridge]) -> Self:
        """One on an empty database that fails as planned; ``make(client, **options)`` makes it."""
        with server.client() as client:
            client.flushdb()
        return cls(
            make(Client(redis=faulty_client(server, Once(plan))), sweep=SWEEP),
            lambda: make(Client(server.url), sweep=SWEEP, claim_idle=CLAIM_IDLE),
        )


def drive(engine: Client, flow: str, mortal: Mortal, input: Any = None) -> str:
    """Run a workflow to its end and until nothing is in flight; return its id."""
    worker = LifecycleWorker(engine)
    worker.reader.ensure()
    workflow, since = engine.start(flow, input), time.monotonic()
    while not engine.views.state(workflow).ended or in_flight(engine):
        mortal.turn()
        worker.turn()
        hurry(engine)
        assert time.monotonic() - since < LONG, f"stuck: {engine.state(workflow)}"
    mortal.close()
    return workflow
