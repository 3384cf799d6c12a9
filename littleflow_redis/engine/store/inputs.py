"""Inputs that need Python: merges and guards. The scripts gather all others themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import redis

from littleflow_redis.language import (
    Flow,
    GuardError,
    MergeError,
    Step,
    guard_matches,
)

from ..model import json_values
from ..model.errors import NewerVersion
from ..model.limits import GATHERED
from ..model.records import VERSION
from ..model.script_results import Firing
from ..model.timers import Timer, TimerKind
from ..model.tokens import activation_of
from ..model.typed_values import TypedValue, items_of, listed, merged, read, stored
from .flows import Flows
from .keys import ITEMS, OUTPUT, TYPES, Keys

#: Items of one iteration.
MAX_ITEMS = 100_000


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
            round = ready.kind is TimerKind.ROUND
            step, gathered = self._gathered(workflow, ready.index, scope, activation, round)
            return firing_of(step, gathered)
        except (LookupError, MergeError, NewerVersion, json_values.BadValue) as error:
            # The workflow is gone or a newer version's, as the script sees too; or somebody wrote
            # something else where an output was.
            return Firing("fail", reason=str(error))

    def text(self, workflow: str, index: int, scope: str, activation: int) -> str:
        """The input of an activation as a value's text: as it was when its attempt was emitted."""
        if self._flows.of(workflow)[index].iterate:
            item: Any = self._client.hget(workflow + ITEMS, f"{index}@{scope}")
            return item.decode() if item else json_values.EMPTY
        return self.given(workflow, index, scope, activation).text()

    def recover(self, workflow: str, field: str, token: str) -> tuple[str, str]:
        """The same for an attempt whose start-task is gone, or why it cannot be had: one of the two
        is empty. Somebody may have written something else where an output was.
        """
        index, _, scope = field.partition("@")
        try:
            return self.text(workflow, int(index), scope, activation_of(token)), ""
        except (LookupError, MergeError, NewerVersion, json_values.BadValue) as error:
            return "", f"its input cannot be read again: {error}"

    def given(self, workflow: str, index: int, scope: str, activation: int) -> TypedValue:
        """The input of a step; for an iteration the whole list. Raises MergeError."""
        step, gathered = self._gathered(workflow, index, scope, activation)
        return merged(gathered) if step.merge else gathered

    def _gathered(
        self, workflow: str, index: int, scope: str, activation: int, round: bool = False
    ) -> tuple[Step, TypedValue]:
        """A step and its input: the output of one predecessor, or the list of several.

        An input that was kept when this activation fired, or that a restart gave, replaces them:
        see ``lua/lib/input.lua``.
        """
        flow, form = self._flows.of_run(workflow)
        step = flow[index]
        suffix = f"@{scope}" if scope else ""
        fields = [f"{source}{suffix}" for source in sources(step, round)]
        own = f"i{step.index}{suffix}"
        with self._client.pipeline(transaction=False) as pipe:
            pipe.hmget(workflow + ITEMS, [f"{own}#{activation}", own, *(f"o{f}" for f in fields)])
            if fields:
                pipe.mget([f"{workflow}{OUTPUT}{field}" for field in fields])
                pipe.hmget(workflow + TYPES, fields)
            (kept, given, *before), *found = pipe.execute()
        for text in (kept, given):
            if text is not None:
                return step, read(text)
        latest = map(stored, *found) if found else ()
        outputs = zip(before, latest, strict=True)
        return step, joined([new if old is None else read(old) for old, new in outputs], form)


def first_input(flow: Flow, given: Any) -> str:
    """A workflow's input as JSON text: ``given``, merged over the flow's default if both are
    objects. Raises BadValue.
    """
    default = flow.input
    if given is None:
        given = {} if default is None else default
    elif isinstance(default, Mapping) and isinstance(given, Mapping):
        given = {**default, **given}
    return json_values.output_text(json_values.dump(given), "the input")


def joined(outputs: Sequence[TypedValue], form: int = VERSION) -> TypedValue:
    """Outputs of predecessors as one input: of one itself, of several a list with all of them.

    Runs of form 1 leave out those that are ``{}``.
    """
    if form < 2:
        outputs = [output for output in outputs if output.data != {}]
    if len(outputs) < 2:
        return outputs[0] if outputs else TypedValue({})
    return listed(outputs)


def firing_of(step: Step, gathered: TypedValue) -> Firing:
    """Decide how a step with a merge, a guard or an iteration goes on, by what it gathered."""
    try:
        value = merged(gathered) if step.merge else gathered
        if step.guard is not None and not guard_matches(step.guard, value.data):
            return Firing("skip", value.text())
        return _items(value) if step.iterate else Firing("run", value.text())
    except (MergeError, GuardError, json_values.BadValue) as error:
        return Firing("fail", reason=f"{step.name or step.kind}: {error}")


def sources(step: Step, round: bool) -> Sequence[int]:
    """The steps whose outputs the next activation reads, -1 for the workflow's input.

    In a ``round`` those are the steps that lead back.
    """
    if round:
        return step.back
    if step.index == 0:
        return (-1,)
    return [source for source in step.predecessors if source not in step.back]


def _items(value: TypedValue) -> Firing:
    """One activation per item of a list; anything else is one item."""
    if value.data == []:
        return Firing("skip", "[]")
    items = [item.text() for item in items_of(value)]
    if len(items) > MAX_ITEMS or sum(map(len, items)) > GATHERED:
        return Firing(
            "fail",
            reason=f"{len(items):,} items are too many: {MAX_ITEMS:,} and {GATHERED:,} bytes "
            "are the most",
        )
    return Firing("items", items=items)
