"""Turn a published scientific workflow into littleflow text.

::

    python convert.py montage-chameleon-dss-15d-001.json > montage.flow

The instances are those of https://github.com/wfcommons/WfInstances (WfFormat 1.4 and 1.5). Every
task becomes one step and every edge of the instance is kept, whatever the graph looks like. It
needs nothing but Python, and imports nothing of littleflow_redis.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: A step that never runs: without a match, its guard passes the input on as it is.
RELAY = "? `$[?(false)]` relay"

#: What an instance appends to a program's name to tell its tasks apart.
NUMBER = re.compile(r"_(ID)?\d{5,}$")


class BadInstance(ValueError):
    """The file is no workflow instance that can be converted; the message says why."""


@dataclass(eq=False)
class Node:
    """A task, or a relay if ``id`` is empty."""

    number: int
    name: str = ""
    id: str = ""
    parents: list[Node] = field(default_factory=list)
    #: How many nodes come after it.
    children: int = 0
    #: The one parent whose output label begins the statement; the others lead to ``:iN``.
    source: Node | None = None
    #: The one child whose input label ends the statement; the others begin with ``:oN``.
    target: Node | None = None


def convert(instance: dict[str, Any]) -> str:
    """The text of an instance, as ``json.load`` returns it. Raises BadInstance."""
    graph = Graph(read(instance))
    graph.share_parents()
    graph.connect()
    name = word(str(instance.get("name", "workflow")))
    return "\n".join([f"@flow {name}", "", *graph.statements()]) + "\n"


def read(instance: dict[str, Any]) -> list[Node]:
    """The tasks of an instance, with their parents. Raises BadInstance."""
    try:
        workflow = instance["workflow"]
        tasks = workflow.get("specification", workflow)["tasks"]
        nodes = [
            Node(number, word(NUMBER.sub("", task["name"])), task.get("id", task["name"]))
            for number, task in enumerate(tasks)
        ]
        # WfFormat 1.4 refers to tasks by name, 1.5 by id.
        known = {task["name"]: node for task, node in zip(tasks, nodes, strict=True)}
        known |= {node.id: node for node in nodes}
        edges = [
            (known[parent], node)
            for task, node in zip(tasks, nodes, strict=True)
            for parent in task.get("parents", ())
        ]
        edges += [
            (node, known[child])
            for task, node in zip(tasks, nodes, strict=True)
            for child in task.get("children", ())
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise BadInstance(f"this is no WfFormat instance: {error!r}") from error
    if len({node.id for node in nodes}) < len(nodes):
        raise BadInstance("two tasks have the same id")
    # An edge stands at both of its ends, as a rule.
    for parent, child in dict.fromkeys(edges):
        child.parents.append(parent)
    return nodes


class Graph:
    """The nodes in the order in which they will be written.

    A statement ``:o1 → :i2 A :o2 → :i3`` has room for two edges of its own on either side. Of the
    edges that lead from a node with several children to one with several parents, what has no room
    goes through a relay: ``:o1 → relay → :i2``.
    """

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self._numbers = itertools.count(len(nodes))

    def share_parents(self) -> None:
        """Let tasks with the very same parents wait behind one relay: n + m edges, not n × m."""
        same = Counter(parents_key(node) for node in self.nodes)
        relays: dict[frozenset[int], Node] = {}
        written: list[Node] = []
        for node in self.nodes:
            key = parents_key(node)
            if len(key) > 1 and same[key] > 1:
                if key not in relays:
                    relays[key] = self._relay(node.parents)
                    written.append(relays[key])
                node.parents = [relays[key]]
            written.append(node)
        self.nodes = written

    def connect(self) -> None:
        """Decide how each edge is drawn; add a relay where there is no other way."""
        for node in self.nodes:
            for parent in node.parents:
                parent.children += 1
        written: list[Node] = []
        for node in self.nodes:
            written += self._connect_parents(node)
            written.append(node)
        self.nodes = written

    def _connect_parents(self, node: Node) -> Iterator[Node]:
        for position, parent in enumerate(node.parents):
            if parent.children == 1:
                parent.target = node
            elif node.source is None:
                node.source = parent
            elif parent.target is None:
                parent.target = node
            else:
                relay = self._relay([parent])
                relay.source, relay.target, relay.children = parent, node, 1
                node.parents[position] = relay
                yield relay

    def _relay(self, parents: list[Node]) -> Node:
        return Node(next(self._numbers), RELAY, parents=parents)

    def statements(self) -> Iterator[str]:
        """A line for each node."""
        begun = {node.source for node in self.nodes}
        led_to = {node.target for node in self.nodes}
        for node in self.nodes:
            yield statement(node, begins=node in begun, ends=node in led_to)


def statement(node: Node, *, begins: bool, ends: bool) -> str:
    """The node between its labels.

    ``begins``: statements begin with its output label; ``ends``: others end with its input label. A
    label stands outside of the arrow where there is room, so that no edge to the start or the end
    of the flow is drawn that the graph does not have.
    """
    source, target = node.source, node.target
    words = [f":o{source.number} →"] if source else [f":i{node.number} →"] if ends else []
    words += [f":i{node.number}"] if ends and source else []
    words += [f"{node.name}({json.dumps({'id': node.id})})" if node.id else node.name]
    words += [f":o{node.number}"] if begins and target else []
    words += [f"→ :i{target.number}"] if target else [f"→ :o{node.number}"] if begins else []
    return " ".join([*words, ";"])


def parents_key(node: Node) -> frozenset[int]:
    """The same for all nodes with the same parents."""
    return frozenset(parent.number for parent in node.parents)


def word(text: str) -> str:
    """A name that the language takes."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", text)
    return name if re.match(r"[A-Za-z_]", name) else f"_{name}"


def main() -> None:
    """Convert the file that the command line names."""
    parser = argparse.ArgumentParser(description="Turn a WfCommons instance into littleflow text.")
    parser.add_argument("instance", type=Path, help="a JSON file in WfFormat 1.4 or 1.5")
    path = parser.parse_args().instance
    try:
        text = convert(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        sys.exit(f"{path}: {error}")
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    print(text, end="")


if __name__ == "__main__":
    main()
