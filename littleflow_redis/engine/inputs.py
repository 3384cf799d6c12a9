"""Inputs that need Python: merges and guards. The scripts gather all others themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import redis

from littleflow_redis.language import (
    Flow,
    GuardError,
    MergeError,
    Step,
    guard_matches,
    merge_inputs,
)

from . import values
from .errors import NewerVersion
from .flows import Flows
from .keys import ITEMS, OUTPUT, Keys
from .reports import Firing
from .timers import Timer, TimerKind

#: Items of one iteration.
MAX_ITEMS = 100_000

#: Bytes of all items of one iteration together.
MAX_ITEM_BYTES = 64_000_000


class Inputs:
    """Computes the inputs of ready steps from their predecessors' stored outputs."""

    def __init__(self, client: redis.Redis, keys: Keys, flows: Flows) -> None:
        self._client = client
        self._keys = keys
        self._flows = flows

    def firing(self, ready: Timer) -> Firing:
        """Decide how a ready step goes on.

        Whatever is wrong with its input fails the step, finally: another try would find the same.
        """
        try:
            workflow, scope, activation = ready.workflow, ready.scope, int(ready.rest)
            if ready.kind is TimerKind.RETRY:
                return Firing("run", self.text(workflow, ready.index, scope, activation))
            step = self._flows.of(workflow)[ready.index]
            round = ready.kind is TimerKind.ROUND
            return firing_of(step, self.gather(workflow, step, scope, activation, round))
        except (LookupError, MergeError, NewerVersion, values.BadValue) as error:
            # The workflow is gone or a newer version's, as the script sees too; or somebody wrote
            # something else where an output was.
            return Firing("fail", reason=str(error))

    def text(self, workflow: str, index: int, scope: str, activation: int) -> str:
        """The input of an activation as JSON text: what it was when its attempt was emitted."""
        step = self._flows.of(workflow)[index]
        if step.iterate:
            item: Any = self._client.hget(workflow + ITEMS, f"{index}@{scope}")
            return item.decode() if item else values.EMPTY
        return values.dump(self.given(workflow, step, scope, activation))

    def again(self, workflow: str, field: str, token: str) -> tuple[str, str]:
        """The same for an attempt whose start-task is gone, or why it cannot be had: one of the two
        is empty. Somebody may have written something else where an output was.
        """
        index, _, scope = field.partition("@")
        activation, _, _ = token.partition(".")
        try:
            return self.text(workflow, int(index), scope, int(activation)), ""
        except (LookupError, MergeError, NewerVersion, values.BadValue) as error:
            return "", f"its input cannot be read again: {error}"

    def given(self, workflow: str, step: Step, scope: str, activation: int) -> Any:
        """What a step gets; of an iteration the whole list. Raises MergeError."""
        gathered = self.gather(workflow, step, scope, activation)
        return merge_inputs(gathered) if step.merge else gathered

    def gather(
        self, workflow: str, step: Step, scope: str, activation: int, round: bool = False
    ) -> Any:
        """The outputs of the predecessors: none gives {}, one itself, several a list.

        What was kept when this activation fired, or was given by a restart, stands for them: see
        ``lua/lib/input.lua``.
        """
        suffix = f"@{scope}" if scope else ""
        fields = [f"{source}{suffix}" for source in sources(step, round)]
        own = f"i{step.index}{suffix}"
        with self._client.pipeline(transaction=False) as pipe:
            pipe.hmget(workflow + ITEMS, [f"{own}#{activation}", own, *(f"o{f}" for f in fields)])
            if fields:
                pipe.mget([f"{workflow}{OUTPUT}{field}" for field in fields])
            (kept, given, *before), *found = pipe.execute()
        for text in (kept, given):
            if text is not None:
                return values.load(text)
        outputs = zip(before, found[0] if found else (), strict=True)
        texts = (latest if old is None else old for old, latest in outputs)
        return joined(values.load(text) for text in texts if text is not None)


def first_input(flow: Flow, given: Any) -> str:
    """A workflow's input as JSON text: ``given``, merged over the flow's default if both are
    objects. Raises BadValue.
    """
    default = flow.input
    if given is None:
        given = default
    elif isinstance(default, Mapping) and isinstance(given, Mapping):
        given = {**default, **given}
    return values.output_text(values.dump(given), "the input")


def joined(outputs: Iterable[Any]) -> Any:
    """Outputs of predecessors as one input: none gives {}, one itself, several a list."""
    kept = [output for output in outputs if output != {}]
    if not kept:
        return {}
    return kept[0] if len(kept) == 1 else kept


def firing_of(step: Step, gathered: Any) -> Firing:
    """Decide how a step with a merge, a guard or an iteration goes on, by what it gathered."""
    try:
        value = merge_inputs(gathered) if step.merge else gathered
        if step.guard is not None and not guard_matches(step.guard, value):
            return Firing("skip", values.dump(value))
        return _items(value) if step.iterate else Firing("run", values.dump(value))
    except (MergeError, GuardError, values.BadValue) as error:
        return Firing("fail", reason=f"{step.name or step.kind}: {error}")


def sources(step: Step, round: bool) -> Sequence[int]:
    """Whose outputs the next activation reads, -1 for the workflow's input; in a ``round`` those
    that lead back.
    """
    if round:
        return step.back
    if step.index == 0:
        return (-1,)
    return [source for source in step.predecessors if source not in step.back]


def _items(value: Any) -> Firing:
    """One activation per item of a list; anything else is one item."""
    if value == []:
        return Firing("skip", "[]")
    items = (
        [values.dump(item) for item in value] if isinstance(value, list) else [values.dump(value)]
    )
    if len(items) > MAX_ITEMS or sum(map(len, items)) > MAX_ITEM_BYTES:
        return Firing(
            "fail",
            reason=f"{len(items):,} items are too many: {MAX_ITEMS:,} and {MAX_ITEM_BYTES:,} bytes "
            "are the most",
        )
    return Firing("items", items=items)
