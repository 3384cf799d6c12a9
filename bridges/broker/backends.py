"""Which result backends can report to a bridge how a task ended.

A backend must keep results where another process can read them later, as bytes that are plain
data. Redis publishes each result at once, all others are polled (see :mod:`.readers`).
"""

from __future__ import annotations

from celery import Celery
from celery.backends.base import Backend, DisabledBackend
from celery.backends.cache import CacheBackend
from celery.backends.rpc import RPCBackend
from celery.exceptions import ImproperlyConfigured

from littleflow_redis.events.connection import ConfigurationError

from ..app import check_urls
from .readers import is_redis
from .records import DECODERS

_ADVICE = "set result_backend, for example to 'redis://127.0.0.1:6379/1'"


def result_backend(app: Celery) -> Backend:
    """The app's result backend. Raises ConfigurationError if a bridge cannot read results there."""
    check_urls("result_backend", app.conf.result_backend)
    try:
        backend = app.backend
    except (ImproperlyConfigured, ImportError, ValueError) as error:
        raise ConfigurationError(
            f"the app's result backend cannot be used: {error}; {_ADVICE}"
        ) from error
    if reason := _refusal(backend):
        raise ConfigurationError(f"{reason}: {_ADVICE}")
    if backend.content_type not in DECODERS:
        raise ConfigurationError(
            f"results are stored as {backend.serializer}, which cannot be read as plain data: set "
            "result_serializer='json'"
        )
    return backend


def publishes_results(backend: Backend) -> bool:
    """Whether the backend publishes each result, so that nobody has to poll for it."""
    return is_redis(backend)


def _refusal(backend: object) -> str | None:
    match backend:
        case DisabledBackend():
            return "the app stores no results, so nobody could learn how a task ended"
        case RPCBackend():
            return "rpc:// sends a result once, to the sender of the task, and stores nothing"
        case CacheBackend():
            return "a cache forgets results when it is full or starts anew"
        case _ if not hasattr(backend, "_get_task_meta_for"):
            return f"{type(backend).__name__} keeps no records"
        case _:
            return None
