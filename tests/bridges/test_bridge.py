"""Workflows on a real Celery worker, through a bridge."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from littleflow_redis.bridges.bridge import Bridge, served_categories
from littleflow_redis.bridges.broker.backends import result_backend
from littleflow_redis.bridges.broker.publish import Publisher
from littleflow_redis.bridges.broker.results import Results
from littleflow_redis.bridges.calls.task_call import TaskCall
from littleflow_redis.bridges.calls.task_ids import celery_id
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import WorkflowFailed
from littleflow_redis.engine.model.script_results import Publication
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.model.task_events import kind_of, start_task
from littleflow_redis.events.connection import ConfigurationError
from littleflow_redis.events.group import GroupReader
from tests.support import Spawned, wait_until
from tests.workers.scenes import pending

from .serving import LONG, bridge_of, check_once, in_flight, late, running

pytestmark = pytest.mark.usefixtures("shared_worker", "quick_watch")


@pytest.fixture
def bridge(engine: Client, app: Celery) -> Iterator[Bridge]:
    with running(bridge_of(engine, app, "math", "")) as bridge:
        yield bridge


def reasons(engine: Client, text: str) -> str:
    """Run a workflow that fails; return why."""
    with pytest.raises(WorkflowFailed) as failed:
        engine.wait(engine.start(text), timeout=LONG)
    return "\n".join(failed.value.reasons)


@pytest.mark.usefixtures("bridge")
@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("math:add([2, 3])", 5),
        ("<[2, 3]> → math:add", 5),
        ('<{"x": 2, "y": 3}> → math:add(- y: 4 -)', 6),
        ("<- 1 -> → { math:add([1]) math:add([2]) } → math:add", 5),
        ("<- 1 -> → math:add([1]) → math:add([1]) → math:add([1]) → math:add([1])", 5),
        (
            "{ math:greet(- name: a -) math:greet(- name: b -) } → math:collect",
            ["hello a", "hello b"],
        ),
        ("{ math:collect(- x: 2 -) math:collect(- y: 3 -) } → >math:add", 5),
        ("<[1, 2, 3]> → math:total(- $bind: whole -)", 6),
        ("<[1, 2, 3]> → math:total", 6),
        ('<- 9 -> → greet({"name": "you", "$bind": "none"})', "hello you"),
        ("math:silent", "stored all the same"),
        ("math:weekly_summary", "quiet"),
        ("<[1, 2, 3]> → *math:add([10])", [11, 12, 13]),
    ],
)
def test_a_workflow_on_real_tasks(engine: Client, text: str, output: Any) -> None:
    workflow = engine.start(text)
    assert engine.wait(workflow, timeout=LONG) == output
    check_once(engine, workflow)
    assert in_flight(engine) == 0


@pytest.mark.usefixtures("bridge")
def test_a_wide_fan_out_and_its_join(engine: Client) -> None:
    text = "<- 1 -> → { " + "math:add([1]) " * 300 + "} → math:total(- $bind: whole -)"
    workflow = engine.start(text)
    assert engine.wait(workflow, timeout=2 * LONG) == 600
    check_once(engine, workflow)
    assert late(engine) == 0


@pytest.mark.usefixtures("bridge")
def test_a_task_sees_which_attempt_it_is(engine: Client) -> None:
    workflow = engine.start("math:whoami", workflow_id="mine")
    seen = engine.wait(workflow, timeout=LONG)
    attempt = seen["attempt"]
    assert attempt["workflow"] == "workflow:mine"
    assert attempt["index"] == 1
    assert seen["id"] == f"lf:math:mine:1:{attempt['token']}"


@pytest.mark.usefixtures("bridge")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("math:order(- item: shoes -)", "plain.OutOfStock: ('shoes', 3)"),
        ("math:unencodable", "not JSON serializable"),
        ("math:not-a-number", "not JSON compliant"),
        ("math:large(- size: 2000000 -)", "store it elsewhere"),
        ("math:ad([1, 2])", "did you mean plain.add?"),
        ("<[1, 2, 3]> → math:add", "a list of 3 came, and a list of 2 fits"),
        ("math:add(- z: 1 -)", "plain.add(x, y)"),
    ],
)
def test_a_step_that_fails_says_why(engine: Client, text: str, told: str) -> None:
    assert told in reasons(engine, text)


@pytest.mark.usefixtures("bridge")
def test_the_error_of_a_task_is_kept_as_text(engine: Client) -> None:
    workflow = engine.start("math:order(- item: shoes -)")
    with pytest.raises(WorkflowFailed):
        engine.wait(workflow, timeout=LONG)
    detail = next(entry.detail for entry in engine.trace(workflow) if entry.what == "fail")
    assert "raise OutOfStock(item, 3)" in detail


@pytest.mark.usefixtures("bridge")
def test_what_no_retry_can_mend_is_not_retried(engine: Client) -> None:
    workflow = engine.start("math:nobody(- $retry: 5 -)")
    with pytest.raises(WorkflowFailed):
        engine.wait(workflow, timeout=LONG)
    assert engine.state(workflow).steps[1].attempts == 1


def test_several_tasks_of_one_name_want_a_map(engine: Client, app: Celery) -> None:
    for name in ("a.total", "b.total"):
        app.task(name=name, shared=False)(app.tasks["plain.add"].run)
    names = ["plain.add", "a.total", "b.total"]
    with running(bridge_of(engine, app, tasks=names)):
        assert "a.total or b.total: say which" in reasons(engine, "math:total([1, 2])")
    mapping = {"math:total": "plain.add"}
    with running(bridge_of(engine, app, tasks=names, mapping=mapping)):
        assert engine.wait(engine.start("math:total([1, 2])"), timeout=LONG) == 3


@pytest.mark.usefixtures("bridge")
def test_events_of_no_interest_are_acknowledged(engine: Client) -> None:
    engine.wait(engine.start("math:add([2, 3])"), timeout=LONG)
    other = engine.start("other:task")
    engine.send_event("news", {"x": 1})
    engine.redis.xadd(engine.keys.events, {"kind": '"start-task"', "base": '"math:x"'})
    engine.redis.xadd(engine.keys.events, {b"kind": b"\xff"})
    for group in ("bridge:math", "bridge:"):
        wait_until(lambda group=group: pending(engine, group) == 0, f"{group} is done")
    assert engine.state(other).steps[1].state == "queued"


def test_a_bridge_that_comes_late_finds_its_work(engine: Client, app: Celery) -> None:
    workflows = [engine.start("math:add([2, 3])") for _ in range(3)]
    with running(bridge_of(engine, app)):
        assert [engine.wait(workflow, timeout=LONG) for workflow in workflows] == [5, 5, 5]


def test_what_a_dead_bridge_had_published_is_not_run_again(
    engine: Client, app: Celery, ledger: Path
) -> None:
    """It died before it could note that the task was published; the task has ended since."""
    workflow = engine.start("math:note(- line: published -)")
    dead = GroupReader(engine.redis, engine.keys.events, "bridge:math")
    dead.ensure()
    (entry,) = (e for e in dead.read(10) if kind_of(e.fields) == "start-task")
    task = start_task(entry.id, entry.fields)
    id = celery_id("math", task.workflow, task.index, task.token)
    flight = Publication("math", id)
    engine.transitions.run(
        [engine.transitions.claim_attempt(task, dead.group, dead.consumer, flight)]
    )
    Publisher(app).publish([TaskCall(id, "plain.note", kwargs=task.parameters)])
    results = Results(result_backend(app))
    wait_until(lambda: list(results.fetch([id])), "the task has ended")

    with running(bridge_of(engine, app, claim_idle=0.05, sweep=0.05)):
        assert engine.wait(workflow, timeout=LONG) == "published"
        wait_until(lambda: pending(engine, "bridge:math") == 0, "the event is acknowledged")
    check_once(engine, workflow)
    assert ledger.read_text().split().count("published") == 1


def test_terminate_revokes_what_has_not_begun(engine: Client, app: Celery, ledger: Path) -> None:
    # The ledger outlives the test.
    run = uuid.uuid4().hex
    lines = [f"{run}-{n}" for n in range(12)]
    with running(bridge_of(engine, app, sweep=0.1)):
        workflow = engine.start("* math:nap", [{"line": line} for line in lines])
        wait_until(
            lambda: ledger.exists() and run in ledger.read_text(),
            "the first one is done",
            timeout=LONG,
        )
        assert engine.terminate(workflow) is WorkflowState.TERMINATING
        wait_until(lambda: engine.views.state(workflow).ended, "all have ended", timeout=LONG)
        assert engine.state(workflow).state is WorkflowState.TERMINATED
        assert in_flight(engine) == 0
    assert len(set(ledger.read_text().split()) & set(lines)) < len(lines)


def test_timeouts_revoke_the_tasks(engine: Client, app: Celery, ledger: Path) -> None:
    """The worker does one task at a time, and hears of a revoke between two."""
    run = uuid.uuid4().hex
    lines = [f"{run}-{n}" for n in range(10)]
    items = json.dumps([{"line": line} for line in lines])
    text = f"""
        <> → math:nap(- {{line: first, seconds: 2}} -) ;
        <{items}> → * math:nap(- {{$timeout: 1}} -)
    """
    with running(bridge_of(engine, app, sweep=0.1)):
        assert engine.wait(engine.start("math:add([2, 3])"), timeout=LONG) == 5
        with pytest.raises(WorkflowFailed, match="timed out after 1 s"):
            engine.wait(engine.start(text), timeout=LONG)
        wait_until(lambda: in_flight(engine) == 0, "nothing is in flight", timeout=LONG)
        assert engine.wait(engine.start("math:note(- line: after -)"), timeout=LONG) == "after"
    assert len(set(ledger.read_text().split()) & set(lines)) < len(lines)


def test_a_flight_that_is_closed_is_forgotten(engine: Client, app: Celery) -> None:
    with running(bridge_of(engine, app, sweep=0.05)) as bridge:
        assert engine.wait(engine.start("math:add([2, 3])"), timeout=LONG) == 5
        wait_until(lambda: bridge.context.publications.ids == set(), "nothing is remembered")


def test_duplicates_change_nothing(engine: Client, app: Celery, ledger: Path) -> None:
    workflow = engine.start("{ math:note(- line: twice -) math:nobody }")
    for _, fields in engine.redis.xrange(engine.keys.events):
        if kind_of(fields) == "start-task":
            engine.redis.xadd(engine.keys.events, fields)
    with running(bridge_of(engine, app)):
        with pytest.raises(WorkflowFailed):
            engine.wait(workflow, timeout=LONG)
        wait_until(lambda: in_flight(engine) == 0, "the task has ended")
        engine.redis.xgroup_destroy(engine.keys.events, "bridge:math")
        assert engine.wait(engine.start("math:add([2, 3])"), timeout=LONG) == 5
    assert late(engine) == 0
    assert ledger.read_text().split().count("twice") == 1


def test_two_bridges_share_a_category(engine: Client, app: Celery) -> None:
    first, second = bridge_of(engine, app, sweep=0.05), bridge_of(engine, app, sweep=0.05)
    with running(first), running(second):
        workflows = [engine.start("math:add([2, 3]) → math:add([4])") for _ in range(20)]
        for workflow in workflows:
            assert engine.wait(workflow, timeout=LONG) == 9
    for workflow in workflows:
        check_once(engine, workflow)
    # Who published a task tells its end, and nobody else does.
    assert late(engine) == 0


def test_a_bridge_that_stops_leaves_what_runs_to_the_next(
    engine: Client, app: Celery, shared_worker: Spawned
) -> None:
    with running(bridge_of(engine, app)):
        pass
    # Celery works on while no bridge is there to hear of it.
    workflow = engine.start("math:add([2, 3])")
    stopped = bridge_of(engine, app)
    with stopped.parts(stopped.stop) as parts:
        wait_until(lambda: parts[0].turn() and in_flight(engine), "it is published")
    wait_until(lambda: "succeeded" in shared_worker.output, "the task has ended")
    with running(bridge_of(engine, app)):
        assert engine.wait(workflow, timeout=LONG) == 5
    check_once(engine, workflow)


@pytest.mark.parametrize(
    ("main", "name", "wanted", "served"),
    [
        ("shop", "shop", [], ["", "shop"]),
        ("shop", "tasks:app", [], ["", "shop", "tasks"]),
        (None, "proj.celery:app", [], ["", "proj"]),
        ("wait", "redis", [], [""]),
        ("shop", "tasks", ["math"], ["math"]),
        ("shop", "tasks", ["", "a", "a"], ["", "a"]),
        ("shop", "tasks", ["wait", "redis", "a"], ["a"]),
    ],
)
def test_which_categories_are_served(
    main: str | None, name: str, wanted: list[str], served: list[str]
) -> None:
    assert served_categories(Celery(main, set_as_current=False), name, wanted) == served


@pytest.mark.parametrize(
    ("wanted", "advice"),
    [(["math:add"], "set --category to the part before"), (["wait"], "serve one of your own")],
)
def test_categories_that_cannot_be_served(wanted: list[str], advice: str) -> None:
    with pytest.raises(ConfigurationError, match=advice):
        served_categories(Celery("shop", set_as_current=False), "tasks", wanted)
