"""Whether another process may run a step for which one has no task."""

from __future__ import annotations

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.operations.served_elsewhere import served_elsewhere
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.engine.store.registration import Registration
from littleflow_redis.events.group import GroupReader

OWN = Registration(["m"], app="one", tasks="1", lacks=["m:a"])

#: Another process, and whether it may have the task.
OTHERS = [
    (Registration(["m"], tasks="2"), True),
    (Registration(["m"]), True),
    (Registration(["m"], tasks="2", lacks=["m:b"]), True),
    (Registration(["m"], tasks="2", lacks=["m:b", "m:a"]), False),
    (Registration(["m"], tasks="1"), False),
    (Registration([""], tasks="2"), False),
]


def elsewhere(engine: Client) -> bool:
    return served_elsewhere(engine.context, "m", "m:a", "own", OWN)


@pytest.mark.parametrize(("other", "may"), OTHERS)
def test_a_process_that_lives_may_have_it(engine: Client, other: Registration, may: bool) -> None:
    held = HeldAttempts(engine.context)
    held.beat("own", OWN, 60)
    assert not elsewhere(engine)
    held.beat("other", other, 60)
    assert elsewhere(engine) is may
    held.beat("other", other, -1)
    assert not elsewhere(engine), "its heartbeat has stopped"


@pytest.mark.parametrize("group", ["bridge:m", "tasks:m", "mine:m", "steps:m:q", "bridge:x"])
def test_bridges_and_listeners_take_whole_categories(engine: Client, group: str) -> None:
    reader = GroupReader(engine.redis, engine.keys.events, group)
    reader.ensure()
    assert not elsewhere(engine), "nobody reads there"
    reader.read(1)
    assert elsewhere(engine) is (group not in ("steps:m:q", "bridge:x"))
