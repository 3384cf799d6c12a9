"""Faults at the Redis calls of one client: die before call k, die after it, lose its reply.

The fault is made where bytes leave: in the connection. What is sent in one go counts as one call,
so a pipeline or a MULTI is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

import redis
from redis.exceptions import ConnectionError

from tests.support import RedisServer


class Died(BaseException):
    """The process would be gone now; nothing but the test may catch it."""


class Fault(Enum):
    """What happens at the chosen call."""

    DIE_BEFORE = "die before it"
    DIE_AFTER = "die after it"
    LOSE_REPLY = "lose its reply"


class Plan:
    """Which call of a client fails, and how. Without ``fault`` it only counts."""

    def __init__(self, at: int = -1, fault: Fault | None = None) -> None:
        self.at = at
        self.fault = fault
        self.calls = 0

    def next(self) -> Fault | None:
        self.calls += 1
        return self.fault if self.calls - 1 == self.at else None


class FaultyConnection(redis.Connection):
    """A connection that follows a plan, its handshake excepted."""

    def __init__(self, *, plan: Plan, **options: Any) -> None:
        super().__init__(**options)
        self._plan = plan
        self._greeting = False

    def on_connect_check_health(self, check_health: bool = True) -> None:
        self._greeting = True
        try:
            super().on_connect_check_health(check_health)
        finally:
            self._greeting = False

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        fault = None if self._greeting else self._plan.next()
        if fault is Fault.DIE_BEFORE:
            raise Died
        super().send_packed_command(command, check_health)
        if fault is None:
            return
        self._run_out()
        self.disconnect()
        if fault is Fault.DIE_AFTER:
            raise Died
        raise ConnectionError("the reply was lost")

    def _run_out(self) -> None:
        """Read replies until that of a last command: then all before it was executed."""
        super().send_packed_command(self.pack_command("ECHO", "that was all"), False)
        reply: Any = None
        while reply != b"that was all":
            reply = self._parser.read_response()  # type: ignore[no-untyped-call]


def faulty_client(server: RedisServer, plan: Plan) -> redis.Redis:
    """A client whose calls follow the plan; nothing is tried again behind our back."""
    pool = redis.ConnectionPool(
        connection_class=FaultyConnection,
        plan=plan,
        host=server.host,
        port=server.port,
        retry=None,
        protocol=2,
    )
    return redis.Redis(connection_pool=pool)


def every_fault(scenario: Callable[[Plan], None]) -> Iterator[Plan]:
    """Run a scenario once to count its calls, then once for each call and fault; yield each plan.

    Whatever the scenario asserts holds in each of them.
    """
    counting = Plan()
    scenario(counting)
    assert counting.calls > 0, "the scenario makes no call"
    for at in range(counting.calls):
        for fault in Fault:
            plan = Plan(at, fault)
            scenario(plan)
            yield plan
