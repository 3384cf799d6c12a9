"""``python -m tests.bridges.worker.warm POOL``: forks Celery workers that have all imports.

Each line of the input starts one, with a fault at one of its Redis calls; it is answered by the
worker's process id, and by another line when that has ended. A worker that is to die is killed, as
all its threads would go on otherwise.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import redis

from littleflow_redis.bridges.worker import setup
from littleflow_redis.events.connection import ConnectionSettings
from tests.faults import Died, Fault, FaultyConnection, Plan
from tests.support import die_with_parent

APPS = Path(__file__).parents[2] / "apps"


class Counted(Plan):
    """A plan that many threads follow; the number of calls so far stands in a file."""

    def __init__(self, at: int, fault: Fault | None, file: Path) -> None:
        super().__init__(at, fault)
        self._file = os.open(file, os.O_CREAT | os.O_WRONLY)
        self._lock = threading.Lock()

    def next(self, commands: int = 1) -> Fault | None:
        with self._lock:
            fault = super().next(commands)
            os.pwrite(self._file, f"{self.calls}\n".encode(), 0)
            return None if fault is Fault.DIE_WITHIN and commands == 1 else fault


class Killed(FaultyConnection):
    """A connection whose death is that of the process."""

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        try:
            super().send_packed_command(command, check_health)
        except Died:
            os.kill(os.getpid(), signal.SIGKILL)


def _run(pool: str, about: dict[str, Any]) -> None:
    os.setsid()
    die_with_parent()
    output = os.open(about["output"], os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ["LEDGER"] = about["ledger"]
    fault = Fault[about["fault"]] if about["fault"] else None
    plan = Counted(about["at"], fault, Path(about["calls"]))

    def connect(settings: ConnectionSettings) -> redis.Redis:
        made = redis.ConnectionPool(
            connection_class=Killed, plan=plan, host=settings.host, port=settings.port,
            retry=None, protocol=2,
        )  # fmt: skip
        return redis.Redis(connection_pool=made)

    setup.connect = connect
    sys.path.insert(0, str(APPS))
    from inside import app

    app.worker_main(
        ["worker", "-I", "littleflow_redis.steps", "--loglevel", "INFO", "--pool", pool,
         "--concurrency", "2", "--without-mingle", "--without-gossip", "--without-heartbeat"]
    )  # fmt: skip


def main(pool: str) -> None:
    import littleflow_redis.bridges.worker.install
    import littleflow_redis.steps  # noqa: F401

    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            code = 1
            try:
                _run(pool, json.loads(line))
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 0
            finally:
                sys.stdout.flush()
                os._exit(code)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print("ended", os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
