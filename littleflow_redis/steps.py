"""Lets Celery workers serve steps: ``celery -A tasks worker -I littleflow_redis.steps``.

The app stays as it is; ``include=["littleflow_redis.steps"]`` in its settings does the same. The
module does nothing in programs that are no workers.
"""

from __future__ import annotations

from typing import Any

from celery.signals import worker_init


@worker_init.connect(weak=False)  # type: ignore[untyped-decorator]
def _install(sender: Any = None, **_: Any) -> None:
    from .bridges.worker.install import install

    install(sender)
