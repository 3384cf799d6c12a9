"""Flows that were compiled a moment ago."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock

from .flow import Flow

#: Flows kept: more texts than a busy process starts again and again.
MOST_FLOWS = 256
#: Weight of all flows kept together, in steps; at about 2 kB a step some 100 MB at worst.
MOST_WEIGHT = 50_000
#: Characters of source text that weigh as much as a step.
_CHARACTERS_PER_STEP = 1_000


def _weight(flow: Flow) -> int:
    return len(flow) + len(flow.source or "") // _CHARACTERS_PER_STEP


class FlowCache:
    """Keeps the flows used last, bounded by their number and size. Safe among threads."""

    def __init__(self, most_flows: int = MOST_FLOWS, most_weight: int = MOST_WEIGHT) -> None:
        self._most_flows = most_flows
        self._most_weight = most_weight
        self._flows: OrderedDict[Hashable, Flow] = OrderedDict()
        self._weight = 0
        self._lock = Lock()

    def get(self, key: Hashable) -> Flow | None:
        """The flow kept under ``key``, now the one used last."""
        with self._lock:
            flow = self._flows.get(key)
            if flow is not None:
                self._flows.move_to_end(key)
            return flow

    def put(self, key: Hashable, flow: Flow) -> None:
        """Keeps a flow, and drops those not used for longest until the bounds hold."""
        with self._lock:
            replaced = self._flows.pop(key, None)
            self._weight += _weight(flow) - (_weight(replaced) if replaced is not None else 0)
            self._flows[key] = flow
            while len(self._flows) > self._most_flows or self._weight > self._most_weight:
                _, dropped = self._flows.popitem(last=False)
                self._weight -= _weight(dropped)
