"""The steps of an archive as they are restored: with nothing open, and what was is owed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from littleflow_redis.language import Flow, Step, StepKind

from ..model.errors import BadArchive
from ..model.records import UNTOUCHED, Dynamic
from ..model.states import DONE_STATES, StepState
from ..model.timers import TimerKind
from ..store.flow_codec import depth, iterates
from ..store.inputs import MAX_ITEMS
from .checks import count, list_of, moment, object_of, text
from .document import COUNTS, TIMES

_FIELD = re.compile(r"(0|[1-9][0-9]{0,5})(?:@([0-9]{1,7}(?:\.[0-9]{1,7}){0,99}))?", re.ASCII)
_FIRING = {kind.value for kind in TimerKind if kind.fires}

#: Activations that a restart begins again, and the kind of timer by which.
Owed = dict[int, str]


class StoppedSteps:
    """Reads what an archive says of its steps."""

    def __init__(self, document: Mapping[str, Any], flow: Flow) -> None:
        self._document = document
        self._flow = flow

    def check(self, name: str, where: str) -> None:
        """Raises BadArchive if there can be no step of this field."""
        step, levels = self.find(name, where)
        outer = depth(self._flow, step)
        if levels != outer and not (levels == outer + 1 and iterates(self._flow, step)):
            raise BadArchive(f"{where}: step {name[:40]!r} lies under {outer} iterations")

    def records(self) -> dict[str, list[Any]]:
        """The record of each step, with nothing open. Raises BadArchive."""
        waiting = self._waiting()
        records = {}
        for name, shown in object_of(self._document.get("steps"), "steps").items():
            step, levels = self.find(name, "steps")
            if levels < depth(self._flow, step):
                # An end without a token failed it: no item did, and there is nothing to restart.
                continue
            self.check(name, "steps")
            where = f"step {name}"
            given = object_of(shown, where)
            record = _record(given, where)
            owed = dict(_owed(given, where)) | waiting.pop(name, {})
            _check(owed, step, record, where)
            _stop(record, owed)
            records[name] = record
        if waiting:
            raise BadArchive(f"timers: step {next(iter(waiting))} has no record")
        return records

    def done(self, records: Mapping[str, list[Any]]) -> int:
        """The number of finished steps, counted as ``commit.lua`` does."""
        return sum(self._counts(int(name), r) for name, r in records.items() if "@" not in name)

    def _counts(self, index: int, record: list[Any]) -> int:
        if record[Dynamic.STATE - 1] not in DONE_STATES:
            return 0
        step = self._flow[index]
        whole = step.kind is StepKind.SUBFLOW_END and iterates(self._flow, step)
        return index - step.partner if whole else 1

    def find(self, name: str, where: str) -> tuple[Step, int]:
        """The step of a field, and under how many items that says it lies. Raises BadArchive if
        the flow has no such step.
        """
        found = _FIELD.fullmatch(name)
        if not found or int(found[1]) >= len(self._flow):
            raise BadArchive(f"{where}: the flow has no step {name[:40]!r}")
        return self._flow[int(found[1])], found[2].count(".") + 1 if found[2] else 0

    def _waiting(self) -> dict[str, Owed]:
        """The steps that wait for Python or for a retry, without an open attempt."""
        found: dict[str, Owed] = {}
        for timer in list_of(self._document.get("timers", []), "timers"):
            shown = object_of(timer, "a timer")
            name = text(shown.get("step"), "the step of a timer")
            self.check(name, "timers")
            if shown.get("kind") in _FIRING:
                activation = count(shown.get("activation"), "a timer")
                found.setdefault(name, {})[activation] = shown["kind"]
        return found


def _owed(shown: Mapping[str, Any], where: str) -> Iterator[tuple[int, str]]:
    """The activations that failed, were cancelled, or were open, with their kinds."""
    for each in list_of(shown.get("owed", []), f"{where}: owed"):
        given = object_of(each, f"{where}: what is owed")
        if given.get("kind") not in sorted(_FIRING):
            raise BadArchive(f"{where}: what is owed is of a kind: {', '.join(sorted(_FIRING))}")
        yield count(given.get("activation"), f"{where}: owed"), given["kind"]
    for each in list_of(shown.get("open", []), f"{where}: open"):
        given = object_of(each, f"{where}: an open attempt")
        yield count(given.get("activation"), f"{where}: open"), TimerKind.RETRY.value


def _check(owed: Owed, step: Step, record: list[Any], where: str) -> None:
    """Raises BadArchive for what no run can owe."""
    if any(activation > record[Dynamic.ACTIVATIONS - 1] for activation in owed):
        raise BadArchive(f"{where}: it owes an activation that it has not had")
    if TimerKind.ROUND.value in owed.values() and not step.back:
        raise BadArchive(f"{where}: it owes a round, and nothing leads back to it")


def _stop(record: list[Any], owed: Owed) -> None:
    """Cancel what had begun and was not over. An iteration goes on with its items; idle is what
    nothing has reached, or what a restart has undone, whose tokens fire it.
    """
    state = record[Dynamic.STATE - 1]
    going_on = record[Dynamic.ITEMS - 1] > record[Dynamic.DONE - 1]
    begun = not (StepState(state).over or state == StepState.IDLE or going_on)
    if begun or (owed and state not in (StepState.FAILED, StepState.CANCELLED) and not going_on):
        cancelled = owed or record[Dynamic.ACTIVATIONS - 1]
        record[Dynamic.STATE - 1] = str(StepState.CANCELLED if cancelled else StepState.IDLE)
        record[Dynamic.ENDED - 1] = 0
    record[Dynamic.OWED - 1] = [list(each) for each in sorted(owed.items())]


def _record(shown: Mapping[str, Any], where: str) -> list[Any]:
    """The packed form of a step's record, with no attempt open."""
    record: list[Any] = list(UNTOUCHED)
    state = shown.get("state")
    if state not in list(StepState):
        raise BadArchive(f"{where}: its state is one of {', '.join(StepState)}")
    record[Dynamic.STATE - 1] = state
    record[Dynamic.REASON - 1] = text(shown.get("reason", ""), f"{where}: reason")
    record[Dynamic.OPEN - 1] = []
    for member in COUNTS:
        name = member.name.lower()
        most = MAX_ITEMS if member in (Dynamic.ITEMS, Dynamic.NEXT, Dynamic.DONE) else None
        record[member - 1] = count(shown.get(name, 0), f"{where}: {name}", most)
    for member in TIMES:
        record[member - 1] = moment(shown.get(member.name.lower()), f"{where}: {member.name}")
    if not record[Dynamic.DONE - 1] <= record[Dynamic.NEXT - 1] <= record[Dynamic.ITEMS - 1]:
        raise BadArchive(f"{where}: done, next and items of an iteration are in this order")
    return record
