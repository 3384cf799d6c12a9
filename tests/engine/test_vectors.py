"""The story that upstream's vectors tell: at every moment it adds up to the state."""

from __future__ import annotations

from typing import Any

import pytest

from littleflow_redis import (
    Client,
)
from littleflow_redis.compat.vectors import current
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.engine.support import Player, echo, hurry

FLOWS = [
    "A → { B C } → > D",
    "A → ? `$[?(@.no=1)]` { B → C } → ? `$[?(@.no=1)]` D → E",
    "A → * { B → C } → D",
    "A → * B → C",
    "? `$[?(@.n<3)]` { Add → :start } → Done",
    "<- {a: 1} -> → A(- {$retry: {limit: 2, delay: 0}} -)",
]


@pytest.mark.parametrize("text", FLOWS)
def test_the_story_of_the_vectors_adds_up_by_itself(engine: Client, text: str) -> None:
    from littleflow_redis.compat.vectors import _Story

    def play(task: Any) -> Any:
        if task.name == "A" and "retry" in text and "1.1-" in task.token:
            raise RuntimeError("once")
        if task.name == "Add":
            return {"n": task.input["n"] + 1}
        return [1, 2] if task.name == "A" else echo(task)

    worker, player = LifecycleWorker(engine), Player(engine, play)
    workflow = engine.start(text, {"n": 0})
    flow = engine.views.flow(workflow)
    moving = 1
    while moving:
        view, story = engine.state(workflow), _Story(flow)
        for entry in engine.trace(workflow):
            story.add_entry(entry)
        for deltas, now in zip((story.arrived, story.started), current(view), strict=True):
            totals = [sum(delta.steps.get(i, 0) for delta in deltas) for i in range(len(flow))]
            assert totals == now, [(e.what, e.field, e.activation) for e in engine.trace(workflow)]
        moving = 0 if view.state.ended else 1
        worker.turn()
        player.turn()
        hurry(engine)
