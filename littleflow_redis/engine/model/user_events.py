"""Users' events: what they carry, by which digest a wait finds them, and what it makes of them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import json_values
from .errors import EventTooLarge
from .event_kinds import EventKind
from .task_events import Garbage, kind_of

#: Kinds that the engine itself writes and reads.
OURS = frozenset(EventKind)

#: Characters of a kind; it is part of a key's name.
MAX_KIND = 200

#: Field that limits an event to one workflow.
FOR_WORKFLOW = "for-workflow"

#: Fields that whoever sends an event cannot set: sending does.
RESERVED_FIELDS = frozenset({"kind", "apiVersion", "at", FOR_WORKFLOW})


@dataclass(frozen=True, slots=True)
class UserEvent:
    """A user's event. ``workflow`` is the full id of the one it is meant for, empty for all."""

    id: str
    kind: str
    workflow: str
    fields: Mapping[str, Any]

    @property
    def text(self) -> str:
        return json_values.dump(dict(self.fields))

    def digest(self, shape: str) -> str:
        """The digest by which a wait that compares the fields of ``shape`` finds this event."""
        return digest(self.kind, {name: self.fields.get(name) for name in names_of(shape)})

    def output(self, shape: str) -> str:
        """The output of such a wait as JSON text; empty if it is the wait's input.

        An object in the event's field ``output`` is merged over what was matched; any other value
        is the output. Without an output the input is passed on; it is what was matched, if anything
        was.
        """
        matched = {name: self.fields.get(name) for name in names_of(shape)}
        given = self.fields.get("output")
        if given is None:
            return json_values.dump(matched) if matched else ""
        return json_values.dump({**matched, **given} if isinstance(given, dict) else given)


def is_user_event(fields: Mapping[bytes, bytes]) -> bool:
    """Whether an entry is a user's event, which a workflow may wait for."""
    kind = kind_of(fields)
    return kind is not None and kind not in OURS


def check_data(data: Mapping[str, Any]) -> None:
    """Raise BadValue for fields of an event to send that are not its sender's to set."""
    if ours := sorted(RESERVED_FIELDS & data.keys()):
        raise json_values.BadValue(
            f"the fields of an event cannot hold {', '.join(ours)}, which sending sets: name the "
            "kind and the workflow beside them"
        )


def check_size(kind: str, fields: Mapping[str, str]) -> None:
    """Raise EventTooLarge for an event that ``signal`` would not read; ``fields`` are encoded."""
    size = sum(map(len, fields.values()))
    if kind not in OURS and size > json_values.MAX_OUTPUT:
        raise EventTooLarge(size, json_values.MAX_OUTPUT)


def signal(id: str, entry: Mapping[bytes, bytes], full_id: Callable[[str], str]) -> UserEvent:
    """Read a user's event. Raises Garbage or InvalidId if nobody can wait for it."""
    if sum(map(len, entry.values())) > json_values.MAX_OUTPUT:
        raise Garbage(f"it has more than {json_values.MAX_OUTPUT:,} bytes")
    try:
        fields = {name.decode(): json_values.load(text) for name, text in entry.items()}
        check_nesting(fields)
    except (json_values.BadValue, UnicodeDecodeError) as error:
        raise Garbage(f"a field cannot be read: {error}") from error
    return read(id, fields, full_id)


def check_nesting(fields: Mapping[str, Any]) -> None:
    """Raise BadValue for an event with a field of too many levels."""
    for name, value in fields.items():
        json_values.check_nesting(value, f"field {name!r}")


def read(id: str, fields: Mapping[str, Any], full_id: Callable[[str], str]) -> UserEvent:
    """The same from decoded fields, as the mailbox has them."""
    kind, meant = fields["kind"], fields.get(FOR_WORKFLOW) or ""
    if len(kind) > MAX_KIND:
        raise Garbage(f"its kind has more than {MAX_KIND} characters")
    if not isinstance(meant, str):
        raise Garbage(f"field {FOR_WORKFLOW!r} must be a workflow's id")
    return UserEvent(id, kind, full_id(meant) if meant else "", fields)


def shape_of(match: Mapping[str, Any]) -> str:
    """The names of the fields that a wait compares, as JSON text."""
    return json_values.dump(sorted(match))


def names_of(shape: str) -> Sequence[str]:
    names: list[str] = json_values.load(shape)
    return names


def digest(kind: str, match: Mapping[str, Any]) -> str:
    """A short text that is equal for equal kinds, names and values, and for no others."""
    names = sorted(match)
    text = _canonical([kind, names, [match[name] for name in names]])
    # 120 bits: no two will ever meet, and no padding stands at its end.
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:15]).decode()


def _canonical(value: Any) -> str:
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def _plain(value: Any) -> Any:
    """The value with one form for each number: to JSON 1.0 and 1 are the same."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {name: _plain(inner) for name, inner in value.items()}
        case list():
            return [_plain(inner) for inner in value]
        case _:
            return value
