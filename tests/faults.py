"""Faults at the Redis calls of one client: die before call k, die after it, lose its reply.

The fault is made where bytes leave: in the connection. What is sent in one go counts as one call,
so a pipeline or a MULTI is one; of a pipeline a death may also leave the first half.
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
    #: Only where a call is a pipeline: the first half of its commands arrives, no reply.
    DIE_WITHIN = "die within it"

    @property
    def deadly(self) -> bool:
        return self is not Fault.LOSE_REPLY


class Plan:
    """Which call of a client fails, and how. Without ``fault`` it only counts."""

    def __init__(self, at: int = -1, fault: Fault | None = None) -> None:
        self.at = at
        self.fault = fault
        self.calls = 0
        #: The calls that were pipelines.
        self.wide: set[int] = set()

    def next(self, commands: int = 1) -> Fault | None:
        """What happens to the next call, which is of so many commands."""
        if commands > 1:
            self.wide.add(self.calls)
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
        if self._greeting:
            super().send_packed_command(command, check_health)
            return
        commands = split(command)
        fault = self._plan.next(len(commands))
        if fault is Fault.DIE_WITHIN:
            # Of a MULTI that is not whole nothing is done.
            command = [] if _is_multi(commands[0]) else commands[: len(commands) // 2]
        if fault is Fault.DIE_BEFORE or not command:
            raise Died
        super().send_packed_command(command, check_health)
        if fault is None:
            return
        self._run_out()
        self.disconnect()
        if fault.deadly:
            raise Died
        raise ConnectionError("the reply was lost")

    def _run_out(self) -> None:
        """Read replies until that of a last command: then all before it was executed."""
        super().send_packed_command(self.pack_command("ECHO", "that was all"), False)
        reply: Any = None
        while reply != b"that was all":
            reply = self._parser.read_response()  # type: ignore[no-untyped-call]


def split(packed: Any) -> list[bytes]:
    """The commands that these bytes are: arrays of strings, as clients write them."""
    data = packed if isinstance(packed, bytes) else b"".join(packed)
    commands, begin = [], 0
    while begin < len(data):
        at = data.index(b"\r\n", begin)
        strings, at = int(data[begin + 1 : at]), at + 2
        for _ in range(strings):
            size = data.index(b"\r\n", at)
            at = size + 2 + int(data[at + 1 : size]) + 2
        commands.append(data[begin:at])
        begin = at
    return commands


def _is_multi(command: bytes) -> bool:
    return command == b"*1\r\n$5\r\nMULTI\r\n"


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

    Within a call only those die that are pipelines.

    Whatever the scenario asserts holds in each of them.
    """
    counting = Plan()
    scenario(counting)
    assert counting.calls > 0, "the scenario makes no call"
    for at in range(counting.calls):
        for fault in Fault:
            if fault is Fault.DIE_WITHIN and at not in counting.wide:
                continue
            plan = Plan(at, fault)
            scenario(plan)
            yield plan
