"""A bridge that dies or loses its connection as a plan says, and is replaced."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress

from redis.exceptions import ConnectionError

from littleflow_redis.bridges.bridge import Bridge, Part
from littleflow_redis.bridges.collect import Collector
from littleflow_redis.events.process import Stop
from tests.faults import Died, Fault, Plan

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
                part.turn(PATIENCE if isinstance(part, Collector) else 0.0)
        except ConnectionError:
            self.close()
        except Died:
            self.close()
            self._bridge = self._successor()

    def close(self) -> None:
        with suppress(Died):
            self._session.close()
        self._session, self._parts = ExitStack(), []
