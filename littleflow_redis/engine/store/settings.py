"""Settings for steps that do not say them themselves: by category, and by task.

A TOML file, ``app.conf.littleflow`` and options of commands all have this form::

    {"categories": {"math": {"timeout": 30, "celery": {"queue": "slow"}}},
     "tasks": {"math:add": {"bind": "whole"}}}

The engine's own options (:data:`.defaults.NAMES`) are set for categories; bridges read the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from littleflow_redis.events.connection import ConfigurationError
from littleflow_redis.language.errors import close_match
from littleflow_redis.language.flow import Json
from littleflow_redis.language.options import BadOption, read_options

from .defaults import NAMES

#: Options as ``read_options`` gives them, and of a task perhaps :data:`TASK`.
Options: TypeAlias = Mapping[str, Json]

CATEGORIES, TASKS = "categories", "tasks"

#: In the options of a step: the Celery task that serves it.
TASK = "task"

#: Options by kind of table, without the `$` that they have in a flow.
_NAMES: Mapping[str, Sequence[str]] = {
    CATEGORIES: (*NAMES, "bind", "celery"),
    TASKS: (TASK, "bind", "celery"),
}
_EXAMPLES = {CATEGORIES: "[categories.math]", TASKS: '[tasks."math:add"]'}
_WHAT = {CATEGORIES: "a category", TASKS: "a task"}


@dataclass(frozen=True, slots=True)
class Settings:
    """Checked settings; ``where`` says to people where they stand."""

    where: str = ""
    categories: Mapping[str, Options] = field(default_factory=dict)
    #: By step, as a flow has it (``math:add``), or by Celery task.
    tasks: Mapping[str, Options] = field(default_factory=dict)


def read_settings(document: object, where: str) -> Settings:
    """Check settings as they were written. Raises ConfigurationError, which says what is wrong."""
    if not isinstance(document, Mapping):
        raise ConfigurationError(f"{where}: needs tables, such as {_EXAMPLES[CATEGORIES]}")
    for kind in document:
        if kind not in _NAMES:
            raise ConfigurationError(f"{where}: {kind} is unknown ({_hint(kind, tuple(_NAMES))})")
    return Settings(where, _tables(document, CATEGORIES, where), _tables(document, TASKS, where))


def _tables(document: Mapping[str, object], kind: str, where: str) -> Mapping[str, Options]:
    tables = document.get(kind, {})
    if not isinstance(tables, Mapping):
        raise ConfigurationError(f"{where}: {kind} needs tables, such as {_EXAMPLES[kind]}")
    made: dict[str, Options] = {}
    for name, table in tables.items():
        place = place_of(where, kind, str(name))
        if not isinstance(table, Mapping):
            raise ConfigurationError(f"{place} needs a table, such as {_EXAMPLES[kind]}")
        made[str(name)] = read_table(kind, str(name), table, place)
    return made


def read_table(kind: str, name: str, options: Options, where: str) -> Options:
    """Check what is set for one category or task. Raises ConfigurationError."""
    try:
        if kind == CATEGORIES and ":" in name:
            hint = f"set it for {name.partition(':')[0]!r}, or for the task: {_EXAMPLES[TASKS]}"
            raise BadOption(f"{name!r} is no category", hint)
        return _read(kind, options)
    except BadOption as error:
        hint = f" ({error.hint})" if error.hint else ""
        raise ConfigurationError(f"{where}: {error}{hint}") from error


def _read(kind: str, options: Options) -> Options:
    for name in options:
        if name not in _NAMES[kind]:
            hint = _hint(name, _NAMES[kind])
            raise BadOption(f"{str(name)[:40]} cannot be set for {_WHAT[kind]}", hint)
    serves = options.get(TASK, "")
    if not isinstance(serves, str) or (TASK in options and not serves):
        raise BadOption(f"{TASK} needs the name of a Celery task")
    try:
        made = read_options({f"${name}": value for name, value in options.items() if name != TASK})
    except BadOption as error:
        raise BadOption(str(error).removeprefix("$"), error.hint) from error
    return made | ({TASK: serves} if serves else {})


def _hint(name: object, names: Sequence[str]) -> str:
    if name in NAMES and TASK in names:
        return f"set it for its category: {_EXAMPLES[CATEGORIES]}"
    close = close_match(name, names) if isinstance(name, str) else ""
    return close or f"there are: {', '.join(names)}"


def place_of(where: str, kind: str, name: str) -> str:
    """The place of a table, in words."""
    plain = name.replace("_", "").replace("-", "")
    return f"{where}: {kind}.{name}" if plain.isalnum() else f'{where}: {kind}."{name}"'
