"""Workflows that wait for the event ``approved``, and whoever sends it, turned by hand."""

from __future__ import annotations

from typing import Any

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import LONG

from .support import Player

WAIT = "wait:event(- event: approved -)"
MATCH = "wait:event(- {event: approved, match: input} -)"
KEEP = "wait:event(- {event: approved, receipt: false} -)"


class Scene:
    """Workflows, events and one worker, turned by hand."""

    def __init__(self, engine: Client) -> None:
        self.engine = engine
        self.worker = LifecycleWorker(engine, claim_idle=0.005)
        self.worker.reader.ensure()
        self.player = Player(engine)

    def turn(self) -> None:
        while self.worker.turn() + self.player.turn():
            pass

    def start(self, text: str, input: Any = None, **options: Any) -> str:
        workflow = self.engine.start(text, input, **options)
        self.turn()
        return workflow

    def send(self, workflow: str | None = None, **data: Any) -> str:
        event = self.engine.send_event("approved", data, workflow)
        self.turn()
        return event

    def ended(self, workflow: str) -> bool:
        return self.engine.views.state(workflow).ended

    def output(self, workflow: str) -> Any:
        assert self.engine.views.state(workflow) is WorkflowState.FINISHED
        return self.engine.wait(workflow, timeout=LONG)

    def receipts(self) -> list[str]:
        entries: Any = self.engine.redis.xrange(self.engine.keys.events)
        return [f[b"for"].decode().strip('"') for _, f in entries if f[b"kind"] == b'"receipt"']


def private_keys(engine: Client) -> dict[str, Any]:
    """What is left of waits and of the mailbox."""
    keys = engine.keys
    found: Any = engine.redis.keys(f"{keys.kind}*")
    return {
        "waiters": engine.redis.zcard(keys.waiters),
        "letters": engine.redis.zcard(keys.mailbox_digests),
        "mail": engine.redis.hlen(keys.mailbox),
        "kinds": len(found),
        "timers": engine.redis.zcard(keys.timers),
        "open": engine.redis.hlen(engine.keys.open_attempts),
    }


NOTHING = dict.fromkeys(("waiters", "letters", "mail", "kinds", "timers", "open"), 0)
