"""The limit of the native rows: the same events and hops through one stream, and nothing else.

Two processes, as with us: ``worker`` reads ends and adds the next start-task, ``listener`` does
the reverse. Both read in batches and answer each batch in one pipeline. There is
no state, no check, no fence, no recovery: whatever can be lost or done twice is.

``python -m benchmarks.bare ROLE URL STEPS``, where the role is ``worker`` or ``listener``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import redis
from redis.exceptions import ResponseError

STREAM = "workflows:run"

#: Counts the chains that have ended, for the client to see.
DONE = "bare:done"

#: Events read at once, as the engine's worker does.
BATCH = 256

Fields = Mapping[bytes, bytes]


def start_task(workflow: str, index: int) -> dict[str, str]:
    """The fields that the engine writes for a step."""
    return {
        "kind": '"start-task"',
        "apiVersion": '"v1"',
        "at": json.dumps(datetime.now(UTC).isoformat()),
        "workflow": json.dumps(workflow),
        "index": str(index),
        "name": '"bench:noop"',
        "base": '"bench:noop"',
        "parameters": "{}",
        "input": "1",
        "token": '"1.1-00000000"',
    }


def end_task(task: Fields) -> dict[str, str]:
    """The fields that a listener writes for the end of this task."""
    event = {name.decode(): json.loads(text) for name, text in task.items()}
    end = {
        "kind": "end-task",
        "apiVersion": "v1",
        "at": datetime.now(UTC).isoformat(),
        "workflow": event["workflow"],
        "index": event["index"],
        "name": event["name"],
        "token": event["token"],
        "status": "SUCCESS",
        "output": event["input"],
    }
    return {name: json.dumps(value) for name, value in end.items()}


class Hop:
    """One of the two processes: reads one kind of events, and adds what follows from each."""

    def __init__(self, client: redis.Redis, group: str, kind: bytes) -> None:
        self.client = client
        self.group = group
        self.kind = kind
        try:
            client.xgroup_create(STREAM, group, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    def run(self) -> None:
        """Work until killed."""
        while True:
            entries = self.read()
            if entries:
                self.answer(entries)

    def read(self) -> list[tuple[bytes, Fields]]:
        """The next events, waiting for them."""
        # A command whose name is bytes is not parsed by redis-py, which would cost more.
        pages: Any = self.client.execute_command(
            b"XREADGROUP", "GROUP", self.group, "one", "COUNT", BATCH, "BLOCK", 1000,
            "STREAMS", STREAM, ">", NEVER_DECODE=True,
        )  # fmt: skip
        rows = next(iter(pages.values())) if isinstance(pages, dict) else pages and pages[0][1]
        return [(id, dict(zip(flat[::2], flat[1::2], strict=True))) for id, flat in rows or ()]

    def answer(self, entries: Sequence[tuple[bytes, Fields]]) -> None:
        """Add what follows from these events and acknowledge them, in one round trip."""
        with self.client.pipeline(transaction=False) as pipe:
            for _, fields in entries:
                if fields[b"kind"] == self.kind:
                    self.follow(pipe, fields)
            pipe.xack(STREAM, self.group, *(id for id, _ in entries))
            pipe.execute()

    def follow(self, pipe: Any, fields: Fields) -> None:
        """Add the end of a start-task."""
        pipe.xadd(STREAM, end_task(fields))


class Forward(Hop):
    """Adds the next step's start-task for an end, or counts a chain whose last step this was."""

    steps = 1

    def follow(self, pipe: Any, fields: Fields) -> None:
        """Add the next start-task."""
        event = {name.decode(): json.loads(text) for name, text in fields.items()}
        if event["index"] < self.steps:
            pipe.xadd(STREAM, start_task(event["workflow"], event["index"] + 1))
        else:
            pipe.incr(DONE)


def main(role: str, url: str, steps: int) -> None:
    """Run one of the two processes."""
    client = redis.Redis.from_url(url)
    if role == "listener":
        Hop(client, "tasks:bench", b'"start-task"').run()
    forward = Forward(client, "ending", b'"end-task"')
    forward.steps = steps
    forward.run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
