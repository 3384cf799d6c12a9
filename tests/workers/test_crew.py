"""Hands for work: how much may be taken on, in which thread it is done, what is left at the end."""

from __future__ import annotations

import threading
import time

from littleflow_redis.workers.crew import AHEAD, MOST_AHEAD, Crew
from tests.support import LONG, wait_until


def never() -> bool:
    return False


def test_alone_it_works_in_the_thread_of_its_caller() -> None:
    done: list[tuple[int, threading.Thread]] = []
    crew: Crew[int] = Crew(1, lambda item: done.append((item, threading.current_thread())), never)

    crew.add([1, 2, 3])

    assert done == [(item, threading.current_thread()) for item in (1, 2, 3)]
    assert crew.idle


def test_nothing_is_known_to_be_short_before_it_was_done() -> None:
    crew: Crew[int] = Crew(1, lambda _: None, never)

    assert crew.room == 1


def test_many_short_items_make_room_for_many() -> None:
    crew: Crew[int] = Crew(1, lambda _: None, never)

    def roomy() -> bool:
        crew.add(range(100))
        return 50 <= crew.room <= MOST_AHEAD

    # An item during which the machine did something else does not count as short.
    wait_until(roomy, "there is room for many")


def test_one_long_item_ends_the_reading_ahead() -> None:
    crew: Crew[float] = Crew(1, time.sleep, never)
    crew.add([0] * 100)

    crew.add([2 * AHEAD])

    assert crew.room == 1


def test_threads_work_side_by_side_and_no_room_is_left_while_all_do() -> None:
    together = threading.Barrier(3)
    finish = threading.Event()

    def work(_: int) -> None:
        together.wait(LONG)
        finish.wait(LONG)

    crew = Crew(2, work, never)
    assert crew.room == 2
    crew.add([1, 2])

    together.wait(LONG)
    assert crew.room == 0

    finish.set()
    crew.wait(None, lambda: crew.idle)
    assert crew.close() == []


def test_no_room_while_an_item_waits_for_a_hand() -> None:
    finish = threading.Event()
    crew: Crew[int] = Crew(2, lambda _: bool(finish.wait(LONG)), never)  # type: ignore[func-returns-value]

    crew.add([1, 2, 3])

    wait_until(lambda: crew.waiting, "two are begun")
    assert crew.room == 0
    finish.set()
    crew.close()


def test_close_waits_for_what_was_begun_and_returns_the_rest() -> None:
    begun, stop, finish = threading.Semaphore(0), threading.Event(), threading.Event()
    done: list[int] = []

    def work(item: int) -> None:
        begun.release()
        finish.wait(LONG)
        done.append(item)

    crew = Crew(2, work, stop.is_set)
    crew.add([1, 2, 3, 4])
    for _ in range(2):
        assert begun.acquire(timeout=LONG)
    stop.set()
    finish.set()

    left = crew.close()

    assert sorted(done) == [1, 2]
    assert left == [3, 4]


def test_a_stop_ends_the_callers_own_work_after_the_item_in_hand() -> None:
    done: list[int] = []
    stop = threading.Event()

    def work(item: int) -> None:
        done.append(item)
        stop.set()

    crew = Crew(1, work, stop.is_set)
    crew.add([1, 2, 3])

    assert done == [1]
    assert crew.close() == [2, 3]


def test_wake_makes_waiting_threads_see_the_stop() -> None:
    stop = threading.Event()
    crew: Crew[int] = Crew(2, lambda _: None, stop.is_set)
    stop.set()

    crew.wake()

    names = [f"littleflow-task-{number}" for number in range(2)]
    wait_until(lambda: not [t for t in threading.enumerate() if t.name in names], "they end")
