"""A workflow told as it runs: one line for each thing that happens to a task."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from littleflow_redis.language import StepKind

if TYPE_CHECKING:
    from littleflow_redis.engine.changes import TraceEntry
    from littleflow_redis.engine.client import Client
    from littleflow_redis.engine.views import WorkflowView

#: Seconds for which one wait lasts at most: whoever cancels it waits so long.
WAIT = 1.0

#: Characters of an output that a line shows.
OUTPUT_SHOWN = 70

#: What the trace says of a task, in words.
WORDS = {
    "queue": "queued",
    "take": "running",
    "end": "ended",
    "fail": "failed",
    "cancel": "cancelled",
    "skip": "skipped",
}


async def follow(client: Client, workflow: str, show: Callable[[str], None]) -> WorkflowView:
    """Show each change of each task until the workflow ended; return its last state.

    May be cancelled at any time; the workflow goes on. Raises UnknownWorkflow.
    """
    teller = Teller(client, workflow)
    while True:
        lines, ended = await asyncio.to_thread(teller.news)
        for line in lines:
            show(line)
        if ended:
            return await asyncio.to_thread(client.state, workflow)
        await asyncio.to_thread(teller.wait)


class Teller:
    """Tells what happened to the tasks of a workflow, a line for each change."""

    def __init__(self, client: Client, workflow: str) -> None:
        from littleflow_redis.engine.feed import Reader

        self._client = client
        self._workflow = workflow
        self._feed = Reader(client.redis, client.keys)
        # Before the first look: what happens after it must not be missed.
        self._feed.start()
        steps = client.views.flow(workflow).steps
        self._names = {step.index: step.name for step in steps if step.kind is StepKind.TASK}
        self._width = max(map(len, self._names.values()), default=0)
        self._seen = 0
        self._begin: datetime | None = None

    def news(self) -> tuple[list[str], bool]:
        """What happened since the last call, and whether that was all."""
        # The state first: an end between the two looks must not hide what came before it.
        ended = self._client.views.state(self._workflow).ended
        entries = list(self._client.views.trace(self._workflow, self._seen))
        self._seen += len(entries)
        lines = [self._line(entry) for entry in entries]
        return [line for line in lines if line], ended

    def wait(self) -> None:
        """Wait until something happens to the workflow, for a second at most."""
        id, until = self._client.keys.full_id(self._workflow), time.monotonic() + WAIT
        while (left := until - time.monotonic()) > 0:
            if any(found.reset or found.workflow == id for found in self._feed.read(left)):
                return

    def _line(self, entry: TraceEntry) -> str:
        self._begin = self._begin or entry.at
        index = int(entry.field.partition("@")[0] or -1)
        if index not in self._names or entry.what not in WORDS:
            return ""
        after = (entry.at - self._begin).total_seconds()
        name = f"{self._names[index]:<{self._width}}"
        return (
            f"{after:6.2f} s  {name}  {WORDS[entry.what]:<9}  {self._about(entry, index)}".rstrip()
        )

    def _about(self, entry: TraceEntry, index: int) -> str:
        if entry.what == "end":
            (output,) = self._client.views.outputs(self._workflow, [index])
            return shortened(json.dumps(output, ensure_ascii=False))
        if entry.what == "fail":
            return self._client.state(self._workflow).steps[index].reason
        return ""


def shortened(text: str) -> str:
    """``text``, or its beginning and an ellipsis."""
    return text if len(text) <= OUTPUT_SHOWN else text[: OUTPUT_SHOWN - 1] + "…"
