"""Inputs that need Python: merges and guards. The scripts gather all others themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import redis

from littleflow_redis.language import GuardError, MergeError, Step, guard_matches, merge_inputs

from . import values
from .flows import Flows
from .keys import OUTPUT, Keys
from .transitions import Ready


@dataclass(frozen=True, slots=True)
class Firing:
    """How a ready step goes on: ``run``, ``skip`` or ``fail``; ``input`` is JSON text."""

    action: str
    input: str = values.EMPTY
    reason: str = ""


class Inputs:
    """Computes the inputs of ready steps from their predecessors' stored outputs."""

    def __init__(self, client: redis.Redis, keys: Keys, flows: Flows) -> None:
        self._client = client
        self._keys = keys
        self._flows = flows

    def firing(self, ready: Ready) -> Firing:
        """Decide how a ready step goes on.

        Whatever is wrong with its input fails the step, finally: another try would find the same.
        """
        step = self._flows.of(ready.workflow)[int(ready.field.partition("@")[0])]
        gathered = self.gather(ready.workflow, step, ready.field.partition("@")[2])
        try:
            value = merge_inputs(gathered) if step.merge else gathered
            if step.guard is not None and not guard_matches(step.guard, value):
                return Firing("skip", values.dump(value))
            return Firing("run", values.dump(value))
        except (MergeError, GuardError, values.BadValue) as error:
            return Firing("fail", reason=f"{step.name or step.kind}: {error}")

    def text(self, workflow: str, index: int, scope: str = "") -> str:
        """The input of a step as JSON text, merged if the step says so."""
        step = self._flows.of(workflow)[index]
        gathered = self.gather(workflow, step, scope)
        return values.dump(merge_inputs(gathered) if step.merge else gathered)

    def gather(self, workflow: str, step: Step, scope: str) -> Any:
        """The outputs of the predecessors: none gives {}, one itself, several a list."""
        sources = step.predecessors if step.index else (-1,)
        suffix = f"@{scope}" if scope else ""
        keys = [f"{workflow}{OUTPUT}{source}{suffix}" for source in sources]
        texts = self._client.mget(keys) if keys else []
        outputs = [values.load(text) for text in texts if text is not None]
        kept = [output for output in outputs if output != {}]
        if not kept:
            return {}
        return kept[0] if len(kept) == 1 else kept
