"""What runs in Prefect's environment: the chain, with the server that it starts for itself.

``with_prefect.py client STEPS`` prints ``{"seconds": …}``. Imports nothing of ours.
"""

from __future__ import annotations

import json
import sys
import time

from prefect import flow, task


@task
def nap(value: int) -> int:
    """Take 10 ms."""
    time.sleep(0.01)
    return value


@flow
def chain(steps: int) -> int:
    """So many tasks, one after the other."""
    value = 1
    for _ in range(steps):
        value = nap(value)
    return value


def main(role: str, steps: str) -> None:
    """Run the chain once and tell how long it took; the server has been started by a first one."""
    assert role == "client"
    chain(2)
    began = time.perf_counter()
    assert chain(int(steps)) == 1
    print(json.dumps({"seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main(*sys.argv[1:])
