"""Every state of the protocol, within bounds; each mistake that the code could make is found."""

from __future__ import annotations

import os

import pytest

from .checking import check
from .state import Bounds, Rules

#: Two workers, two bridges, two attempts, a crash anywhere: seconds for each.
SMALL = {
    "two bridges": Bounds(crashes=1, workers=1, failures=False),
    "two workers": Bounds(crashes=2, bridges=1),
    "no timeouts": Bounds(crashes=1, timeouts=False),
    "the stream deleted": Bounds(crashes=1, losses=1, timeouts=False, bridges=1),
    "two listeners": Bounds(crashes=1, workers=1, failures=False, native=True),
    "at most once, by bridges": Bounds(crashes=1, workers=1, failures=False, once=True),
    "at most once, by listeners": Bounds(
        crashes=1, workers=1, failures=False, native=True, once=True
    ),
    "at most once, the stream deleted": Bounds(
        crashes=1, losses=1, native=True, timeouts=False, workers=1, once=True
    ),
    "listeners, the stream deleted": Bounds(
        crashes=1, losses=1, attempts=1, native=True, timeouts=False, workers=1
    ),
}

#: All at once: minutes. `MODEL=deep make test ARGS='-k deep'`.
DEEP = {
    "all with timeouts": Bounds(crashes=1, losses=1),
    "two crashes": Bounds(crashes=2, timeouts=False),
    "three attempts": Bounds(crashes=1, attempts=3, bridges=1),
    "listeners": Bounds(crashes=1, losses=1, failures=False, native=True),
}

#: What the code does against each mistake, in the bounds that show it.
MISTAKES = {
    "no fence": (Rules(fenced=False), Bounds(workers=1, bridges=1)),
    "the timer apart from the state": (Rules(timer_with_state=False), Bounds(workers=1, bridges=1)),
    "published before recorded": (
        Rules(recorded_before_published=False),
        Bounds(timeouts=False, crashes=1, workers=1, bridges=1),
    ),
    "acknowledged before published": (
        Rules(acknowledged_after_published=False),
        Bounds(timeouts=False, workers=1, bridges=1),
    ),
    "flights that stay": (Rules(flight_goes_with_attempt=False), Bounds(workers=1, bridges=1)),
    "no sweep": (Rules(swept=False), Bounds(timeouts=False, workers=1, bridges=1)),
    "the lost are run again": (
        Rules(lost_fails=False),
        Bounds(native=True, timeouts=False, workers=1, once=True),
    ),
    "the lost are sent again": (
        Rules(lost_fails=False),
        Bounds(timeouts=False, workers=1, failures=False, once=True),
    ),
    "strays are left": (
        Rules(strays_reemitted=False),
        Bounds(losses=1, native=True, timeouts=False, workers=1, bridges=1),
    ),
    # What is re-emitted heals the next two, late: so they are looked at without it.
    "the end acknowledged before it is applied": (
        Rules(acknowledged_with_state=False, strays_reemitted=False),
        Bounds(native=True, timeouts=False, bridges=1),
    ),
    "the task acknowledged before its end is told": (
        Rules(told_with_acknowledgement=False, strays_reemitted=False),
        Bounds(native=True, timeouts=False, bridges=1),
    ),
}


@pytest.mark.parametrize("bounds", SMALL.values(), ids=SMALL)
def test_nothing_bad_can_happen(bounds: Bounds) -> None:
    result = check(bounds)
    assert not result.problem, result
    assert result.states > 100


@pytest.mark.skipif(os.environ.get("MODEL") != "deep", reason="takes minutes: set MODEL=deep")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("bounds", DEEP.values(), ids=DEEP)
def test_nothing_bad_can_happen_deep(bounds: Bounds) -> None:
    result = check(bounds)
    print(result.states, "states")
    assert not result.problem, result


@pytest.mark.parametrize(("rules", "bounds"), MISTAKES.values(), ids=MISTAKES)
def test_each_mistake_is_found(rules: Rules, bounds: Bounds) -> None:
    result = check(bounds, rules)
    assert result.problem


def test_without_strays_and_losses_nothing_bad_happens_either() -> None:
    """So what the last two mistakes show is theirs."""
    bounds = Bounds(native=True, timeouts=False, bridges=1)
    assert not check(bounds, Rules(strays_reemitted=False)).problem
