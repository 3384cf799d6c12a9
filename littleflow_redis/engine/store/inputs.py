"""Inputs that need Python: merges and guards. The scripts gather all others themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import redis

from littleflow_redis.events.script_batch import run_batch
from littleflow_redis.language import Flow, GuardError, MergeError, Step, guard_matches

from ..model import json_values
from ..model.errors import NewerVersion
from ..model.limits import GATHERED
from ..model.script_results import Firing
from ..model.timers import Timer, TimerKind
from ..model.tokens import activation_of
from ..model.typed_values import TypedValue, items_of, merged
from .flows import Flows
from .gathering import Gathering
from .keys import ITEMS, Keys

#: Items of one iteration.
MAX_ITEMS = 100_000

#: Errors of an input: the workflow is gone or a newer version's, as the script sees too, or
#: somebody wrote something else where an output was.
_WRONG = (LookupError, MergeError, NewerVersion, json_values.BadValue)


class Inputs:
    """Computes the inputs of ready steps from their predecessors' stored outputs."""

    def __init__(self, client: redis.Redis, keys: Keys, flows: Flows) -> None:
        self._client = client
        self._keys = keys
        self._flows = flows

    def firings(self, ready: Sequence[Timer]) -> list[Firing]:
        """Decide how ready steps go on. The inputs of all new activations take two round trips.

        Whatever is wrong with an input fails its step, finally: another try would find the same.
        """
        new = self._new([timer for timer in ready if timer.kind is not TimerKind.RETRY])
        return [
            self._retried(timer) if timer.kind is TimerKind.RETRY else next(new) for timer in ready
        ]

    def _new(self, ready: Sequence[Timer]) -> Iterator[Firing]:
        runs = self._flows.of_runs({timer.workflow for timer in ready})
        found = [_gathering(runs[timer.workflow], timer) for timer in ready]
        reads = [read for one in found if isinstance(one, Gathering) for read in one.reads()]
        replies = iter(run_batch(self._client, reads))
        for one in found:
            yield one if isinstance(one, Firing) else _decided(one, replies)

    def _retried(self, timer: Timer) -> Firing:
        try:
            text = self.text(timer.workflow, timer.index, timer.scope, int(timer.rest))
        except _WRONG as error:
            return Firing("fail", reason=str(error))
        return Firing("run", text)

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
        except _WRONG as error:
            return "", f"its input cannot be read again: {error}"

    def given(self, workflow: str, index: int, scope: str, activation: int) -> TypedValue:
        """The input of a step; for an iteration the whole list. Raises MergeError."""
        run = self._flows.of_run(workflow)
        gathering = Gathering.of(run, workflow, index, scope, activation)
        value = gathering.value(iter(run_batch(self._client, gathering.reads())))
        return merged(value) if gathering.step.merge else value


def first_input(flow: Flow, given: Any) -> str:
    """A workflow's input as JSON text: ``given``, merged over the flow's default if both are
    objects. Raises BadValue.
    """
    default = flow.input
    if given is None:
        given = {} if default is None else default
    elif isinstance(default, Mapping) and isinstance(given, Mapping):
        given = {**default, **given}
    text = json_values.dump(given)
    json_values.check_size(text, "the input")
    json_values.check_nesting(given, "the input")
    return text


def firing_of(step: Step, gathered: TypedValue) -> Firing:
    """Decide how a step with a merge, a guard or an iteration goes on, by what it gathered."""
    try:
        value = merged(gathered) if step.merge else gathered
        if step.guard is not None and not guard_matches(step.guard, value.data):
            return Firing("skip", value.text())
        return _items(value) if step.iterate else Firing("run", value.text())
    except (MergeError, GuardError, json_values.BadValue) as error:
        return Firing("fail", reason=f"{step.name or step.kind}: {error}")


def _gathering(run: tuple[Flow, int] | Exception, timer: Timer) -> Gathering | Firing:
    try:
        if isinstance(run, Exception):
            raise run
        round = timer.kind is TimerKind.ROUND
        return Gathering.of(run, timer.workflow, timer.index, timer.scope, int(timer.rest), round)
    except _WRONG as error:
        return Firing("fail", reason=str(error))


def _decided(gathering: Gathering, replies: Iterator[Any]) -> Firing:
    try:
        return firing_of(gathering.step, gathering.value(replies))
    except _WRONG as error:
        return Firing("fail", reason=str(error))


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
