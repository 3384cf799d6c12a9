"""Which processes a chaotic run consists of, as people start them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

_PYTHON = (sys.executable, "-m")

_APP = "tests.chaos.apps.chaosapp"

_CELERY = (
    *_PYTHON, "celery", "-A", _APP, "worker", "--loglevel", "INFO",
    "--without-mingle", "--without-gossip",
)  # fmt: skip

#: Steps served by Celery and by rqse can lose an attempt without a trace (see guarantees.md): these
#: bring the next one. Both work on attempts that are closed, too: without a backoff a busy
#: machine would never catch up with what timed out.
_DEFAULTS = (
    "--config", "tests/chaos/apps/worker.toml",
    "--default", "q:timeout=30",
    "--default", 'q:retry={"limit": 100, "delay": 1, "backoff": 2, "max-delay": 60}',
)  # fmt: skip

#: Options of a Celery worker that serves steps, by pool: of processes each task gets a new one, and
#: their number grows and shrinks.
POOLS = {
    "solo": (),
    "threads": ("--concurrency", "4", "--prefetch-multiplier", "4"),
    "prefork": ("--max-tasks-per-child", "1", "--autoscale", "4,1"),
}


@dataclass(frozen=True, slots=True)
class Role:
    """What kind of process: its command, how many, and the words by which it says that it works.

    ``kind`` is shared by roles that faults do not tell apart. ``proxied``: it reaches the
    workflows through a proxy of its own. ``hosted``: it is a Celery worker, which needs a name.
    """

    name: str
    command: tuple[str, ...]
    count: int
    ready: str
    kind: str = ""
    proxied: bool = True
    hosted: bool = False


def bridged() -> list[Role]:
    """Celery's steps go through bridges, its broker and its result backend."""
    bridge = (*_PYTHON, "littleflow_redis", "bridge", "-A", _APP, "--category", "c")
    lifecycle = (*_PYTHON, "littleflow_redis", "worker", *_DEFAULTS)
    return [
        Role("lifecycle", lifecycle, 2, "event=ready"),
        Role("bridge", bridge, 2, "event=ready"),
        Role("receipts", (*_PYTHON, "littleflow_redis", "receipts"), 1, "event=ready"),
        _native(2),
        Role("theirs", (*_PYTHON, "tests.chaos.apps.theirs"), 2, "established"),
        Role("celery", (*_CELERY, "--concurrency", "4"), 1, "ready.", proxied=False, hosted=True),
    ]


def inside(pools: Sequence[str]) -> list[Role]:
    """Celery workers serve steps themselves, and drive the workflows: no bridge, no lifecycle
    worker, no result backend. One worker for each pool that is named.
    """
    serving = (*_CELERY, "-I", "littleflow_redis.steps")
    return [
        *(
            Role(
                pool,
                (*serving, "--pool", pool, *POOLS[pool]),
                pools.count(pool),
                "event=serving-steps",
                kind="celery",
                hosted=True,
            )
            for pool in dict.fromkeys(pools)
        ),
        _native(1),
    ]


def _native(count: int) -> Role:
    return Role("native", (*_PYTHON, "tests.chaos.apps.native"), count, "event=ready")
