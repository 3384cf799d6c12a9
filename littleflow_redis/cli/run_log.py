"""The log of a workflow as it runs: one line for each change of a task."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from littleflow_redis.language import StepKind

if TYPE_CHECKING:
    from littleflow_redis.engine.client import Client
    from littleflow_redis.engine.views.trace import TraceEntry
    from littleflow_redis.engine.views.workflows import WorkflowView

#: Seconds for which one wait lasts at most: whoever cancels it waits so long.
WAIT = 1.0

#: Characters of an output that a line shows.
OUTPUT_SHOWN = 70

#: What the trace says of a task, in words; ``continued``: it failed, and the workflow goes on.
WORDS = {
    "queue": "queued",
    "take": "running",
    "end": "ended",
    "fail": "failed",
    "retry": "retrying",
    "requeue": "requeued",
    "continue": "continued",
    "cancel": "cancelled",
    "skip": "skipped",
}

#: Of these the trace tells the reason.
REASONED = frozenset({"fail", "retry", "continue"})


async def follow(client: Client, workflow: str, show: Callable[[str], None]) -> WorkflowView:
    """Show each change of each task until the workflow ended; return its last state.

    May be cancelled at any time; the workflow goes on. Raises UnknownWorkflow.
    """
    teller = RunLog(client, workflow)
    while True:
        lines, ended = await asyncio.to_thread(teller.news)
        for line in lines:
            show(line)
        if ended:
            return await asyncio.to_thread(client.state, workflow)
        await asyncio.to_thread(teller.wait)


class RunLog:
    """Prints the changes of a workflow's tasks, a line for each."""

    def __init__(self, client: Client, workflow: str) -> None:
        from littleflow_redis.engine.views.feed import FeedReader

        self._client = client
        self._workflow = workflow
        self._feed = FeedReader(client.redis, client.keys)
        # Before the first look: what happens after it must not be missed.
        self._feed.start()
        steps = client.views.flow(workflow).steps
        self._names = {step.index: step.name for step in steps if step.kind is StepKind.TASK}
        self._width = max(map(len, self._names.values()), default=0)
        self._seen = 0
        self._begin: datetime | None = None

    def news(self) -> tuple[list[str], bool]:
        """The changes since the last call, and whether these were all."""
        # The state first: an end between the two looks must not hide what came before it.
        ended = self._client.views.state(self._workflow).ended
        entries = list(self._client.views.trace(self._workflow, self._seen))
        self._seen += len(entries)
        if entries and self._begin is None:
            self._begin = entries[0].at
        outputs = self._outputs(entries)
        self._width = max(
            [self._width, *(len(self._name(e)) for e in entries if self._is_shown(e))]
        )
        lines = [
            self._line(entry, outputs.get(number, ""))
            for number, entry in enumerate(entries)
            if self._is_shown(entry)
        ]
        return lines, ended

    def wait(self) -> None:
        """Wait until something happens to the workflow, for a second at most."""
        id, until = self._client.keys.full_id(self._workflow), time.monotonic() + WAIT
        while (left := until - time.monotonic()) > 0:
            if any(found.reset or found.workflow == id for found in self._feed.read(left)):
                return

    def _is_shown(self, entry: TraceEntry) -> bool:
        return entry.step in self._names and entry.what in WORDS

    def _name(self, entry: TraceEntry) -> str:
        name = self._names[entry.step or 0]
        return f"{name}[{entry.scope}]" if entry.scope else name

    def _line(self, entry: TraceEntry, output: str) -> str:
        after = (entry.at - self._begin).total_seconds() if self._begin else 0.0
        about = _reason(entry) if entry.what in REASONED else output
        name = f"{self._name(entry):<{self._width}}"
        return f"{after:6.2f} s  {name}  {WORDS[entry.what]:<9}  {about}".rstrip()

    def _outputs(self, entries: Sequence[TraceEntry]) -> Mapping[int, str]:
        """The outputs by the number of their end's entry, as far as they are still those."""
        ends = {e.field: n for n, e in enumerate(entries) if self._is_shown(e) and e.what == "end"}
        if not ends:
            return {}
        views = self._client.views
        outputs = dict(zip(ends, views.outputs(self._workflow, list(ends)), strict=True))
        # What has happened to a step until after its output was read may have replaced that.
        happened = [*entries, *views.trace(self._workflow, self._seen)]
        last = {e.field: n for n, e in enumerate(happened) if e.what != "late"}
        return {
            number: shortened(json.dumps(outputs[field], ensure_ascii=False))
            for field, number in ends.items()
            # Of an item null may mean that it went with its iteration, which began anew.
            if last[field] == number and ("@" not in field or outputs[field] is not None)
        }


def _reason(entry: TraceEntry) -> str:
    from littleflow_redis.engine.views.attempts import parse_detail

    reason, *_ = parse_detail(entry.detail)
    return reason


def shortened(text: str) -> str:
    """``text``, or its beginning and an ellipsis."""
    return text if len(text) <= OUTPUT_SHOWN else text[: OUTPUT_SHOWN - 1] + "…"
