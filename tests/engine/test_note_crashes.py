"""Scripts that note, and scripts that only read: a call that failed is made again without harm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import redis
from redis.exceptions import ConnectionError

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.task_events import StartTask, kind_of, start_task
from littleflow_redis.engine.store.mailbox import EventWait, Mailbox
from littleflow_redis.engine.store.scripts import Publication
from littleflow_redis.engine.views.feed import FeedReader
from littleflow_redis.engine.views.health import read_health
from littleflow_redis.engine.views.listing import Query
from littleflow_redis.events.script_batch import Call, run_batch
from tests.faults import Died, Plan, every_fault, faulty_client
from tests.support import RedisServer

from .support import run

#: What takes up an attempt; the note that it makes, and how often if it is made twice: who takes
#: without a flight may begin again, as may whoever claims from the dead.
NOTES: dict[str, tuple[str, str, int, Callable[[Client, StartTask], Call]]] = {
    "take": (
        "shop:a", "take", 2,
        lambda engine, task: engine.transitions.claim_attempt(task, "g", "me"),
    ),
    "take for a bridge": (
        "shop:a", "take", 1,
        lambda engine, task: engine.transitions.claim_attempt(
            task, "g", "me", Publication("shop", "id")
        ),
    ),
    "sign": ("shop:a", "take", 1, lambda engine, task: engine.transitions.mark_started(task, "me")),
    "wait": (
        "wait:delay(- duration: 60 -)", "wait", 1,
        lambda engine, task: engine.transitions.wait_delay(task, "ending", ms=60_000),
    ),
    "listen": (
        "wait:event(- event: go -)", "wait", 1,
        lambda engine, task: Mailbox(engine.transitions, "ending").register_wait(
            task, EventWait("go", {})
        ),
    ),
}  # fmt: skip


def insist(plan: Plan, server: RedisServer, mine: Client, call: Callable[[Client], Any]) -> Any:
    """Call it with a client that fails as planned, and again if it did."""
    try:
        return call(Client(redis=faulty_client(server, plan)))
    except (Died, ConnectionError):
        return call(mine)


@pytest.mark.parametrize("name", NOTES)
def test_a_note_is_made_with_its_change(
    client: redis.Redis, redis_server: RedisServer, name: str
) -> None:
    """Trace, feed and record say the same, whatever fails."""
    engine = Client(redis=client)
    text, note, most, make = NOTES[name]

    def scenario(plan: Plan) -> None:
        client.flushall()
        workflow = engine.start(text)
        client.xgroup_create(engine.keys.events, "ending", "0")
        rows: Any = client.xrange(engine.keys.events)
        (task,) = [start_task(id.decode(), f) for id, f in rows if kind_of(f) == "start-task"]
        reader = FeedReader(client, engine.keys, "0-0")
        reader.start()

        def take_up(door: Client) -> None:
            (reply,) = run_batch(door.redis, [make(door, task)])
            assert not isinstance(reply, Exception), reply

        insist(plan, redis_server, engine, take_up)
        noted = Counter(e.what for e in engine.trace(workflow) if e.field == "1")
        told = Counter(c.what for e in reader.read(0) for c in e.changes if c.field == "1")
        assert noted == told
        assert 1 <= noted[note] <= most
        assert noted - Counter({note: most}) == {"queue": 1}
        step = engine.state(workflow).steps[1]
        assert step.state.value == {"take": "running", "wait": "waiting"}[note]
        assert client.zcard(engine.keys.timers) == ("duration" in text)
        assert client.zcard(engine.keys.waiters) == ("event" in text)

    assert sum(1 for _ in every_fault(scenario)) >= 3


def contents(client: redis.Redis) -> dict[Any, Any]:
    keys: Any = client.keys("*")
    return {key: client.dump(key) for key in keys}


def test_what_reads_changes_nothing(client: redis.Redis, redis_server: RedisServer) -> None:
    """list_workflows.lua, read_groups.lua."""
    engine = Client(redis=client)
    workflows = [run(engine, "A")[0] for _ in range(3)]
    before = contents(client)

    def look(door: Client) -> tuple[list[str], int]:
        found = door.search(Query(sort="created"))
        return [each.id for each in found.items], len(read_health(door.redis, door.keys).groups)

    def scenario(plan: Plan) -> None:
        assert insist(plan, redis_server, engine, look) == (workflows, 2)
        assert contents(client) == before

    assert sum(1 for _ in every_fault(scenario)) >= 9


def test_an_index_that_is_half_completed_is_completed(
    client: redis.Redis, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """reindex.lua, a workflow at a time."""
    monkeypatch.setattr("littleflow_redis.engine.views.listing.REINDEX", 1)
    engine = Client(redis=client)
    workflows = [run(engine, "A")[0] for _ in range(3)]
    index = f"{engine.keys.ended}FINISHED"
    before = client.zrange(index, 0, -1, withscores=True)

    def scenario(plan: Plan) -> None:
        client.delete(index)
        found = insist(plan, redis_server, engine, lambda door: door.search(Query(sort="ended")))
        assert [each.id for each in found.items] == workflows
        assert client.zrange(index, 0, -1, withscores=True) == before

    assert sum(1 for _ in every_fault(scenario)) > 20
