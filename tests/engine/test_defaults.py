"""Options of a category: for steps that do not say them themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.script_results import Publication
from littleflow_redis.engine.model.states import StepState, WorkflowState
from littleflow_redis.engine.store.defaults import store_defaults, without_timeout
from littleflow_redis.engine.store.settings import Options, read_settings
from littleflow_redis.workers.lifecycle import LifecycleWorker

from .support import Player, drive, hurry, run
from .test_ends import Hand
from .test_retries import failing, timers


def given(engine: Client, **categories: Any) -> None:
    store_defaults(engine.redis, engine.keys, by_category(**categories))


def by_category(**categories: Any) -> Mapping[str, Options]:
    named = {name.strip("_"): options for name, options in categories.items()}
    return read_settings({"categories": named}, "here").categories


@pytest.mark.parametrize(
    ("step", "played"), [("math:A", 3), ("math:A(- $retry: 1 -)", 2), ("math:A(- $retry: 0 -)", 1)]
)
def test_a_step_s_own_policy_wins(engine: Client, step: str, played: int) -> None:
    given(engine, math={"retry": 2})
    _, player = run(engine, step, play=failing(9))
    assert len(player.played) == played


def test_other_categories_are_left_alone(engine: Client) -> None:
    given(engine, math={"retry": 2, "timeout": 30, "queue-timeout": 300})
    _, player = run(engine, "text:A", play=failing(9))
    assert len(player.played) == 1
    Hand(engine, "A")
    assert timers(engine) == {}


def test_the_empty_category_is_that_of_plain_names(engine: Client) -> None:
    given(engine, _={"timeout": "30s"})
    Hand(engine, "math:A")
    assert timers(engine) == {}
    Hand(engine, "A")
    assert timers(engine) == {"timeout": pytest.approx(30, abs=1)}


def test_the_task_s_clock_starts_when_it_is_taken_up(engine: Client) -> None:
    given(engine, math={"timeout": 30, "queue-timeout": 300})
    hand = Hand(engine, "math:A")
    assert timers(engine) == {"queue": pytest.approx(300, abs=1)}
    (task,) = hand.tasks.values()
    engine.transitions.run([engine.transitions.claim_attempt(task, "somebody")])
    assert timers(engine) == {"timeout": pytest.approx(30, abs=1)}


def test_own_times_win_one_by_one(engine: Client) -> None:
    given(engine, math={"timeout": 30, "queue-timeout": 300})
    hand = Hand(engine, "math:A(- $timeout: 7 -)")
    assert timers(engine) == {"queue": pytest.approx(300, abs=1)}
    (task,) = hand.tasks.values()
    engine.transitions.run([engine.transitions.claim_attempt(task, "somebody")])
    assert timers(engine) == {"timeout": pytest.approx(7, abs=1)}


def test_a_default_timeout_fails_the_step(engine: Client) -> None:
    given(engine, math={"timeout": 30})
    hand = Hand(engine, "math:A")
    hurry(engine)
    hand.turn()
    (reason,) = engine.state(hand.workflow).reasons
    assert reason.endswith("timed out after 30 s")
    assert timers(engine) == {}


def test_a_default_taken_back_leaves_the_clock_that_runs(engine: Client) -> None:
    given(engine, math={"timeout": 30, "retry": 5})
    hand = Hand(engine, "math:A")
    given(engine, math={})
    assert not engine.redis.exists(engine.keys.defaults)
    hurry(engine)
    hand.turn()
    assert engine.state(hand.workflow).state is WorkflowState.FAILED
    assert "timed out after" in engine.state(hand.workflow).reasons[0]


def test_a_worker_stores_those_of_its_categories_once(engine: Client) -> None:
    given(engine, math={"retry": 1}, text={"retry": 2})
    worker = LifecycleWorker(engine, defaults=by_category(math={"timeout": 30}))
    worker.stop.set()
    worker.run()
    assert sorted(engine.redis.hkeys(engine.keys.defaults)) == [b"math", b"text"]
    hand = Hand(engine, "math:A")
    assert timers(engine) == {"timeout": pytest.approx(30, abs=1)}
    hand.send(index=1, name="A", status="FAILURE", reason="no")
    hand.turn()
    assert engine.state(hand.workflow).steps[1].state is StepState.FAILED
    given(engine, math={"retry": 7})
    worker.run()
    assert b"math" in engine.redis.hkeys(engine.keys.defaults)
    Hand(engine, "math:B")
    assert timers(engine) == {}


def by_bridge(engine: Client, **categories: Any) -> None:
    store_defaults(engine.redis, engine.keys, by_category(**categories), by_bridge=True)


def test_a_bridge_s_own_win_one_by_one(engine: Client) -> None:
    given(engine, math={"timeout": 30, "queue-timeout": 300, "retry": 2})
    by_bridge(engine, math={"queue-timeout": 60})
    hand = Hand(engine, "math:A")
    assert timers(engine) == {"queue": pytest.approx(60, abs=1)}
    (task,) = hand.tasks.values()
    engine.transitions.run([engine.transitions.claim_attempt(task, "bridge:math")])
    assert timers(engine) == {"timeout": pytest.approx(30, abs=1)}
    by_bridge(engine, math={"retry": 0})
    _, player = run(engine, "math:A", play=failing(9))
    assert len(player.played) == 1
    by_bridge(engine, math={})
    assert engine.redis.hkeys(engine.keys.defaults) == [b"math"]


def test_a_bridge_s_timeout_counts_from_when_it_took_the_attempt(engine: Client) -> None:
    by_bridge(engine, math={"timeout": 30})
    hand = Hand(engine, "math:A")
    assert timers(engine) == {}
    (task,) = hand.tasks.values()
    for _ in range(2):
        engine.transitions.run([engine.transitions.claim_attempt(task, "bridge:math")])
        assert timers(engine) == {"timeout": pytest.approx(30, abs=1)}
    hurry(engine)
    hand.turn()
    (reason,) = engine.state(hand.workflow).reasons
    assert reason.endswith("timed out after 30 s")


@pytest.mark.parametrize("queue_timeout", [None, 300])
def test_a_bridge_s_timeout_and_a_task_whose_start_will_be_seen(
    engine: Client, queue_timeout: int | None
) -> None:
    """Without a clock of its queue, the task's runs from publishing: its message may be lost."""
    times = {"timeout": 30} | ({"queue-timeout": queue_timeout} if queue_timeout else {})
    by_bridge(engine, math=times)
    (task,) = Hand(engine, "math:A").tasks.values()
    flight = Publication("math", "id")
    engine.transitions.run(
        [engine.transitions.claim_attempt(task, "bridge:math", publication=flight, queued=True)]
    )
    first = {"queue": pytest.approx(300, abs=1)} if queue_timeout else {}
    assert timers(engine) == (first or {"timeout": pytest.approx(30, abs=1)})
    before = engine.redis.zrange(engine.keys.timers, 0, -1, withscores=True)
    engine.transitions.run([engine.transitions.mark_started(task, "celery@host")])
    assert timers(engine) == {"timeout": pytest.approx(30, abs=1)}
    if not queue_timeout:
        assert engine.redis.zrange(engine.keys.timers, 0, -1, withscores=True) == before


def test_a_step_s_own_timeout_is_not_begun_anew_when_it_is_taken(engine: Client) -> None:
    by_bridge(engine, math={"timeout": 30})
    hand = Hand(engine, "math:A(- $timeout: 7 -)")
    before = engine.redis.zrange(engine.keys.timers, 0, -1, withscores=True)
    (task,) = hand.tasks.values()
    engine.transitions.run([engine.transitions.claim_attempt(task, "bridge:math")])
    assert engine.redis.zrange(engine.keys.timers, 0, -1, withscores=True) == before


def test_for_which_categories_nobody_has_set_a_time(engine: Client) -> None:
    given(engine, a={"timeout": 1}, b={"retry": 1})
    by_bridge(engine, c={"queue-timeout": 1}, d={"retry": 1})
    assert without_timeout(engine.redis, engine.keys, ["a", "b", "c", "d", "", "e"]) == [
        "b",
        "d",
        "",
        "e",
    ]
    assert without_timeout(engine.redis, engine.keys, []) == []


#: Timers due at once: some hundred times what a worker fires in one turn.
MANY = 20_000


def test_many_timers_due_at_once_do_not_starve_events(engine: Client) -> None:
    worker, player = LifecycleWorker(engine), Player(engine)
    worker.reader.ensure()
    first = engine.start("A")
    while worker.turn():
        pass
    # Of workflows that are gone: each still costs its script a call, as one that lives does.
    members = {f"timeout|workflow:gone{i}|1|1.1-x": 0 for i in range(MANY)}
    engine.redis.zadd(engine.keys.timers, members)
    player.turn()
    turns = 0
    while not engine.views.state(first).ended:
        worker.turn()
        turns += 1
        assert turns <= 3
    assert engine.redis.zcard(engine.keys.timers) > MANY * 3 // 4
    for _ in range(MANY):
        worker.turn()
        if not engine.redis.zcard(engine.keys.timers):
            break
    assert engine.redis.zcard(engine.keys.timers) == 0
    assert drive(engine, engine.start("B"), player, worker) is WorkflowState.FINISHED
