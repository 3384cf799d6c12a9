"""Loading a Celery app as ``celery -A`` does, and what about it makes bridging impossible."""

from __future__ import annotations

import os
import sys

import celery
from celery import Celery, Task
from celery.app.utils import find_app
from kombu.serialization import registry

from littleflow_redis.events.connection import ConfigurationError
from littleflow_redis.events.urls import ENCODE, is_readable

#: Workers of older versions store nothing for a task declared with ``ignore_result=True``, even if
#: the message asks for it.
_RESULTS_ON_REQUEST = (5, 6, 3)


def load_app(name: str) -> Celery:
    """Find the app, import its task modules and finalize it. Raises ConfigurationError.

    ``name`` is what follows ``-A``: ``module``, ``package``, ``package.module`` or ``module:app``.
    The working directory is importable from then on, as it is for a Celery worker.
    """
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    app = _find(name)
    try:
        app.loader.import_default_modules()
        app.finalize()
    # The user's modules run here: whatever they raise, the app cannot be used.
    except Exception as error:
        raise ConfigurationError(
            f"the task modules of {name} cannot be imported: {type(error).__name__}: {error}; "
            f"`celery -A {name} report` should say the same"
        ) from error
    check_app(app)
    return app


def app_prefixes(app: Celery, name: str) -> tuple[str, ...]:
    """The names for ``<app>`` in task names, best first: the app's own name, its module."""
    module = name.partition(":")[0]
    return tuple(dict.fromkeys(prefix for prefix in (app.main, module) if prefix))


def own_categories(app: Celery, name: str) -> tuple[str, ...]:
    """The categories that an app serves unasked: the empty one, its name's and its module's.

    ``name`` is what was given to ``-A``; of a module in packages the outermost counts.
    """
    module = name.partition(":")[0].partition(".")[0]
    return tuple(dict.fromkeys(("", app.main or "", module)))


def task_refusal(task: Task, *, results: bool = True) -> str | None:
    """Why this task cannot be a step, as a sentence that ends with what to set; None if it can.

    ``results``: its result is read from a result backend.
    """
    if _is_pickle(task.serializer):
        return f"{task.name} is sent as pickle: set serializer='json' on it"
    usual = task.app.conf.task_serializer
    name = task.serializer or usual
    setting = "task_serializer" if name == usual else "serializer"
    if reason := serializer_refusal(task.app, name, setting):
        return f"{task.name}: {reason}"
    return result_refusal(task) if results else None


def result_refusal(task: Task) -> str | None:
    """Why no worker would store a result of this task; None if one does."""
    if task.ignore_result and celery.VERSION[:3] < _RESULTS_ON_REQUEST:
        return (
            f"{task.name} has ignore_result=True, so Celery {celery.__version__} stores no result "
            "for it: set ignore_result=False on it, or use Celery 5.6.3 or later"
        )
    return None


def serializer_refusal(app: Celery, name: str, setting: str = "serializer") -> str | None:
    """Why arguments cannot be sent in this serializer, which ``setting`` says; None if they can.

    A message that the workers do not accept is dropped by them: nobody would ever hear of it.
    """
    if _is_pickle(name):
        return f"pickle can run any code where it is read: set {setting} to json"
    if name not in registry.name_to_type and name not in registry.type_to_name:
        known = (n for n in registry.name_to_type if not _is_pickle(n))
        return f"there is no serializer {name!r}: there are {', '.join(sorted(known))}"
    accepted = app.conf.accept_content
    types = {registry.name_to_type.get(one, one) for one in accepted or ()}
    if accepted is not None and registry.name_to_type.get(name, name) not in types:
        return (
            f"the app's workers do not accept {name}: set {setting} to one of "
            f"{', '.join(sorted(accepted))}, or add {name!r} to accept_content"
        )
    return None


def _find(name: str) -> Celery:
    try:
        app = find_app(name)
    except ModuleNotFoundError as error:
        raise ConfigurationError(_not_found(name, error)) from error
    except Exception as error:
        raise ConfigurationError(
            f"no Celery app can be loaded from {name}: {type(error).__name__}: {error}; name it as "
            "for `celery -A`, such as -A module or -A package.module:app"
        ) from error
    if not isinstance(app, Celery):
        raise ConfigurationError(
            f"{name} is a {type(app).__name__}, not a Celery app: name the app itself, as in "
            "-A module:app"
        )
    return app


def _not_found(name: str, error: ModuleNotFoundError) -> str:
    if error.name and f"{name.partition(':')[0]}.".startswith(f"{error.name}."):
        return (
            f"there is no module {error.name!r} in {os.getcwd()} or on PYTHONPATH: start where "
            f"`celery -A {name} worker` is started"
        )
    return f"{name} cannot be imported: {error}; install it where this process runs"


def check_app(app: Celery) -> None:
    """Raise ConfigurationError for what about an app makes bridging impossible."""
    if _is_pickle(app.conf.task_serializer):
        raise ConfigurationError(
            "the app sends tasks as pickle, which can run any code where it is read: set "
            "task_serializer='json'"
        )
    if app.conf.task_always_eager:
        raise ConfigurationError(
            "the app has task_always_eager=True, so tasks would run inside the bridge and not in "
            "a worker: set it to False"
        )
    check_urls("broker_url", app.conf.broker_write_url or app.conf.broker_url)
    try:
        # Constructed, not connected: the library that it takes is imported here.
        _ = app.connection_for_write().transport
    # Each transport's module raises what it likes where its library is missing.
    except Exception as error:
        raise ConfigurationError(
            f"the app's broker cannot be used: {type(error).__name__}: {error}; set broker_url, "
            "for example to 'redis://127.0.0.1:6379/0'"
        ) from error


def check_urls(setting: str, value: object) -> None:
    """Raise ConfigurationError if a URL in a setting cannot be read, without a part of it.

    Celery takes one, several with semicolons between them, or a list.
    """
    urls = value.split(";") if isinstance(value, str) else value
    for url in urls if isinstance(urls, list | tuple) else ():
        if isinstance(url, str) and not is_readable(url):
            raise ConfigurationError(f"the URL in {setting} cannot be read: {ENCODE}")


def _is_pickle(serializer: str | None) -> bool:
    """Tell by name or content type; an app may register either under other names too."""
    if serializer is None:
        return False
    content_type = registry.name_to_type.get(serializer, serializer)
    return bool(content_type == registry.name_to_type["pickle"])
