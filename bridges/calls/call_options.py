"""How steps are called that do not say it themselves: ``bind`` and Celery's options.

What is set for a task wins over what is set for its category; of the same, the command's options
over the file, the file over ``app.conf.littleflow``. Of ``celery`` each option goes by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from celery import Celery

from littleflow_redis.engine.model.task_events import category_of
from littleflow_redis.engine.store.settings import (
    CATEGORIES,
    TASK,
    TASKS,
    Options,
    Settings,
    place_of,
    read_settings,
)
from littleflow_redis.events.connection import ConfigurationError

from ..app import serializer_refusal
from .task_lookup import Found, TaskLookup

#: Where an app has its settings.
APP_CONF = "app.conf.littleflow"

#: What a Celery worker that serves steps itself reads there: see ``worker/worker_settings.py``.
WORKER_SETTINGS = frozenset(
    {"serve", "roles", "prefetch", "lifetime", "retain", "retain_failed", "terminate_signal"}
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A value, and where it was set, for people."""

    value: Any
    where: str


def app_settings(app: Celery) -> Settings:
    """The options of the app itself. Raises ConfigurationError."""
    given = app.conf.get("littleflow")
    if isinstance(given, Mapping):
        given = {name: value for name, value in given.items() if name not in WORKER_SETTINGS}
    return read_settings({} if given is None else given, APP_CONF)


class CallOptions:
    """Settings from several places, ``layers``: the first that says something has it."""

    def __init__(self, layers: Sequence[Settings] = ()) -> None:
        self._layers = tuple(layers)

    @property
    def mapping(self) -> dict[str, str]:
        """The Celery task by step, where that is set."""
        return {
            base: str(options[TASK])
            for layer in reversed(self._layers)
            for base, options in layer.tasks.items()
            if TASK in options
        }

    def of(self, base: str, task: str) -> dict[str, Choice]:
        """The options of steps ``base`` that ``task`` serves, by names as :func:`flat` has them."""
        found: dict[str, Choice] = {}
        tables = [
            *self._tables(TASKS, base),
            *self._tables(TASKS, task),
            *self._tables(CATEGORIES, category_of(base)),
        ]
        for place, options in tables:
            for name, value in flat(options).items():
                found.setdefault(name, Choice(value, place))
        return found

    def categories(self, served: Collection[str]) -> dict[str, Options]:
        """The options of these categories, engine's options too; empty where nothing is set."""
        made: dict[str, Options] = {}
        for category in served:
            tables = [options for _, options in self._tables(CATEGORIES, category)]
            made[category] = {
                name: value for one in reversed(tables) for name, value in one.items()
            }
        return made

    def check(self, app: Celery, names: TaskLookup, served: Collection[str]) -> None:
        """Raise ConfigurationError if a task is set up that is not there, or cannot be sent so."""
        for layer in self._layers:
            for base, options in layer.tasks.items():
                if base not in names.tasks and category_of(base) not in served:
                    continue
                place = place_of(layer.where, TASKS, base)
                _check_serializer(app, options, place)
                found = names.resolve(base)
                if base not in names.tasks and not isinstance(found, Found):
                    raise ConfigurationError(f"{place}: {found.reason}")
            for category in layer.categories.keys() & served:
                options = layer.categories[category]
                _check_serializer(app, options, place_of(layer.where, CATEGORIES, category))

    def _tables(self, kind: str, name: str) -> Iterator[tuple[str, Options]]:
        for layer in self._layers:
            tables = layer.tasks if kind == TASKS else layer.categories
            if name in tables:
                yield place_of(layer.where, kind, name), tables[name]


def flat(options: Options) -> dict[str, Any]:
    """Options with each of Celery's under a name of its own, such as ``$celery.queue``."""
    made: dict[str, Any] = {}
    for name, value in options.items():
        if name == "$celery" and isinstance(value, Mapping):
            made |= {f"$celery.{inner}": one for inner, one in value.items()}
        else:
            made[name] = value
    return made


def _check_serializer(app: Celery, options: Options, place: str) -> None:
    name = flat(options).get("$celery.serializer")
    if name is not None and (reason := serializer_refusal(app, name)):
        raise ConfigurationError(f"{place}: {reason}")


def celery_options(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Celery's options among flat ones."""
    prefix = "$celery."
    return {
        name.removeprefix(prefix): value
        for name, value in chosen.items()
        if name.startswith(prefix)
    }
