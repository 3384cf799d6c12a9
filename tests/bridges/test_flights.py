"""What a bridge knows of its flights without asking."""

from __future__ import annotations

import itertools

from littleflow_redis.bridges.broker.publications import LINGER, LONGEST, MANY, RARELY, Publications
from tests.workers.scenes import start_task

TASK = start_task("math:add", input=[1, 2], parameters={"y": 1})


def test_a_flight_is_known_without_its_data() -> None:
    flights = Publications()
    flights.add("a", TASK)
    known = flights.to_tell("a")
    assert known is not None
    assert (known.workflow, known.index, known.token) == (TASK.workflow, TASK.index, TASK.token)
    assert known.input is known.parameters is None
    assert flights.to_tell("b") is None


def test_an_end_is_told_again_only_after_a_while() -> None:
    for again, expected in ((30.0, False), (0.0, True)):
        flights = Publications(tell_again=again)
        flights.add("a", TASK)
        flights.told(["a"])
        assert (flights.to_tell("a") is not None) is expected


def test_an_end_that_nobody_takes_up_is_told_ever_more_rarely() -> None:
    """While no lifecycle worker ran, each end came into the stream again every 30 seconds, where
    none may be deleted: the outage filled Redis.
    """
    now = 0.0
    flights = Publications(now=lambda: now)
    flights.add("a", TASK)
    told = []
    for second in range(4 * 3600):
        now = float(second)
        if flights.to_tell("a"):
            flights.told(["a"])
            told.append(second)
    pauses = [after - before for before, after in itertools.pairwise(told)]
    assert pauses[:4] == [30, 60, 120, 240]
    assert pauses[-1] == RARELY


def test_what_is_forgotten_may_come_again() -> None:
    flights = Publications()
    flights.add("a", TASK)
    flights.told(["a"])
    flights.forget(["a", "b"])
    assert "a" not in flights
    flights.add("a", TASK)
    assert flights.to_tell("a") is not None


def test_only_while_many_are_on_their_way_the_next_may_wait() -> None:
    flights = Publications()
    for number in range(MANY - 1):
        flights.add(str(number), TASK)
    assert flights.linger == 0
    flights.add("last", TASK)
    assert flights.linger == LINGER
    flights.told(["last"])
    assert flights.linger == 0


def test_where_results_come_fast_the_next_waits_for_a_batch() -> None:
    """Never for long beside the time for which Celery has work."""
    flights = Publications()
    for number in range(2 * MANY):
        flights.add(str(number), TASK)
    assert flights.linger == LINGER
    flights.told([f"gone-{number}" for number in range(1000)])
    for number in range(1000):
        flights.add(f"gone-{number}", TASK)
    assert 0 < flights.linger <= LONGEST
    assert flights.linger <= 0.25 * 2 * MANY / 1000 * 1.5
