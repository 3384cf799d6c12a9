"""Lets Celery workers serve steps: ``celery -A tasks worker -I littleflow_redis.steps``.

The app stays as it is; ``include=["littleflow_redis.steps"]`` in its settings does the same. The
module does nothing in programs that are no workers, nor in workers of other apps.
"""

from __future__ import annotations

import logging
import traceback
from typing import Any

import celery
from celery.signals import worker_init
from celery.utils.functional import maybe_list

LOG = logging.getLogger("littleflow_redis.worker")

#: The oldest version of Celery whose worker this fits.
OLDEST = (5, 6)


@worker_init.connect(weak=False)  # type: ignore[untyped-decorator]
def _install(sender: Any = None, **_: Any) -> None:
    if not _named_by(sender.app):
        from .events.logs import kv

        # The signal is one for all apps of a process.
        hint = f"if its workers are to serve steps, add {__name__} to its include"
        LOG.warning(kv("steps-not-served", app=sender.app.main, next=hint))
        return
    if celery.VERSION[:2] < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise SystemExit(
            f"littleflow_redis.steps needs Celery {oldest} or newer, and this is "
            f"{celery.__version__}: update it, or serve the steps by a bridge"
        )
    try:
        from .bridges.worker.install import install

        install(sender)
    except Exception as error:
        # Celery logs what a receiver of its signals raises, and goes on: without serving steps.
        traceback.print_exception(error)
        raise SystemExit(
            f"littleflow_redis.steps does not fit Celery {celery.__version__}: report the lines "
            "above, and serve the steps by a bridge meanwhile"
        ) from error


def _named_by(app: Any) -> bool:
    """Whether an app's settings, or `-I` of its worker, name this module."""
    conf = app.conf
    return __name__ in (*(maybe_list(conf.include) or ()), *(maybe_list(conf.imports) or ()))
