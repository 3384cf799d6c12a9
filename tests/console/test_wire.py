"""The types that the pages are written with say what the API's own specification says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from littleflow_redis.api import Config, create_app

WIRE = Path(__file__).parents[2] / "console/web/src/wire/types.ts"

#: What the API calls what the pages call otherwise.
SCHEMAS = {
    "Me": "Caller",
    "WireError": "Error",
    "WireWorkflow": "Steps",
    "WireTrace": "Changes",
    "WireCheck": "Checked",
    "WireDone": "Done",
    "WireBulk": "BulkDone",
    "WireDeadLetter": "Letter",
}
#: Not in the specification: what streams carry.
STREAMED = {"WireFeed"}

_INTERFACE = re.compile(r"export interface (\w+)(?: extends (\w+))? \{\n(.*?)\n\}", re.DOTALL)
_FIELD = re.compile(r"^  (\w+)\??: (.*?);?$", re.MULTILINE)


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    spec: Any = create_app(Config()).test_client().get("/apispec.json").get_json()
    return dict(spec["components"]["schemas"])


def interfaces() -> dict[str, dict[str, str]]:
    """The fields of each interface with their types, those of its base included."""
    found: dict[str, dict[str, str]] = {}
    for name, base, body in _INTERFACE.findall(WIRE.read_text()):
        found[name] = {**found.get(base, {}), **dict(_FIELD.findall(body))}
    return found


def properties(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = dict(schema.get("properties", {}))
    for part in schema.get("allOf", ()):
        name = part.get("$ref", "").rpartition("/")[2]
        found.update(properties(schemas.get(name, part), schemas))
    return found


@pytest.mark.parametrize("interface", [name for name in interfaces() if name not in STREAMED])
def test_every_field_is_in_the_specification(interface: str, schemas: dict[str, Any]) -> None:
    name = SCHEMAS.get(interface, interface.removeprefix("Wire"))
    known = properties(schemas[name], schemas)
    fields = interfaces()[interface]
    assert fields, "no field was read: has the form of wire.ts changed?"
    assert not set(fields) - set(known)
    for field, type_ in fields.items():
        nullable = "null" in str(known[field].get("type")) or "'null'" in str(known[field])
        if nullable and type_ != "unknown":
            assert "null" in type_, f"{interface}.{field} may be null"
