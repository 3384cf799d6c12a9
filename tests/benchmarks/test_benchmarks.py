"""The benchmark runs, and nothing has become grossly slower than a bare stream in the same run."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks.measure import REPEATS, Comparison, Figures, Unmeasured, compare
from benchmarks.plot import svg
from benchmarks.report import markdown
from benchmarks.row import Hung, Measure, Race, Row, Side
from benchmarks.rows import ROWS
from benchmarks.soak import Minute, judge
from tests.support import Spawned

ROOT = Path(__file__).resolve().parents[2]

#: The least ratio of each row: far below what a quiet machine gives, so that only a gross
#: regression fails. Natively it is to a bare stream, with Celery to what its worker drains, inside
#: the worker to Celery's chain, and for tasks beside workflows to the same tasks alone.
LEAST = {
    "native-bare": 0.02,
    "drain-celery": 0.1,
    "inside-chains-threads": 0.7,
    "sharing-prefork": 0.2,
}

#: And the most: for the cost per step in a large workflow, to that in small ones; for the client's
#: part of a start of many, to a bare call of a script.
MOST = {"growth": 5, "growth-loop": 5, "start-many-client": 12}

ABOUT = {
    "runs": 3,
    "scale": 1,
    "machine": {"processor": "P", "cores": 2, "system": "S"},
    "versions": {"python": "3"},
    "load before": "0.10",
    "load after": "0.20",
}


@pytest.mark.timeout(240)
def test_the_rows_are_measured_and_far_from_collapse(
    spawn: Callable[..., Spawned], tmp_path: Path
) -> None:
    written = tmp_path / "figures.json"
    options = ["--rows", ",".join([*LEAST, *MOST]), "--runs", "2", "--scale", "0.1"]
    command = [sys.executable, "-m", "benchmarks", *options, "--json", str(written)]
    benchmark = spawn(command, cwd=ROOT)
    assert benchmark.wait(timeout=200) == 0, benchmark.output
    rows = {row["key"]: row for row in json.loads(written.read_text())["rows"]}
    for row in rows.values():
        assert len(row["ours"]["runs"]) == len(row["ratio"]["pairs"]) == 2, row
    for key, least in LEAST.items():
        assert rows[key]["ratio"]["median"] > least, rows[key]
    for key, most in MOST.items():
        assert rows[key]["ratio"]["median"] < most, rows[key]
    assert "20 chains × 5 steps" in benchmark.output


def row(**changes: Any) -> Row:
    def race(scale: float) -> Race:
        raise NotImplementedError

    return Row(**{"key": "k", "unit": "steps/s", "goal": 2, "race": race, **changes})


def compared(row: Row, ours: list[float], peer: list[float]) -> Comparison:
    return Comparison(row, "work", Figures("us", ours), Figures("them", peer))


def test_the_ratio_is_the_median_of_neighbouring_runs() -> None:
    result = compared(row(), ours=[10, 60, 300], peer=[10, 20, 50])
    assert result.ratios == [1, 3, 6]
    assert result.ratio == 3
    line = markdown([result], ABOUT).splitlines()[2]
    assert line == "| work | 60 steps/s | 20 steps/s | them | 3.00× (1.00×–6.00×) | ≥ 2× | yes |"


def test_a_missed_goal_is_said() -> None:
    assert "| **no** |" in markdown([compared(row(), [10], [10])], ABOUT)


def test_a_row_without_a_goal_meets_none() -> None:
    line = markdown([compared(row(goal=None), [1], [10])], ABOUT).splitlines()[2]
    assert line.endswith("| 0.10× (0.10×–0.10×) | – | – |")


def hanging(times: int) -> tuple[Race, list[str]]:
    """A race whose peer hangs so often before it answers, and what is started meanwhile."""
    left, started = [Hung("silent")] * times, []

    @contextmanager
    def setup(name: str) -> Iterator[Measure]:
        started.append(name)

        def measure() -> float:
            if name == "them" and left:
                raise left.pop()
            return 10.0

        yield measure

    sides = [Side(name, lambda name=name: setup(name)) for name in ("us", "them")]
    return Race("work", *sides), started


def test_a_run_that_hangs_is_repeated_on_new_processes_and_told() -> None:
    race, started = hanging(REPEATS)
    result = compare(row(), race, 2, lambda line: None)
    assert started == ["us", *["them"] * (1 + REPEATS)]
    assert (result.peer.runs, result.peer.hung, result.ours.hung) == ([10.0, 10.0], REPEATS, 0)
    assert "| 10 steps/s, 2 runs hung | them |" in markdown([result], ABOUT)


def test_a_side_that_hangs_again_and_again_is_not_measured() -> None:
    race, _ = hanging(REPEATS + 1)
    with pytest.raises(Hung, match="silent"):
        compare(row(), race, 2, lambda line: None)


def test_the_picture_has_a_bar_per_row_that_was_measured() -> None:
    rows = [compared(row(), [30], [10]), compared(row(goal=None), [1, 2], [10, 10])]
    text = svg([*rows, Unmeasured(row(), "work", "no <peer>")])
    picture = ElementTree.fromstring(text)  # noqa: S314 - our own text
    texts = [element.text or "" for element in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[1:] == ["work / them", "3.00×", "work / them", "0.15×"]
    assert svg([]).startswith("<svg")


def test_in_the_picture_less_time_is_to_the_right() -> None:
    text = svg([compared(row(unit="s", goal=None, lower_is_better=True), [1], [4])])
    assert "4.00×" in text


@pytest.mark.parametrize(
    ("later", "verdict"),
    [
        ({}, 0),
        ({"memory": 2e6}, 1),
        ({"processes": 2e8}, 1),
        ({"stream": 5000}, 1),
        ({"stream": 900}, 0),
        ({"latency": 0.02}, 1),
    ],
)
def test_a_soak_judges_growth(
    later: dict[str, float], verdict: int, capsys: pytest.CaptureFixture[str]
) -> None:
    flat = Minute(memory=1e6, processes=1e8, stream=100, latency=0.01)
    assert judge([*[flat] * 4, *[flat._replace(**later)] * 4]) == verdict
    assert capsys.readouterr().out.count("too much") == verdict


def test_where_less_is_better_the_goal_is_the_most() -> None:
    cost = row(goal=1.2, lower_is_better=True)
    assert compared(cost, [11], [10]).met
    assert not compared(cost, [13], [10]).met


def test_every_row_says_what_it_does_at_every_size() -> None:
    for key, row in ROWS.items():
        assert row.key == key
        small, large = row.race(0.001), row.race(1)
        assert small.work != large.work
        assert small.peer.name
