"""Dead letters: seen, sent again, dropped; and tasks that nobody survives."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import pytest
import redis

from littleflow_redis import Client, WorkflowState
from littleflow_redis.engine.model.errors import CannotRetry, UnknownDeadLetter
from littleflow_redis.engine.operations.take_over import TakeOver
from littleflow_redis.engine.store.dead_letters import DeadLetter
from littleflow_redis.events.event_codec import decode
from littleflow_redis.workers.functions import Functions
from littleflow_redis.workers.lifecycle import LifecycleWorker
from littleflow_redis.workers.start_tasks import MAX_DEATHS
from tests.faults import Died, Fault, Plan, every_fault, faulty_client
from tests.support import LONG, RedisServer, wait_until
from tests.workers.scenes import pending
from tests.workers.turning import Turning

from .support import Player, append, drive

#: Seconds that the heartbeat of a listener lasts here.
LIFETIME = 0.02

GARBAGE: dict[str, Any] = {"kind": "end-task", "workflow": "workflow:w", "index": "one"}


def bury(engine: Client, **fields: Any) -> DeadLetter:
    """Send an event that nobody can process; return the letter that it becomes."""
    append(engine.redis, engine.keys.events, {**GARBAGE, **fields})
    worker = LifecycleWorker(engine)
    worker.reader.ensure()
    while worker.turn():
        pass
    return engine.dead_letters()[0]


def test_a_letter_tells_what_was_wrong_with_which_event(engine: Client) -> None:
    letter = bury(engine, output={"a": [1]})
    assert letter.reason == "field 'index' must be a step's number"
    assert (letter.kind, letter.workflow, letter.cut, letter.ended) == (
        "end-task", "workflow:w", False, False,
    )  # fmt: skip
    assert letter.fields["output"] == {"a": [1]}
    assert engine.dead.get(letter.id) == letter
    assert abs(letter.at.timestamp() - engine.redis.time()[0]) < 60


def test_letters_come_in_pages_the_newest_first(engine: Client) -> None:
    ids = [bury(engine, n=n).id for n in range(5)]
    assert [letter.id for letter in engine.dead_letters(size=2)] == [ids[4], ids[3]]
    assert [letter.id for letter in engine.dead_letters(ids[3], size=2)] == [ids[2], ids[1]]
    assert [letter.id for letter in engine.dead.all()] == ids[::-1]


def test_what_is_retried_is_in_the_stream_again_as_it_was(engine: Client) -> None:
    letter = bury(engine, output={"é": 1.0}, blob="x" * 1000)
    event = engine.retry_dead(letter.id)
    ((id, fields),) = engine.redis.xrange(engine.keys.events)
    assert id.decode() == event
    assert decode(fields) == letter.fields
    assert engine.dead_letters() == []
    again = LifecycleWorker(engine)
    while again.turn():
        pass
    assert engine.dead_letters()[0].reason == letter.reason


def test_a_mended_cause_lets_a_retried_end_be_applied(engine: Client) -> None:
    """The key of the steps was overwritten by hand; it is put back, and the end is sent again."""
    worker, player = LifecycleWorker(engine, claim_idle=0.001), Player(engine)
    worker.reader.ensure()
    workflow = engine.start("A", workflow_id="w")
    player.turn()
    engine.redis.rename("workflow:w:steps", "aside")
    engine.redis.set("workflow:w:steps", "wrong type")
    wait_until(lambda: worker.turn() == 0 and engine.dead_letters(), "the end is buried")
    engine.redis.rename("aside", "workflow:w:steps")
    engine.retry_dead(engine.dead_letters()[0].id)
    assert drive(engine, workflow, player, worker) is WorkflowState.FINISHED


def test_what_was_cut_is_not_sent_again(engine: Client) -> None:
    letter = bury(engine, output="x" * 70_000)
    assert letter.cut
    with pytest.raises(CannotRetry, match="too large to be kept as a whole"):
        engine.retry_dead(letter.id)
    assert engine.dead.get(letter.id) == letter


def test_a_dropped_letter_is_gone(engine: Client) -> None:
    letter = bury(engine)
    engine.drop_dead(letter.id)
    assert engine.dead_letters() == []
    for call in (engine.drop_dead, engine.retry_dead, engine.dead.get):
        with pytest.raises(UnknownDeadLetter, match="`dead list` shows"):
            call(letter.id)


@pytest.mark.parametrize("id", ["", "1", "-", "+", "1-0 2-0", "x", "9" * 20 + "-0"])
def test_what_can_be_no_id_is_unknown(engine: Client, id: str) -> None:
    for call in (engine.drop_dead, engine.retry_dead, engine.dead.get):
        with pytest.raises(UnknownDeadLetter):
            call(id)


def test_a_retry_may_fail_at_any_call(client: redis.Redis, redis_server: RedisServer) -> None:
    engine = Client(redis=client)

    def scenario(plan: Plan) -> None:
        client.flushall()
        letter = bury(engine)
        events = client.xlen(engine.keys.events)
        with suppress(Died, redis.ConnectionError):
            Client(redis=faulty_client(redis_server, plan)).retry_dead(letter.id)
        sent = client.xlen(engine.keys.events) - events
        assert sent + len(engine.dead_letters()) == 1

    assert sum(1 for _ in every_fault(scenario)) >= 3


class Killer(KeyboardInterrupt):
    """What a task does to its worker: no end is told of it."""


def deadly(engine: Client, lifetime: float = LIFETIME, max_deaths: int = MAX_DEATHS) -> Turning:
    """A listener whose task kills it, as a segmentation fault or the kernel would."""
    functions = Functions("math")

    def crash() -> None:
        raise Killer

    functions.add("crash", crash)
    functions.add("add", lambda: 1)
    return Turning(engine, functions, lifetime, max_deaths)


def die(engine: Client, **settings: Any) -> bool:
    """Run a listener for ten lifetimes of a heartbeat; return whether it died."""
    listener = deadly(engine, **settings)
    until = time.monotonic() + 10 * LIFETIME
    try:
        listener.turn()
        while time.monotonic() < until and not engine.dead_letters():
            listener.turn()
    except Killer:
        return True
    listener.close()
    return False


def deaths(engine: Client, **settings: Any) -> int:
    """How many workers die until the task is given up."""
    died = 0

    def given_up() -> bool:
        nonlocal died
        died += die(engine, **settings)
        return bool(engine.dead_letters())

    wait_until(given_up, "it is given up")
    return died


def settle(engine: Client) -> None:
    worker = LifecycleWorker(engine)
    worker.reader.ensure()
    while worker.turn():
        pass


def test_a_task_that_kills_its_workers_is_ended(engine: Client) -> None:
    workflow = engine.start("math:crash(- $retry: 5 -) → B")
    assert deaths(engine, max_deaths=3) == 3
    settle(engine)
    reason = "its worker died 3 times while running it"
    assert engine.state(workflow).reasons == (f"step 1 (math:crash): {reason}",)
    (letter,) = engine.dead_letters()
    assert (letter.kind, letter.ended, letter.reason) == ("start-task", True, reason)
    with pytest.raises(CannotRetry, match=f"`restart` its workflow, {workflow}"):
        engine.retry_dead(letter.id)
    assert engine.redis.xpending(engine.keys.events, "tasks:math")["pending"] == 0


def test_ten_workers_may_die_by_default(engine: Client) -> None:
    engine.start("math:crash")
    assert deaths(engine) == MAX_DEATHS == 10


def test_the_listener_goes_on_with_the_next_task(engine: Client) -> None:
    engine.start("math:crash")
    workflow = engine.start("math:add")
    assert deaths(engine, max_deaths=2) == 2
    wait_until(lambda: not die(engine) and not pending(engine, "tasks:math"), "all is served")
    settle(engine)
    assert engine.wait(workflow, timeout=LONG) == 1


def test_a_restart_gives_it_another_chance(engine: Client) -> None:
    workflow = engine.start("math:crash")
    deaths(engine, max_deaths=2)
    settle(engine)
    engine.drop_dead(engine.dead_letters()[0].id)
    engine.restart(workflow)
    assert deaths(engine, max_deaths=2) == 2


def test_without_a_limit_it_is_begun_again_for_ever(engine: Client) -> None:
    engine.start("math:crash")
    died: list[bool] = []

    def many() -> bool:
        died.append(die(engine, max_deaths=0))
        return sum(died) > MAX_DEATHS + 5

    wait_until(many, "many die")
    assert engine.dead_letters() == []


def test_lost_connections_are_no_deaths(client: redis.Redis, redis_server: RedisServer) -> None:
    """Each hands a task back, or makes the stream count another delivery."""
    engine = Client(redis=client)

    def serve(plan: Plan) -> None:
        client.flushall()
        workflow = engine.start("math:add → math:add")
        listener = deadly(Client(redis=faulty_client(redis_server, plan)), 0.2, max_deaths=1)

        def ended() -> bool:
            with suppress(redis.ConnectionError):
                listener.turn()
            return engine.state(workflow).state.ended

        wait_until(ended, "it is served")
        assert engine.wait(workflow, timeout=LONG) == 1

    counting = Plan()
    serve(counting)
    for at in range(counting.calls):
        serve(Plan(at, Fault.LOSE_REPLY))


def test_giving_up_may_fail_at_any_call(client: redis.Redis, redis_server: RedisServer) -> None:
    engine = Client(redis=client)

    def scenario(plan: Plan) -> None:
        client.flushall()
        workflow = engine.start("math:crash")
        wait_until(lambda: die(engine, max_deaths=1), "one dies")
        wait_until(TakeOver(engine.context, patience=0).run, "its task is for others")
        faulty = deadly(Client(redis=faulty_client(redis_server, plan)), max_deaths=1)
        with suppress(Died, redis.ConnectionError):
            faulty.turn()
        assert deaths(engine, max_deaths=1) == 0
        settle(engine)
        assert engine.state(workflow).state is WorkflowState.FAILED
        assert len(engine.dead_letters()) == 1

    assert sum(1 for _ in every_fault(scenario)) >= 6
