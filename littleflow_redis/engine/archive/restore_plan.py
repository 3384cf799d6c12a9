"""Conversion of a checked archive to the state that the script ``restore`` stores."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgpack

from littleflow_redis.language import Flow

from ..model import json_values, records, typed_values
from ..model.errors import BadArchive
from ..model.limits import GATHERED
from ..model.records import Dynamic
from ..model.states import WorkflowState
from ..model.typed_values import TypedValue
from ..store.flows import encode_flow
from ..store.restored_state import RestoredState
from .checks import count, list_of, moment, object_of, sized_text, text
from .stopped_steps import StoppedSteps

#: Tokens that wait for one step: more than a loop can have ahead of it.
MAX_TOKENS = 100_000

#: An input or an output that was kept, see ``keys``: its step's field is the group.
_KEPT = re.compile(r"[io]([^#]*)(?:#[0-9]{1,9})?", re.ASCII)


class RestorePlan:
    """One archive on its way."""

    def __init__(self, document: Mapping[str, Any], flow: Flow) -> None:
        self._document = document
        self._flow = flow
        self._steps = StoppedSteps(document, flow)
        self._form = self._read_form()
        self._types = self._read_types()

    def restored(self, digest: str) -> RestoredState:
        if self._document.get("state") not in list(WorkflowState):
            raise BadArchive("the state of an archive is one of " + ", ".join(WorkflowState))
        records = self._steps.records()
        steps: list[Any] = []
        for name, record in records.items():
            steps += (name, msgpack.packb(record))
        for member in ("tokens", "backs"):
            for name, number in self._counts(member).items():
                steps += (member[0] + name, number) if number else ()
        outputs, types = self._outputs(records)
        flow_digest, packed_flow = encode_flow(self._flow)
        return RestoredState(
            digest=digest,
            form=self._form,
            flow=self._flow,
            flow_digest=flow_digest,
            packed_flow=packed_flow,
            input=self._input(),
            steps=steps,
            items=self._items(records),
            outputs=outputs,
            types=types,
            trace=self._trace(),
            done=self._steps.done(records),
            origin=sized_text(self._document.get("id", ""), "id", 400),
        )

    def _read_form(self) -> int:
        if self._document.get("version") == 1:
            return 1
        form = count(self._document.get("form"), "form")
        if not 1 <= form <= records.VERSION:
            raise BadArchive(
                f"the workflow has form {form}, this process runs 1 to {records.VERSION}: upgrade "
                "littleflow_redis"
            )
        return form

    def _read_types(self) -> Mapping[str, Mapping[str, Any]]:
        """The types of outputs and of items, by their names."""
        given = object_of(self._document.get("types", {}), "types") if self._form > 1 else {}
        found = {
            part: object_of(given.get(part, {}), f"types of {part}")
            for part in ("outputs", "items")
        }
        for part, types in found.items():
            for name in types:
                if name not in object_of(self._document.get(part, {}), part):
                    raise BadArchive(f"types: {part} has no {name[:40]!r}")
        return found

    def _counts(self, member: str) -> Mapping[str, int]:
        counts = object_of(self._document.get(member, {}), member)
        for name, number in counts.items():
            self._steps.check(name, member)
            count(number, f"{member} of step {name}", MAX_TOKENS)
        return counts

    def _items(self, records: Mapping[str, list[Any]]) -> list[Any]:
        """The items to store; those that an iteration has still to begin have to be there."""
        items = object_of(self._document.get("items", {}), "items")
        flat: list[Any] = []
        for name, value in items.items():
            kept = _KEPT.fullmatch(name)
            self._steps.check(kept[1] if kept else name, "items")
            flat += (name, self._text(value, "items", name))
        for name, record in records.items():
            first, last = record[Dynamic.NEXT - 1], record[Dynamic.ITEMS - 1]
            # An item's own record counts no items.
            for number in range(first, last):
                inner = f"{name}.{number}" if "@" in name else f"{name}@{number}"
                if inner not in items:
                    raise BadArchive(f"items: the iteration of step {name} misses item {number}")
        return flat

    def _outputs(self, records: Mapping[str, list[Any]]) -> tuple[list[Any], list[Any]]:
        """The outputs to store, and the types of those that have some."""
        flat: list[Any] = []
        flat_types: list[Any] = []
        for name, value in object_of(self._document.get("outputs", {}), "outputs").items():
            if name not in records:
                # Deleting a workflow finds its outputs by its records.
                raise BadArchive(f"outputs: step {name[:40]!r} has no record")
            plain, types = typed_values.split(self._text(value, "outputs", name))
            flat += (name, plain)
            flat_types += (name, types) if types else ()
        return flat, flat_types

    def _input(self) -> str:
        given = self._document.get("input")
        return _text(TypedValue({} if given is None else given), "input", json_values.MAX_OUTPUT)

    def _text(self, value: Any, part: str, name: str) -> str:
        """A value's text, from its part of the document; null is none in a run of form 1."""
        if value is None and self._form < 2:
            value = {}
        return _text(TypedValue(value, self._types[part].get(name)), f"{part}: {name}", GATHERED)

    def _trace(self) -> list[bytes]:
        changes: list[bytes] = []
        for number, change in enumerate(list_of(self._document.get("trace", []), "trace")):
            where = f"change {number} of the trace"
            shown = object_of(change, where)
            name = text(shown.get("step", ""), where)
            if name:
                self._steps.find(name, where)
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


def _text(value: TypedValue, where: str, most: int) -> str:
    try:
        json_values.check_nesting(value.data, where)
        if value.types:
            typed_values.checked(value.types)
        written = value.text()
    except json_values.BadValue as error:
        raise BadArchive(f"{where}: {error}") from error
    if len(written) > most:
        raise BadArchive(f"{where} has {len(written):,} bytes, more than {most:,}")
    return written
