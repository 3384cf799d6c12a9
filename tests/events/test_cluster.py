"""Redis Cluster: every process names it in one sentence at its start."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from littleflow_redis import TaskListener
from littleflow_redis.events import EventListener
from littleflow_redis.events.connection import ConfigurationError
from tests.support import RedisServer, Spawned

#: Starts a process with these words behind `python -m`.
Start = Callable[..., Spawned]

SENTENCE = "is a node of a Redis Cluster (cluster-enabled yes), which cannot be used: set REDIS_URL"


@pytest.fixture(scope="module")
def cluster(server_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A node that has all slots, so that simple commands work, as in a managed cluster of one."""
    folder = tmp_path_factory.mktemp("cluster")
    server = RedisServer(server_kind, folder, "--cluster-enabled", "yes").start()  # type: ignore[arg-type]
    with server.client() as client:
        client.execute_command("CLUSTER ADDSLOTS", *range(16_384))
    yield server
    server.kill()


@pytest.mark.parametrize(
    "words",
    [
        ["littleflow_redis", "worker"],
        ["littleflow_redis", "receipts"],
        ["littleflow_redis", "simulate"],
        ["littleflow_redis", "bridge", "-A", "plain"],
        ["littleflow_redis", "run", "a.flow"],
        ["littleflow_redis", "list", "--state", "FAILED", "--state", "RUNNING"],
        ["littleflow_redis.service", "127.0.0.1:0"],
    ],
)
def test_a_process_that_starts_says_so(
    cluster: RedisServer, spawn: Start, tmp_path: Path, words: list[str]
) -> None:
    """It said that it is ready, and then a line of Lua."""
    (tmp_path / "a.flow").write_text("A")
    backend = {"CELERY_RESULT_BACKEND": cluster.url, "CELERY_BROKER_URL": "memory://"}
    path = {"PYTHONPATH": str(Path(__file__).parent.parent / "apps")}
    process = spawn([sys.executable, "-m", *words], env={**cluster.environment, **backend, **path})
    assert process.wait() == 1
    assert SENTENCE in process.output
    assert "Lua" not in process.output
    assert "Traceback" not in process.output
    assert "event=ready" not in process.output


def test_listeners_say_so_too(cluster: RedisServer) -> None:
    with pytest.raises(ConfigurationError, match="is a node of a Redis Cluster"):
        TaskListener("math", url=cluster.url).run()
    with pytest.raises(ConfigurationError, match="is a node of a Redis Cluster"):
        EventListener("stream", "group", cluster.host, cluster.port).listen()
