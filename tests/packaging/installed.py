"""Run by test_packages.py: ``installed.py PACKAGES URL`` takes a workflow to its end."""

from __future__ import annotations

import sys
from pathlib import Path

# The finder of an editable install adds what is missing from the checkout.
sys.meta_path[:] = [finder for finder in sys.meta_path if "Editable" not in str(finder)]

import littleflow_redis  # noqa: E402
from littleflow_redis.workers.lifecycle import LifecycleWorker  # noqa: E402


def main(packages: str, url: str) -> None:
    """Print the state and the output of a workflow, run by the package in ``packages``."""
    assert Path(littleflow_redis.__file__).is_relative_to(packages)
    client = littleflow_redis.Client(url)
    worker, listener = LifecycleWorker(client), littleflow_redis.TaskListener("x", client=client)
    listener.task("grow")(lambda number: number + 1)
    worker.reader.ensure()
    # An iteration and a guard need Python between the scripts, a delay its timer.
    text = "<[3, 4]> → * x:grow → wait:delay(- duration: 0 -) → ? `$[0]` x:kept"
    listener.task("kept", bind="whole")(lambda numbers: numbers)
    workflow = client.start(text)
    while not client.state(workflow).ended:
        listener.turn()
        worker.turn()
    print(client.state(workflow).state, client.wait(workflow, timeout=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
