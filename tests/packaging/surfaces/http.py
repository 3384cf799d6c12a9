"""The HTTP API as its own OpenAPI document has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def operations(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """``GET /path`` with its operationId, parameters, bodies and answers."""
    return {
        f"{method.upper()} {path}": sorted(_operation(about, item.get("parameters", [])))
        for path, item in sorted(document["paths"].items())
        for method, about in item.items()
        if method != "parameters"
    }


def _operation(about: Mapping[str, Any], shared: list[Any]) -> Iterator[str]:
    yield f"operationId {about['operationId']}"
    for parameter in [*shared, *about.get("parameters", [])]:
        if "$ref" in parameter:
            yield f"parameter {_last(parameter)}"
        else:
            needed = " required" if parameter.get("required") else ""
            yield f"parameter {parameter['in']} {parameter['name']}{needed}"
    for type, content in about.get("requestBody", {}).get("content", {}).items():
        yield f"takes {type} {_kind(content.get('schema', {}))}"
    for status, answer in about["responses"].items():
        yield f"answers {status} {_last(answer) if '$ref' in answer else _answer(answer)}".rstrip()


def _answer(answer: Mapping[str, Any]) -> str:
    return " ".join(
        f"{t} {_kind(c.get('schema', {}))}" for t, c in answer.get("content", {}).items()
    )


def schemas(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """Each schema with its fields, their types, and which a request must have."""
    return {
        name: sorted(_fields(schema))
        for name, schema in sorted(document["components"]["schemas"].items())
    }


def _fields(schema: Mapping[str, Any]) -> Iterator[str]:
    needed = schema.get("required", ())
    for name, about in schema.get("properties", {}).items():
        yield f"{name}: {_kind(about)}{' required' if name in needed else ''}"


def _kind(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return _last(schema)
    if "enum" in schema:
        return "|".join(map(str, schema["enum"]))
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return " or ".join(map(_kind, schema[word]))
    given = schema.get("type", "any")
    kind = " or ".join(given) if isinstance(given, list) else str(given)
    return f"{kind} of {_kind(schema['items'])}" if "items" in schema else kind


def _last(reference: Mapping[str, Any]) -> str:
    return str(reference["$ref"]).rpartition("/")[2]
