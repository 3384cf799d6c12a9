"""What runs in the environment of littleflow_redis 0.4 (PyPI): a listener, and a client.

``upstream.py listener`` ends each task at once. ``upstream.py client CHAINS STEPS LIMIT`` warms the
processes up, starts so many chains, waits until they have ended, LIMIT seconds at most, and prints
``{"seconds": …, "ended": chains}``. Written for that release's own API; imports nothing of ours.
"""

from __future__ import annotations

import json
import os
import sys
import time

from rqse import EventClient, message, receipt_for

from littleflow_redis import TaskStartListener, run_workflow

STREAM = "workflows:run"
SERVER = {"host": os.environ["REDIS_HOST"], "port": int(os.environ["REDIS_PORT"])}

#: A group of its own: in `starting` its worker reads too, and leaves what is not its own for 60 s.
GROUP = "noop"

#: Seconds between two looks at the states of the workflows.
LOOK = 0.01

#: Seconds that the first workflow may take: the listeners pause for up to ten seconds when idle.
WARM_UP = 60.0


class Ending(TaskStartListener):  # type: ignore[misc]
    """Serves every task by ending it."""

    def process(self, event_id: str, event: dict[str, object]) -> bool:
        """Receipt and end, as its documentation has it."""
        self.append(receipt_for(event_id))
        end = {name: event[name] for name in ("name", "index", "workflow")}
        self.append(message({**end, "status": "SUCCESS"}, kind="end-task"))
        return True


def run(client: EventClient, chains: int, steps: int, limit: float) -> dict[str, float]:
    """Start the chains and wait for them."""
    text = " -> ".join(["noop"] * steps)
    began = time.perf_counter()
    states = [run_workflow(text, client) + ":state" for _ in range(chains)]
    while True:
        ended = client.connection.mget(states).count(b"FINISHED")
        seconds = time.perf_counter() - began
        if ended == chains or seconds > limit:
            return {"seconds": seconds, "ended": ended}
        time.sleep(LOOK)


def main(role: str, *numbers: str) -> None:
    """Run the listener, or the client once."""
    if role == "listener":
        Ending(STREAM, GROUP, **SERVER).listen()
    client = EventClient(STREAM, **SERVER)
    chains, steps, limit = map(int, numbers)
    if run(client, 1, steps, WARM_UP)["ended"] != 1:
        sys.exit("the first workflow did not end")
    print(json.dumps(run(client, chains, steps, limit)))


if __name__ == "__main__":
    main(*sys.argv[1:])
