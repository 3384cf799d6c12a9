"""Scientific workflows in WfFormat: their tasks, and how soon they can be done at best."""

from __future__ import annotations

import heapq
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from typing import Any

from benchmarks.processes import ROOT
from littleflow_redis import Flow, compile_text
from littleflow_redis.language import Limits

#: An instance can be larger than a text may be otherwise.
_LIMITS = Limits(text_size=20_000_000, steps=100_000, edges=1_000_000)


@dataclass(frozen=True, slots=True)
class Task:
    """A task: the program that it runs, and its seconds."""

    program: str
    seconds: float
    parents: Sequence[str]


@dataclass(frozen=True, slots=True)
class Graph:
    """A workflow: its tasks by id, parents first, and the flow that runs them."""

    name: str
    tasks: Mapping[str, Task]
    flow: Flow

    @property
    def edges(self) -> int:
        return sum(len(task.parents) for task in self.tasks.values())

    @property
    def critical(self) -> float:
        """Seconds of the longest way through it."""
        ends: dict[str, float] = {}
        for id, task in self.tasks.items():
            ends[id] = max((ends[parent] for parent in task.parents), default=0.0) + task.seconds
        return max(ends.values())

    def bound(self, slots: int) -> float:
        """Seconds that nothing with so many slots can undercut."""
        return max(self.critical, sum(task.seconds for task in self.tasks.values()) / slots)

    def first_come(self, slots: int) -> float:
        """Seconds that it takes without any overhead if tasks start in the order in which they
        become ready: what a bound does not tell.
        """
        children: dict[str, list[str]] = {id: [] for id in self.tasks}
        missing = {id: len(task.parents) for id, task in self.tasks.items()}
        for id, task in self.tasks.items():
            for parent in task.parents:
                children[parent].append(id)
        ready = [id for id, count in missing.items() if not count]
        running: list[tuple[float, str]] = []
        now = 0.0
        while ready or running:
            started, ready = ready[: slots - len(running)], ready[slots - len(running) :]
            for id in started:
                heapq.heappush(running, (now + self.tasks[id].seconds, id))
            now, ended = heapq.heappop(running)
            for child in children[ended]:
                missing[child] -= 1
                if not missing[child]:
                    ready.append(child)
        return now


def read(document: Mapping[str, Any]) -> Graph:
    """The graph of a document, as ``json.load`` returns it. Raises ValueError."""
    converter = load_converter()
    nodes = {node.id: node for node in converter.read(document)}
    workflow = document["workflow"]
    ran = workflow.get("execution", workflow)["tasks"]
    # WfFormat 1.4 says the run time at the task itself.
    seconds = {task.get("id", task.get("name")): task.get("runtimeInSeconds") for task in ran}
    parents = {id: [parent.id for parent in node.parents] for id, node in nodes.items()}
    tasks = {
        id: Task(nodes[id].name, float(seconds.get(id) or 0), parents[id])
        for id in TopologicalSorter(parents).static_order()
    }
    text = converter.convert(document)
    return Graph(str(document.get("name", "workflow")), tasks, compile_text(text, limits=_LIMITS))


@cache
def load_converter() -> Any:
    """The example ``convert.py``, which is a script and in no package."""
    path = ROOT / "examples" / "wfcommons" / "convert.py"
    spec = importlib.util.spec_from_file_location("wfcommons_convert", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its dataclass looks its own module up.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
