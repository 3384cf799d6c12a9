"""Runs of every kind, archived at every moment, and restored on an empty Redis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.model.timers import TimerKind
from littleflow_redis.workers.lifecycle import LifecycleWorker

from .support import Player, drive, echo, hurry
from .unsettled import Unsettled


def snapshots(engine: Client, text: str, input: Any, play: Callable[[StartTask], Any]) -> list[Any]:
    """Archives of one run: after each turn, and while each task runs."""
    client = Unsettled(redis=engine.redis)
    found: list[Any] = []

    def playing(task: StartTask) -> Any:
        found.append(engine.archive(workflow))
        return play(task)

    worker, player = LifecycleWorker(client), Player(client, playing)
    workflow = client.start(text, input)
    while not engine.views.state(workflow).ended:
        for turn in (player.turn, worker.turn):
            found.append(engine.archive(workflow))
            turn()
        hurry(client, TimerKind.TIMEOUT)
    found.append(engine.archive(workflow))
    return found


def resumed(
    engine: Client, archive: Any, play: Callable[[StartTask], Any]
) -> tuple[str, list[StartTask]]:
    """Restore on an empty Redis, restart, drive to the end; what was played."""
    engine.redis.flushall()
    worker, player = LifecycleWorker(engine), Player(engine, play)
    workflow = engine.restore(archive)
    assert engine.state(workflow).state is WorkflowState.TERMINATED
    engine.restart(workflow)
    drive(engine, workflow, player, worker)
    return workflow, player.played


def counting(task: StartTask) -> Any:
    return {"n": task.input["n"] + 1} if task.name == "Add" else echo(task)


def failing_once(task: StartTask) -> Any:
    if task.name == "B" and task.token.startswith("1.1-"):
        raise RuntimeError("the first time, always")
    return echo(task)


def numbers(task: StartTask) -> Any:
    return [1, 2, 3] if task.name == "List" else echo(task)


FLOWS = {
    "chain": ("A → B → C", echo),
    "fork": ("A → { B { C → D } E } → > F", echo),
    "guard": ("A → ? `$[?(@.no=1)]` B → { ? `$[?(@.no=1)]` { C → D } E } → F", echo),
    "delay": ("A → wait:delay(- duration: 1000 -) → B", echo),
    "retry": ("A → B(- {$retry: {limit: 3, delay: 1000}, $timeout: 60} -) → C", failing_once),
    "items": ("List → * A(- $concurrency: 2 -) → B", numbers),
    "iteration": ("List → * { A → { B C } → > D } → E", numbers),
    "loop": ("? `$[?(@.n<3)]` { Add → :start } → Done", counting),
    "literal": ("{ { <- {a: 1} -> → A } B } → > C", echo),
}
