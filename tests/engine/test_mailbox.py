"""Events that nobody waits for yet: how long the mailbox keeps them, and who finds them there."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from littleflow_redis.events.event_codec import receipt_for
from littleflow_redis.workers.receipts import Receipts

from .event_scene import KEEP, MATCH, NOTHING, WAIT, Scene, private_keys
from .support import append


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"kind": '"approved"', "x": "NaN"}, "a field cannot be read"),
        ({"kind": '"approved"', "for-workflow": "5"}, "must be a workflow's id"),
        ({"kind": '"approved"', "for-workflow": '"a b"'}, "use 1 to 200 letters"),
        ({"kind": '"' + "k" * 201 + '"'}, "more than 200 characters"),
        ({"kind": '"approved"', "x": '"' + "x" * 1_000_000 + '"'}, "more than 1,000,000 bytes"),
    ],
)
def test_an_event_that_nobody_can_wait_for_is_left_alone(
    scene: Scene, caplog: pytest.LogCaptureFixture, fields: dict[Any, Any], why: str
) -> None:
    workflow = scene.start(WAIT)
    scene.engine.redis.xadd(scene.engine.keys.events, fields)
    scene.turn()
    assert not scene.ended(workflow)
    assert why in caplog.text
    assert scene.engine.redis.xpending(scene.engine.keys.events, "ending")["pending"] == 0
    assert scene.engine.redis.xlen(scene.engine.keys.dead) == 0


def test_the_mailbox_follows_the_retention_of_the_stream(scene: Scene) -> None:
    def receipts(retention: float) -> Receipts:
        return Receipts(scene.engine, event_retention=retention, show=lambda _: None)

    scene.send(order=1)
    scene.engine.send_event("other")
    scene.turn()
    receipts(60).turn()
    assert private_keys(scene.engine)["mail"] == 4
    receipts(-1.0).turn()
    assert private_keys(scene.engine) == NOTHING
    assert not scene.ended(scene.start(WAIT))


def test_the_mailbox_outlives_the_stream_and_its_retention_too(scene: Scene) -> None:
    scene.send(output=1)
    scene.engine.redis.delete(scene.engine.keys.events)
    scene.worker.reader.ensure()
    assert scene.output(scene.start(WAIT)) == 1
    scene.send(output=2)
    scene.engine.redis.delete(scene.engine.keys.events)
    receipts = Receipts(scene.engine, event_retention=-1.0, show=lambda _: None)
    receipts.turn()
    receipts.turn()
    assert private_keys(scene.engine) == NOTHING


def test_somebody_elses_receipt_takes_it_out_of_the_mailbox(scene: Scene) -> None:
    event = scene.send()
    append(scene.engine.redis, scene.engine.keys.events, receipt_for(event))
    scene.turn()
    assert private_keys(scene.engine) == NOTHING
    assert not scene.ended(scene.start(WAIT))


def test_a_receipt_that_is_read_with_its_event(scene: Scene) -> None:
    """Who waited before the event came gets it; who came after the receipt does not."""
    before = scene.engine.start(WAIT)
    event = scene.engine.send_event("approved")
    append(scene.engine.redis, scene.engine.keys.events, receipt_for(event))
    after = scene.engine.start(WAIT)
    scene.turn()
    assert scene.ended(before)
    assert not scene.ended(after)
    assert scene.receipts() == [event]


def test_the_janitor_may_read_a_receipt_first(scene: Scene) -> None:
    event = scene.engine.send_event("approved")
    append(scene.engine.redis, scene.engine.keys.events, receipt_for(event))
    Receipts(scene.engine, show=lambda _: None).turn()
    workflow = scene.start(WAIT)
    assert not scene.ended(workflow)
    assert private_keys(scene.engine)["mail"] == 0


def test_a_group_made_anew_brings_nothing_a_second_time(client: redis.Redis, scene: Scene) -> None:
    scene.send(output=1)
    assert scene.output(scene.start(WAIT)) == 1
    scene.send(output=2)
    assert scene.output(scene.start(KEEP)) == 2
    client.xgroup_destroy(scene.engine.keys.events, "ending")
    scene.turn()
    assert private_keys(scene.engine)["mail"] == 2
    later = [scene.start(WAIT), scene.start(WAIT)]
    assert [scene.ended(w) for w in later] == [True, False]


def test_a_shape_that_is_new_finds_what_is_in_the_mailbox(scene: Scene) -> None:
    for n in range(250):
        scene.engine.send_event("approved", {"a": n, "b": -n})
    scene.turn()
    for input in ({"a": 240}, {"b": -3}, {"a": 7, "b": -7}, {}):
        assert scene.output(scene.start(MATCH, input)) == input
    assert not scene.ended(scene.start(MATCH, {"a": 240}))


def test_too_many_shapes_fail_the_step(scene: Scene) -> None:
    kind = scene.engine.keys.kind + "approved"
    scene.send()
    scene.engine.redis.hset(kind, mapping={f'["f{n}"]': 1 for n in range(1001)})
    workflow = scene.start(MATCH, {"a": 1})
    assert "too many different sets of fields" in scene.engine.state(workflow).steps[1].reason


def test_the_cost_of_an_event_does_not_grow_with_who_waits_for_others(
    client: redis.Redis, scene: Scene
) -> None:
    def cost(n: int) -> int:
        """Commands that Redis runs for one event that one workflow waits for."""
        client.config_resetstat()
        scene.engine.send_event("approved", {"order": n})
        scene.worker.turn()
        stats: Any = client.info("commandstats")
        return sum(s["calls"] for s in stats.values())

    def wait_for(orders: range) -> None:
        for n in orders:
            scene.engine.start(MATCH, {"order": n})
        while scene.worker.turn():
            pass

    wait_for(range(10))
    cost(0)
    few = cost(1)
    wait_for(range(10, 2000))
    assert cost(1500) <= few + 5
    assert client.zcard(scene.engine.keys.waiters) == 1997
