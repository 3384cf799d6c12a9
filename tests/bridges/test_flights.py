"""What a bridge knows of its flights without asking."""

from __future__ import annotations

import itertools

from littleflow_redis.bridges.broker.publications import LINGER, LONGEST, MANY, RARELY, Publications
from tests.workers.scenes import start_task

TASK = start_task("math:add", input=[1, 2], parameters={"y": 1})


def test_a_flight_is_known_without_its_data() -> None:
    publications = Publications()
    publications.add("a", TASK)
    known = publications.end_to_report("a")
    assert known is not None
    assert (known.workflow, known.index, known.token) == (TASK.workflow, TASK.index, TASK.token)
    assert known.input is known.parameters is None
    assert publications.end_to_report("b") is None


def test_an_end_is_told_again_only_after_a_while() -> None:
    for again, expected in ((30.0, False), (0.0, True)):
        publications = Publications(report_again=again)
        publications.add("a", TASK)
        publications.mark_ends_reported(["a"])
        assert (publications.end_to_report("a") is not None) is expected


def test_an_end_that_nobody_takes_up_is_told_ever_more_rarely() -> None:
    """While no lifecycle worker ran, each end came into the stream again every 30 seconds, where
    none may be deleted: the outage filled Redis.
    """
    now = 0.0
    publications = Publications(now=lambda: now)
    publications.add("a", TASK)
    told = []
    for second in range(4 * 3600):
        now = float(second)
        if publications.end_to_report("a"):
            publications.mark_ends_reported(["a"])
            told.append(second)
    pauses = [after - before for before, after in itertools.pairwise(told)]
    assert pauses[:4] == [30, 60, 120, 240]
    assert pauses[-1] == RARELY


def test_what_is_forgotten_may_come_again() -> None:
    publications = Publications()
    publications.add("a", TASK)
    publications.mark_ends_reported(["a"])
    publications.forget(["a", "b"])
    assert "a" not in publications
    publications.add("a", TASK)
    assert publications.end_to_report("a") is not None


def test_only_while_many_are_on_their_way_the_next_may_wait() -> None:
    publications = Publications()
    for number in range(MANY - 1):
        publications.add(str(number), TASK)
    assert publications.linger == 0
    publications.add("last", TASK)
    assert publications.linger == LINGER
    publications.mark_ends_reported(["last"])
    assert publications.linger == 0


def test_where_results_come_fast_the_next_waits_for_a_batch() -> None:
    """Never for long beside the time for which Celery has work."""
    publications = Publications()
    for number in range(2 * MANY):
        publications.add(str(number), TASK)
    assert publications.linger == LINGER
    publications.mark_ends_reported([f"gone-{number}" for number in range(1000)])
    for number in range(1000):
        publications.add(f"gone-{number}", TASK)
    assert 0 < publications.linger <= LONGEST
    assert publications.linger <= 0.25 * 2 * MANY / 1000 * 1.5
