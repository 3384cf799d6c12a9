"""Scientific workflows: the generated ones have the published size, and the bounds are right."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.instances import Instance, at_scale
from benchmarks.wfformat import Graph, read
from tests.support import Spawned

ROOT = Path(__file__).resolve().parents[2]

#: Tasks and edges of the instances that ``benchmarks.instances`` names.
PUBLISHED = {
    "montage": (103, 231),
    "epigenomics": (515, 639),
    "1000genome": (104, 152),
    "methylseq": (36, 70),
}


def diamond() -> Graph:
    """One task of 1 s, three of 2 s after it, one of 1 s that joins them."""
    it = Instance("diamond")
    first = it.add("split", (1, 1, 1))
    it.add("join", (1, 1, 1), [it.add("map", (2, 2, 2), [first]) for _ in range(3)])
    return read(it.document)


@pytest.mark.parametrize("key", PUBLISHED)
def test_the_graphs_are_as_large_as_the_published_ones(key: str) -> None:
    graph = read(at_scale(1)[key])
    assert (len(graph.tasks), graph.edges) == PUBLISHED[key]


def test_a_bound_is_the_critical_path_or_the_work() -> None:
    graph = diamond()
    assert graph.critical == 4
    assert graph.bound(slots=1) == 8
    assert graph.bound(slots=4) == 4


def test_tasks_that_do_not_fit_wait_for_a_slot() -> None:
    graph = diamond()
    assert graph.bound(slots=2) == 4
    assert graph.first_come(slots=2) == 6
    assert graph.first_come(slots=3) == 4


def test_the_order_of_the_tasks_in_a_file_does_not_matter() -> None:
    it = Instance("backwards")
    it.add("join", (1, 1, 1), ["split_ID0000002"])
    it.add("split", (3, 3, 3))
    assert [task.program for task in read(it.document).tasks.values()] == ["split", "join"]


@pytest.mark.timeout(120)
def test_an_instance_is_replayed(spawn: Callable[..., Spawned], tmp_path: Path) -> None:
    path = tmp_path / "instance.json"
    path.write_text(json.dumps(at_scale(0.1)["montage"]))
    command = [sys.executable, "-m", "benchmarks.graphs", str(path), "--seconds", "0.3"]
    replayed = spawn(command, cwd=ROOT)
    assert replayed.wait(timeout=100) == 0, replayed.output
    name, tasks, *_, took, ratio = replayed.output.splitlines()[-1].strip("| ").split(" | ")
    assert (name, int(tasks)) == ("montage", len(read(at_scale(0.1)["montage"]).tasks))
    assert float(took.removesuffix(" s")) == pytest.approx(0.3 * float(ratio[:-1]), abs=0.02)
    # Far less would mean that the tasks did not take their time.
    assert 1 <= float(ratio[:-1]) < 20
