"""What runs in DBOS' environment: the chain, in one process with a SQLite file for its state.

``with_dbos.py client STEPS`` prints ``{"seconds": …}``. Imports nothing of ours.
"""

from __future__ import annotations

import json
import sys
import time

from dbos import DBOS

DBOS(
    config={
        "name": "bench",
        "system_database_url": "sqlite:///bench.sqlite",
        "run_admin_server": False,
        "log_level": "WARNING",
    }
)


@DBOS.step()
def nap(value: int) -> int:
    """Take 10 ms."""
    time.sleep(0.01)
    return value


@DBOS.workflow()
def chain(steps: int) -> int:
    """So many steps, one after the other; the end of each is recorded."""
    value = 1
    for _ in range(steps):
        value = nap(value)
    return value


def main(role: str, steps: str) -> None:
    """Run the chain once and tell how long it took."""
    assert role == "client"
    DBOS.launch()
    chain(2)
    began = time.perf_counter()
    assert DBOS.start_workflow(chain, int(steps)).get_result() == 1
    seconds = time.perf_counter() - began
    DBOS.destroy()
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
