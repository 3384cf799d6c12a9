"""Options by category: from ``--default``, and from a TOML file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

#: The table of the file that says what holds for which category.
TABLE = "categories"


def defaults_of(config: Path | None, texts: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Options by category, checked. What ``--default`` says wins over the file.

    Raises ClickException, which says where the mistake is.
    """
    given = _read_file(config) if config else {}
    for text in texts:
        _add(given, text)
    return {category: _checked(f"--default {category}:", of) for category, of in given.items()}


def _read_file(path: Path) -> dict[str, dict[str, Any]]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise click.ClickException(f"{path}: cannot be read: {error}") from error
    for name in document:
        if name != TABLE:
            raise click.ClickException(f"{path}: {name} is unknown; there is only [{TABLE}.NAME]")
    tables = document.get(TABLE, {})
    if not isinstance(tables, dict):
        raise click.ClickException(f"{path}: {TABLE} needs tables, such as [{TABLE}.math]")
    for category, table in tables.items():
        name = category or '""'
        where = f"{path}: {TABLE}.{name}"
        if not isinstance(table, dict):
            raise click.ClickException(f"{where} needs a table, such as [{TABLE}.math]")
        _checked(f"{where}:", table)
    return tables


def _add(given: dict[str, dict[str, Any]], text: str) -> None:
    category, colon, setting = text.partition(":")
    name, equals, value = setting.partition("=")
    if not colon or "=" in category or (setting and not (name and equals)):
        raise click.ClickException(
            f"--default {text}: write CATEGORY:KEY=VALUE, such as math:timeout=30, or CATEGORY: "
            "alone to remove what holds for it"
        )
    if not setting:
        given[category] = {}
        return
    _checked(f"--default {text}:", {name: _value(value)})
    given.setdefault(category, {})[name] = _value(value)


def _value(text: str) -> Any:
    # A time such as 30s needs no quotes.
    try:
        return json.loads(text)
    except ValueError:
        return text


def _checked(where: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    from littleflow_redis.engine.defaults import read_defaults
    from littleflow_redis.language import BadOption

    try:
        return read_defaults(given)
    except BadOption as error:
        hint = f" ({error.hint})" if error.hint else ""
        raise click.ClickException(f"{where} {error}{hint}") from error
