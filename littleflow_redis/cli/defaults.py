"""The options of categories and tasks, from the command line or a TOML file of the same form."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from littleflow_redis.engine.store.settings import Options, Settings


def defaults_of(config: Path | None, texts: Sequence[str]) -> dict[str, Options]:
    """The options that the engine acts on, by category. What ``--default`` says wins over the file.

    Raises ClickException, which says where the mistake is.
    """
    from littleflow_redis.engine.store.defaults import engine_options

    given = {
        category: made
        for category, options in (file_settings(config).categories if config else {}).items()
        if (made := engine_options(options)) or not options
    }
    for category, options in option_settings(texts, removable=True).categories.items():
        given[category] = {**given.get(category, {}), **options} if options else {}
    return given


def file_settings(path: Path) -> Settings:
    """Read a TOML file. Raises ClickException, which says where the mistake is."""
    from littleflow_redis.engine.store.settings import read_settings
    from littleflow_redis.events.connection import ConfigurationError

    try:
        return read_settings(tomllib.loads(path.read_text(encoding="utf-8")), str(path))
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise click.ClickException(f"{path}: cannot be read: {error}") from error


def option_settings(
    defaults: Sequence[str], tasks: Sequence[str] = (), *, removable: bool = False
) -> Settings:
    """The values of ``--default CATEGORY:KEY=VALUE`` and ``--task STEP:KEY=VALUE``, checked.

    With ``removable``, ``CATEGORY:`` alone gives that category without options.
    Raises ClickException, which repeats what is wrong.
    """
    from littleflow_redis.engine.store.settings import CATEGORIES, TASKS, Settings

    return Settings(
        "options",
        _by_name(CATEGORIES, "--default", defaults, removable=removable),
        _by_name(TASKS, "--task", tasks),
    )


def _by_name(
    kind: str, option: str, texts: Iterable[str], *, removable: bool = False
) -> dict[str, Options]:
    from littleflow_redis.engine.store.settings import read_table
    from littleflow_redis.events.connection import ConfigurationError

    written: dict[str, dict[str, Any]] = {}
    made: dict[str, Options] = {}
    for text in texts:
        name, keys, value = _parts(option, text, removable=removable)
        if not keys:
            written[name] = {}
        else:
            _put(written.setdefault(name, {}), keys, value)
        try:
            made[name] = read_table(kind, name, written[name], f"{option} {text}")
        except ConfigurationError as error:
            raise click.ClickException(str(error)) from error
    return made


def _parts(option: str, text: str, *, removable: bool) -> tuple[str, list[str], Any]:
    """Name, keys from outside in, value."""
    setting, equals, value = text.partition("=")
    name, colon, key = setting.rpartition(":")
    if colon and equals and key:
        return name, key.split("."), _value(value)
    if removable and colon and not equals and not key:
        return name, [], None
    what, example = ("STEP", "math:add:bind=whole")
    if option == "--default":
        what, example = ("CATEGORY", "math:timeout=30")
    alone = f", or {what}: alone to remove its defaults" if removable else ""
    raise click.ClickException(f"{option} {text}: write {what}:KEY=VALUE, such as {example}{alone}")


def _put(table: dict[str, Any], keys: Sequence[str], value: Any) -> None:
    """Set one value, in tables of its own if the key has dots: ``celery.queue``."""
    first, *rest = keys
    if not rest:
        table[first] = value
        return
    inner = table.get(first)
    table[first] = dict(inner) if isinstance(inner, Mapping) else {}
    _put(table[first], rest, value)


def _value(text: str) -> Any:
    # A time such as 30s needs no quotes.
    try:
        return json.loads(text)
    except ValueError:
        return text
