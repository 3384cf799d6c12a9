"""Where the workflows of an app's worker are: the same in its main process and in its children."""

from __future__ import annotations

import os
from dataclasses import replace

from celery import Celery

from littleflow_redis.engine.model.errors import InvalidId
from littleflow_redis.engine.store.keys import Keys
from littleflow_redis.events.connection import ConfigurationError, ConnectionSettings

#: Schemes of brokers that are a Redis.
_REDIS = ("redis://", "rediss://", "unix://")


def redis_of(app: Celery) -> tuple[ConnectionSettings, str]:
    """The address of Redis, and who says so: the environment, or the app's broker if that is one.

    Raises ConfigurationError.
    """
    if any(os.environ.get(name) for name in ("REDIS_URL", "REDIS_HOST")):
        return ConnectionSettings.from_environment(), "environment"
    url = str(app.conf.broker_read_url or app.conf.broker_url or "")
    if url.startswith(_REDIS):
        return replace(ConnectionSettings.from_environment(), url=url), "broker"
    return ConnectionSettings.from_environment(), "default"


def keys_here() -> Keys:
    """The names of the keys, in the namespace that the environment names.

    Raises ConfigurationError.
    """
    try:
        return Keys(os.environ.get("LITTLEFLOW_NAMESPACE", ""))
    except InvalidId as error:
        raise ConfigurationError(f"{error}; set LITTLEFLOW_NAMESPACE") from error
