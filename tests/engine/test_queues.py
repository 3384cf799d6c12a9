"""`$queue-timeout`: what is lost is found, and an outage of all who could take it costs nothing."""

from __future__ import annotations

from typing import Any

import msgpack
import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.records import Begun, Record
from littleflow_redis.engine.model.states import Outcome, StepState, WorkflowState
from littleflow_redis.engine.model.task_events import StartTask, end_fields, kind_of, start_task
from littleflow_redis.engine.store.scripts import Publication, TimerKind
from littleflow_redis.workers.lifecycle import LifecycleWorker

from .support import append, hurry

TEXT = "shop:pack(- {$queue-timeout: 300, $timeout: 30} -)"


class Scene:
    """Workflows of one step each, a lifecycle worker, and a bridge played by hand."""

    def __init__(self, engine: Client) -> None:
        self.engine = engine
        self.worker = LifecycleWorker(engine)
        self.worker.reader.ensure()
        self.published = 0

    def start(self, text: str = TEXT) -> str:
        workflow = self.engine.start(text)
        self.turn()
        return workflow

    def turn(self) -> None:
        while self.worker.turn():
            pass

    def expire(self) -> None:
        """Let the queue's clocks run out, those of the tasks run on."""
        hurry(self.engine, TimerKind.TIMEOUT)
        self.turn()

    def task(self, workflow: str, base: str = "shop:pack") -> StartTask:
        found: Any = self.engine.redis.xrange(self.engine.keys.events)
        tasks = [start_task(id.decode(), f) for id, f in found if kind_of(f) == "start-task"]
        return [task for task in tasks if (task.workflow, task.base) == (workflow, base)][-1]

    def publish(self, workflow: str, *, mark: bool = True, ago: float = 600.0) -> StartTask:
        """Take its attempt for a queue; ``ago`` is when it was published, in seconds."""
        task, flight = self.task(workflow), self.flight(workflow)
        take = self.engine.transitions.claim_attempt(task, "bridge:shop", "me", flight, queued=True)
        assert self.outcome(take) is Outcome.APPLIED
        if mark:
            self.engine.transitions.mark_published("bridge:shop", [(flight, task.event)])
            self.age(flight, ago)
        return task

    def flight(self, workflow: str) -> Publication:
        return Publication("shop", f"id:{self.task(workflow).token}:{workflow}")

    def age(self, flight: Publication, ago: float) -> None:
        """Let it have been published so many seconds ago, and no two at once."""
        key = f"{self.engine.keys.publications}shop"
        fields = msgpack.unpackb(self.engine.redis.hget(key, flight.task))
        self.published += 1
        fields[6] -= int(ago * 1000) - self.published
        self.engine.redis.hset(key, flight.task, msgpack.packb(fields))

    def begin(self, task: StartTask) -> None:
        assert (
            self.outcome(self.engine.transitions.mark_started(task, "celery@here"))
            is Outcome.APPLIED
        )

    def outcome(self, call: Any) -> Outcome:
        (report,) = self.engine.transitions.run([call])
        assert not isinstance(report, Exception), report
        return report.outcome

    def seen(self, workflow: str) -> list[str]:
        return [entry.what for entry in self.engine.trace(workflow) if entry.field == "1"]


@pytest.fixture
def scene(client: redis.Redis) -> Scene:
    return Scene(Client(redis=client))


def test_what_nobody_could_take_waits_for_ever(scene: Scene) -> None:
    """Without a bridge or a listener nothing counts down."""
    workflow = scene.start()
    for _ in range(10):
        scene.expire()
    assert scene.seen(workflow) == ["queue"]
    assert scene.engine.state(workflow).steps[1].state is StepState.QUEUED


def test_what_others_overtake_is_handed_out_again_three_times(scene: Scene) -> None:
    lost = scene.start()
    tokens = {scene.publish(lost).token}
    for _ in range(3):
        scene.begin(scene.publish(scene.start()))
        scene.expire()
        tokens.add(scene.publish(lost).token)
    assert len(tokens) == 4
    scene.begin(scene.publish(scene.start()))
    scene.expire()
    (reason,) = scene.engine.state(lost).reasons
    assert "nobody took it up within 300 s, 4 times" in reason
    requeued = [one for one in scene.engine.trace(lost) if one.what == "requeue"]
    assert {one.detail for one in requeued} == {"not begun within 300 s"}


def test_what_waits_in_line_is_not_lost(scene: Scene) -> None:
    """The queue is longer than the timeout: those before it have begun, none behind it."""
    before, waiting = scene.start(), scene.start()
    first = scene.publish(before)
    scene.publish(waiting)
    scene.begin(first)
    for _ in range(10):
        scene.expire()
    assert scene.seen(waiting) == ["queue", "publish"]


def test_where_nothing_begins_one_is_tried_anew_and_nothing_used_up(scene: Scene) -> None:
    """All Celery workers are gone, or deaf, for long."""
    workflows = [scene.start() for _ in range(5)]
    for workflow in workflows:
        scene.publish(workflow)
    for _ in range(10):
        scene.expire()
    requeued = [workflow for workflow in workflows if "requeue" in scene.seen(workflow)]
    assert len(requeued) == 1, "the first probe; the next is due in 300 s"
    assert scene.engine.state(requeued[0]).steps[1].state is StepState.QUEUED
    # They come back, and begin one after the other: while they do, no other is handed out again.
    tasks = [scene.task(workflow) for workflow in workflows if workflow not in requeued]
    for task in (*tasks, scene.publish(requeued[0], ago=0)):
        scene.begin(task)
        scene.expire()
    for workflow in workflows:
        assert scene.engine.state(workflow).steps[1].state is StepState.RUNNING
        assert scene.seen(workflow).count("requeue") == requeued.count(workflow)


def test_probes_become_rare(scene: Scene) -> None:
    workflow, key = scene.start(), scene.engine.keys.begun
    for probes in range(4):
        scene.publish(workflow)
        if probes:
            pause = 300 * 2**probes
            record = Record(scene.engine.redis.hget(key, '"shop:pack"'))
            scene.engine.redis.hset(key, '"shop:pack"', _earlier(record, pause - 20))
            scene.expire()
            assert scene.seen(workflow).count("requeue") == probes, "it is too early for the next"
            scene.engine.redis.hset(key, '"shop:pack"', _earlier(record, pause + 20))
        scene.expire()
        assert scene.seen(workflow).count("requeue") == probes + 1
    assert Record(scene.engine.redis.hget(key, '"shop:pack"'))[Begun.PROBES] == 4


def _earlier(record: Record, seconds: float) -> bytes:
    fields = [record[field] for field in Begun]
    fields[Begun.PROBED - 1] -= int(seconds * 1000)
    return msgpack.packb(fields)


def test_a_queue_in_which_nothing_begins_is_served_again_by_the_probe(scene: Scene) -> None:
    """Somebody emptied the queue: the probe begins, and shows that the others are lost."""
    workflows = [scene.start() for _ in range(3)]
    for workflow in workflows:
        scene.publish(workflow)
    scene.expire()
    (probe,) = [workflow for workflow in workflows if "requeue" in scene.seen(workflow)]
    scene.begin(scene.publish(probe))
    scene.expire()
    for workflow in workflows:
        if workflow != probe:
            assert scene.seen(workflow)[-2:] == ["requeue", "queue"]


def test_what_is_not_yet_published_is_held(scene: Scene) -> None:
    """The broker is away: the bridge has the attempt and waits."""
    workflow = scene.start()
    scene.publish(workflow, mark=False)
    scene.begin(scene.publish(scene.start()))
    for _ in range(5):
        scene.expire()
    assert scene.seen(workflow) == ["queue", "publish"]


def test_the_time_counts_from_publishing(scene: Scene) -> None:
    workflow = scene.start()
    scene.publish(workflow, ago=10)
    scene.begin(scene.publish(scene.start(), ago=5))
    hurry(scene.engine)
    scene.turn()
    assert scene.seen(workflow) == ["queue", "publish"]
    timers: Any = scene.engine.redis.zrange(scene.engine.keys.timers, 0, -1, withscores=True)
    now: Any = scene.engine.redis.time()
    (due,) = [at for member, at in timers if workflow in member.decode() and b"queue|" in member]
    assert due / 1000 - now[0] == pytest.approx(290, abs=3)


def test_a_sign_from_a_worker_stops_the_queues_clock(scene: Scene) -> None:
    workflow = scene.start()
    task = scene.publish(workflow)
    assert scene.engine.state(workflow).steps[1].state is StepState.QUEUED
    scene.begin(task)
    assert scene.engine.state(workflow).steps[1].state is StepState.RUNNING
    begun = scene.engine.transitions.mark_started(task, "celery@here")
    assert scene.outcome(begun) is Outcome.UNCHANGED
    members: Any = scene.engine.redis.zrange(scene.engine.keys.timers, 0, -1)
    assert [member.partition(b"|")[0] for member in members] == [b"timeout"]
    (attempt,) = scene.engine.attempts(workflow)
    assert attempt.worker == "celery@here"


def test_terminate_cancels_what_waits_in_a_queue(scene: Scene) -> None:
    workflow = scene.start()
    task = scene.publish(workflow)
    assert scene.engine.terminate(workflow) is WorkflowState.TERMINATED
    assert scene.outcome(scene.engine.transitions.mark_started(task, "")) is Outcome.GONE


def test_a_restart_leaves_what_waits_in_a_queue(scene: Scene) -> None:
    """It would stand there twice: nothing is taken out of a queue of Celery."""
    workflow = scene.start("{ " + TEXT + " order }")
    task = scene.publish(workflow)
    failed = end_fields(scene.task(workflow, "order"), reason="none left")
    append(scene.engine.redis, scene.engine.keys.events, failed)
    scene.turn()
    assert scene.engine.state(workflow).state is WorkflowState.FAILED
    scene.engine.restart(workflow)
    scene.begin(task)


def test_what_is_known_of_queues_is_forgotten_after_a_week(scene: Scene) -> None:
    key = scene.engine.keys.begun
    scene.begin(scene.publish(scene.start()))
    scene.engine.redis.hset(key, '"shop:old"', msgpack.packb([1, 1, 1, 1]))
    scene.engine.transitions.sweep_stream("-", 10, grace=60, retention=60)
    assert scene.engine.redis.hkeys(key) == [b'"shop:pack"']
