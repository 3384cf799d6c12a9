"""Which versions of Celery serve steps; `make oldest` puts those beside this one's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import celery
import pytest

from tests.support import RedisServer, Spawned

from .conftest import APPS, Serve, broker_url, worker_command

#: Where `make oldest` puts a version that is too old.
TOO_OLD = Path(sys.prefix) / "too-old"


def test_the_worker_is_of_the_version_that_is_tested(serve: Serve) -> None:
    assert f" v{celery.__version__} " in serve("solo").output


@pytest.mark.skipif(not TOO_OLD.exists(), reason="no older Celery is there: make oldest")
def test_a_version_that_is_too_old_is_refused(
    spawn: Callable[..., Spawned], redis_server: RedisServer
) -> None:
    """Its worker went on without the steps: Celery logs what a receiver of a signal raises."""
    given = {"PYTHONPATH": str(TOO_OLD), "CELERY_BROKER_URL": broker_url(redis_server)}
    worker = spawn(worker_command("solo"), env=given, cwd=APPS)
    assert worker.wait() == 1
    assert "littleflow_redis.steps needs Celery 5.6 or newer, and this is 5.5." in worker.output
