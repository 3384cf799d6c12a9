"""A step that must not run twice, and the deaths that it meets."""

from __future__ import annotations

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.script_results import Publication, Report
from littleflow_redis.engine.model.states import Outcome, StepState, WorkflowState
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.workers.lifecycle import LifecycleWorker

from .test_held_attempts import WORKER, beat, start_tasks

#: A step that would be tried again after any failure that was reported.
ONCE = "m:A(- {$on-lost: fail, $retry: {limit: 3, delay: 0}} -)"


def claim(
    engine: Client, task: StartTask, worker: str, publication: Publication | None = None
) -> Outcome:
    call = engine.transitions.claim_attempt(task, "listener:m", worker, publication)
    (report,) = engine.transitions.run([call])
    assert isinstance(report, Report), report
    return report.outcome


def turn(engine: Client) -> None:
    worker = LifecycleWorker(engine)
    worker.reader.ensure()
    while worker.turn():
        pass


def check_lost(engine: Client, workflow: str, *, again: int = 0) -> None:
    """Its first step has failed, finally and once; ``again``: start-tasks beside the first."""
    view = engine.state(workflow)
    assert view.state is WorkflowState.FAILED
    assert view.steps[1].state is StepState.FAILED
    assert view.reason.startswith("WorkerLostError: the process that had it died before"), view
    assert "$on-lost: fail forbids another run" in view.reason
    assert len(start_tasks(engine)) == 1 + again
    whats = [entry.what for entry in engine.trace(workflow)]
    assert whats.count("fail") == 1
    assert "retry" not in whats
    assert not engine.redis.hlen(engine.keys.publications + "m")
    assert not engine.redis.zcard(engine.keys.timers)
    assert not engine.redis.hlen(engine.keys.open_attempts)


def dies(engine: Client, held: HeldAttempts, worker: str = WORKER) -> Outcome:
    beat(engine, worker, -1)
    (attempt,) = held.of(worker, "m")
    return held.release(attempt, fenced=True, died=True)
