"""Serves the tasks of a graph: ``python -m benchmarks.graphlistener PLAN``, a file of JSON.

The plan names the programs, how many tasks run at a time (``slots``), and the seconds that each
task takes, by its id (``naps``); what is not there takes none.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.listener import noop
from littleflow_redis import TaskListener
from littleflow_redis.events.logs import configure_logging


def main(plan: dict[str, Any]) -> None:
    """Serve until told to end; the other tasks of the benchmarks too, for they warm it up."""
    listener = TaskListener("", "bench", concurrency=plan["slots"])
    listener.task("bench:noop")(noop)
    naps = plan["naps"]

    def work(_: Any, id: str) -> None:
        if id in naps:
            time.sleep(naps[id])

    for program in plan["programs"]:
        listener.task(program, bind="whole")(work)
    listener.run()


if __name__ == "__main__":
    configure_logging("info")
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
