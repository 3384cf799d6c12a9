"""What an archive says, as what the script ``restore`` stores: each part of it checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgpack

from littleflow_redis.events.lua import Argument
from littleflow_redis.language import Flow, Step, StepKind

from . import values
from .archives import COUNTS, TIMES
from .checking import count, list_of, moment, object_of, sized_text, text
from .errors import BadArchive
from .flows import Packer
from .inputs import MAX_ITEMS
from .packing import depth, iterates
from .records import UNTOUCHED, Dynamic
from .states import StepState, WorkflowState
from .timers import TimerKind

#: Tokens that wait for one step: more than a loop can have ahead of it.
MAX_TOKENS = 100_000

#: Bytes of one output: that of an iteration holds those of its items.
MAX_OUTPUT = 64 * 1024 * 1024

_FIELD = re.compile(r"(0|[1-9][0-9]{0,5})(?:@([0-9]{1,7}(?:\.[0-9]{1,7}){0,99}))?", re.ASCII)
#: An input or an output that was kept, see ``keys``: its step's field is the group.
_KEPT = re.compile(r"[io]([^#]*)(?:#[0-9]{1,9})?", re.ASCII)
_FIRING = {kind.value for kind in TimerKind if kind.fires}


@dataclass(frozen=True, slots=True)
class Restored:
    """What the script ``restore`` stores. Flat lists hold fields and values in turn."""

    digest: str
    flow: Flow
    flow_digest: str
    flow_fields: list[Argument]
    input: str
    steps: list[Any]
    items: list[Any]
    outputs: list[Any]
    trace: list[bytes]
    done: int
    origin: str


@dataclass(slots=True)
class _Pending:
    """Activations of one step that had begun and not ended; ``rounds`` of them came back."""

    activations: list[int] = field(default_factory=list)
    rounds: int = 0


class Rebuilding:
    """One archive on its way; the order of the calls in ``restored`` matters."""

    def __init__(self, document: Mapping[str, Any], flow: Flow) -> None:
        self.document = document
        self.flow = flow
        self.tokens = self._counts("tokens")
        self.backs = self._counts("backs")

    def restored(self, digest: str) -> Restored:
        if self.document.get("state") not in list(WorkflowState):
            raise BadArchive("the state of an archive is one of " + ", ".join(WorkflowState))
        records = self._records()
        items = self._items(records)
        flow_digest, fields = Packer().pack(self.flow)
        steps: list[Any] = []
        for name, record in records.items():
            steps += (name, msgpack.packb(record))
        for prefix, counts in (("t", self.tokens), ("b", self.backs)):
            for name, number in counts.items():
                steps += (prefix + name, number) if number else ()
        return Restored(
            digest=digest,
            flow=self.flow,
            flow_digest=flow_digest,
            flow_fields=fields,
            input=self._value(self.document.get("input"), "input", values.MAX_OUTPUT),
            steps=steps,
            items=items,
            outputs=self._outputs(records),
            trace=self._trace(),
            done=sum(_done(self.flow, n, r) for n, r in records.items() if "@" not in n),
            origin=sized_text(self.document.get("id", ""), "id", 400),
        )

    def _step(self, name: str, where: str) -> Step:
        """The step of a field, if one under this scope can be."""
        found = _FIELD.fullmatch(name)
        if not found or int(found[1]) >= len(self.flow):
            raise BadArchive(f"{where}: the flow has no step {name[:40]!r}")
        step, scope = self.flow[int(found[1])], found[2]
        levels = scope.count(".") + 1 if scope else 0
        outer = depth(self.flow, step)
        if levels != outer and not (levels == outer + 1 and iterates(self.flow, step)):
            raise BadArchive(f"{where}: step {name[:40]!r} lies under {outer} iterations")
        return step

    def _counts(self, member: str) -> dict[str, int]:
        counts = object_of(self.document.get(member, {}), member)
        for name, number in counts.items():
            self._step(name, member)
            count(number, f"{member} of step {name}", MAX_TOKENS)
        return dict(counts)

    def _records(self) -> dict[str, list[Any]]:
        pending = self._timed()
        records = {}
        for name, shown in object_of(self.document.get("steps"), "steps").items():
            step, where = self._step(name, "steps"), f"step {name}"
            record = _record(object_of(shown, where), where)
            begun = pending.pop(name, _Pending())
            for attempt in list_of(shown.get("open", []), f"{where}: open"):
                shown_attempt = object_of(attempt, f"{where}: an open attempt")
                begun.activations.append(count(shown_attempt.get("activation"), f"{where}: open"))
            self._cancel(name, step, record, begun)
            records[name] = record
        if pending:
            raise BadArchive(f"timers: step {next(iter(pending))} has no record")
        return records

    def _timed(self) -> dict[str, _Pending]:
        """Which steps wait for Python or for a retry, without an open attempt."""
        found: dict[str, _Pending] = {}
        for timer in list_of(self.document.get("timers", []), "timers"):
            shown = object_of(timer, "a timer")
            name = text(shown.get("step"), "the step of a timer")
            self._step(name, "timers")
            if shown.get("kind") in _FIRING:
                pending = found.setdefault(name, _Pending())
                pending.activations.append(count(shown.get("activation"), "a timer"))
                pending.rounds += shown["kind"] == TimerKind.ROUND
        return found

    def _cancel(self, name: str, step: Step, record: list[Any], pending: _Pending) -> None:
        """Leave nothing open: one activation is marked, the others get their tokens back.

        A restart runs a marked step again, once; the tokens fire it as often as it is owed.
        """
        state = record[Dynamic.STATE - 1]
        going_on = (
            iterates(self.flow, step) and record[Dynamic.ITEMS - 1] > record[Dynamic.DONE - 1]
        )
        extra = len(pending.activations)
        if extra and not going_on and state != StepState.FAILED:
            extra -= 1
            state = StepState.CANCELLED
        elif not StepState(state).over and not going_on:
            state = StepState.CANCELLED if record[Dynamic.ACTIVATIONS - 1] else StepState.IDLE
        if state == StepState.CANCELLED:
            record[Dynamic.ENDED - 1] = 0
        if extra:
            rounds = min(pending.rounds, extra) if len(pending.activations) > extra else 0
            self._give_back(name, step, extra - rounds, rounds)
            record[Dynamic.ACTIVATIONS - 1] = max(record[Dynamic.ACTIVATIONS - 1] - extra, 0)
        record[Dynamic.STATE - 1] = str(state)

    def _give_back(self, name: str, step: Step, firings: int, rounds: int) -> None:
        owed = self.tokens.get(name, 0) + firings * max(step.threshold, 1)
        self.tokens[name] = count(owed, f"tokens of step {name}", MAX_TOKENS)
        if rounds:
            owed = self.backs.get(name, 0) + rounds * len(step.back)
            self.backs[name] = count(owed, f"backs of step {name}", MAX_TOKENS)

    def _items(self, records: Mapping[str, list[Any]]) -> list[Any]:
        """The items to store; those that an iteration has still to begin have to be there."""
        items = object_of(self.document.get("items", {}), "items")
        flat: list[Any] = []
        for name, value in items.items():
            kept = _KEPT.fullmatch(name)
            self._step(kept[1] if kept else name, "items")
            flat += (name, self._value(value, f"item {name}", MAX_OUTPUT))
        for name, record in records.items():
            first, last = record[Dynamic.NEXT - 1], record[Dynamic.ITEMS - 1]
            # An item's own record counts no items.
            for number in range(first, last):
                inner = f"{name}.{number}" if "@" in name else f"{name}@{number}"
                if inner not in items:
                    raise BadArchive(f"items: the iteration of step {name} misses item {number}")
        return flat

    def _outputs(self, records: Mapping[str, list[Any]]) -> list[Any]:
        flat: list[Any] = []
        for name, value in object_of(self.document.get("outputs", {}), "outputs").items():
            if name not in records:
                # Deleting a workflow finds its outputs by its records.
                raise BadArchive(f"outputs: step {name[:40]!r} has no record")
            flat += (name, self._value(value, f"the output of step {name}", MAX_OUTPUT))
        return flat

    @staticmethod
    def _value(value: Any, what: str, most: int) -> str:
        written = values.dump({} if value is None else value)
        if len(written) > most:
            raise BadArchive(f"{what} has {len(written):,} bytes, more than {most:,}")
        if values.too_deep(value):
            raise BadArchive(f"{what} has more than {values.MAX_NESTING} levels within each other")
        return written

    def _trace(self) -> list[bytes]:
        changes: list[bytes] = []
        for number, change in enumerate(list_of(self.document.get("trace", []), "trace")):
            where = f"change {number} of the trace"
            shown = object_of(change, where)
            name = text(shown.get("step", ""), where)
            if name:
                self._step(name, where)
            elif shown.get("what") not in list(WorkflowState):
                raise BadArchive(f"{where} names no step")
            packed = [
                moment(shown.get("at"), where),
                sized_text(shown.get("what"), where, 100),
                name,
                count(shown.get("activation", 0), where),
                count(shown.get("attempt", 0), where),
                text(shown.get("detail", ""), where),
            ]
            changes.append(msgpack.packb(packed))
        return changes


def _done(flow: Flow, name: str, record: list[Any]) -> int:
    """For how many steps it counts as over, as ``commit.lua`` does."""
    step, state = flow[int(name)], record[Dynamic.STATE - 1]
    if state not in (StepState.ENDED, StepState.SKIPPED):
        return 0
    if step.kind is not StepKind.SUBFLOW_END or not iterates(flow, step):
        return 1
    return step.index - step.partner


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
