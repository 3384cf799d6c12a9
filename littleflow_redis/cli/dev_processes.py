"""The processes of ``up``, their environment and their order."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from littleflow_redis.workers.child_process import Child
from littleflow_redis.workers.embedded import READY_LINE, EmbeddedServer

from .app_settings import VARIABLES, settings_of_its_own
from .dev_web import Web

#: Part of the line that each process of ours logs when it is at work.
READY = "event=ready"

#: Part of the line by which the API says so.
API_READY = "event=serving"

#: Part of the line by which a Celery worker says that it serves steps, at log level info.
CELERY_READY = "event=serving-steps"

#: The categories of a Celery worker that serves steps.
_SERVE = "LITTLEFLOW_SERVE"

#: Database of the embedded server for Celery's queues and results, apart from the workflows'.
CELERY_DATABASE = 1

#: The prefix of keys. Ours have none, and other terminals must not have one either.
_NAMESPACE = "LITTLEFLOW_NAMESPACE"

#: Variables that may say where another Redis is, or under which names something is there: they are
#: not for our children. Some of them only the API reads.
_ELSEWHERE = (
    "REDIS_HOST",
    "REDIS_PORT",
    "REDIS_USERNAME",
    "REDIS_PASSWORD",
    "REDIS_SERVICE",
    "REDIS_AUTH",
    "WORKFLOWS_STREAM",
    "WORKFLOWS_KEY",
    "INPROGRESS_KEY",
    _NAMESPACE,
)


@dataclass(frozen=True, slots=True)
class CeleryOptions:
    """The options of ``up -A`` for the Celery app and its worker; None is Celery's default."""

    app: str
    categories: Sequence[str] = ()
    concurrency: int | None = None
    pool: str = "prefork"


def exports(
    server: EmbeddedServer, celery: CeleryOptions | None
) -> tuple[dict[str, str], list[str]]:
    """The variables that name ``server``, and those withheld as the app has its own settings.

    Raises :exc:`~littleflow_redis.cli.app_settings.AppError` if the app cannot be loaded.
    """
    variables = {"REDIS_URL": server.url()}
    if _NAMESPACE in os.environ:
        variables[_NAMESPACE] = ""
    if celery is None:
        return variables, []
    # Steps need no result backend. What else the app does may, as may tasks that return tasks.
    variables |= dict.fromkeys(VARIABLES, server.url(CELERY_DATABASE))
    withheld = settings_of_its_own(celery.app, _environment(variables))
    return {name: url for name, url in variables.items() if name not in withheld}, withheld


def stages(
    server: EmbeddedServer,
    variables: Mapping[str, str],
    celery: CeleryOptions | None,
    web: Web | None = None,
    *,
    log_level: str = "info",
    quiet: bool = False,
) -> list[list[Child]]:
    """The server first and last; between, all that works with it."""
    environment = _environment({**variables, "LOG_LEVEL": log_level})
    redis = Child(
        "redis", server.command, os.environ, READY_LINE, quiet=True, pass_fds=(server.lock,)
    )

    def python(
        name: str, ready: str, *arguments: str, env: Mapping[str, str] = environment
    ) -> Child:
        return Child(name, (sys.executable, "-m", *arguments), env, ready, quiet)

    if celery is None:
        workers = [
            python("worker", READY, "littleflow_redis", "worker"),
            python("receipts", READY, "littleflow_redis", "receipts"),
        ]
    else:
        served = {_SERVE: ",".join(one or "''" for one in celery.categories)}
        env = {**environment, **(served if celery.categories else {})}
        workers = [python("celery", CELERY_READY, *_celery_worker(celery), env=env)]
    if web is not None:
        env = web.environment(environment)
        workers.append(python("api", API_READY, *web.api_command, env=env))
        if web.console is not None:
            workers.append(python("console", READY, *web.console_command, env=env))
    return [[redis], workers]


def _celery_worker(celery: CeleryOptions) -> list[str]:
    command = ["celery", "-A", celery.app, "worker", "-I", "littleflow_redis.steps"]
    command += ["--loglevel", "INFO", "--pool", celery.pool]
    # A name of its own, should the app's broker have other workers. Alone on ours, it need not
    # spend seconds on looking for neighbours.
    command += ["--hostname", "up@%h", "--without-mingle", "--without-gossip"]
    if celery.concurrency is not None:
        command += ["--concurrency", str(celery.concurrency)]
    return command


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    return {**kept, "PYTHONUNBUFFERED": "1", **variables}
