"""A listener to be run as a process and killed: ``listening.py CLAIM_IDLE CONCURRENCY DEATHS``.

Its functions write what they do into the file ``ledger`` of the current folder.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from pathlib import Path

from littleflow_redis import TaskListener

listener = TaskListener(
    "work",
    claim_idle=float(sys.argv[1]),
    concurrency=int(sys.argv[2]),
    max_deaths=int(sys.argv[3]),
)


def note(what: str) -> None:
    with Path("ledger").open("a") as ledger:
        ledger.write(f"{what} {os.getpid()}\n")


@listener.task
def quick(value: int = 0) -> int:
    note("quick")
    return value


@listener.task
def crash() -> None:
    """Takes its worker with it, as a segmentation fault does."""
    note("crash")
    os.kill(os.getpid(), signal.SIGKILL)


@listener.task
def long() -> str:
    """Works until there is a file ``go``."""
    note("begin")
    while not Path("go").exists():
        time.sleep(0.01)
    note("end")
    return "done"


if __name__ == "__main__":
    logging.basicConfig(level="INFO", format="%(message)s")
    listener.run()
