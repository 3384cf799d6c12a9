"""What `run --wait --progress` and `inspect --follow` say of each change."""

from __future__ import annotations

from littleflow_redis import Client
from littleflow_redis.cli.run_log import RunLog
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.workers.scenes import events


def answer(engine: Client, **fields: object) -> None:
    """End the task that was handed out last, and let the lifecycle worker see it."""
    *_, task = events(engine, "start-task")
    echoed = {key: task[key] for key in ("workflow", "index", "name", "token")}
    engine.send_event("end-task", {**echoed, **fields})
    LifecycleWorker(engine).turn()


def told(engine: Client) -> list[list[str]]:
    """Each line without its time: the name, the word, and what about it."""
    lines, _ = RunLog(engine, "workflow:w").news()
    return [line.split(None, 4)[2:] for line in lines]


def test_a_failure_keeps_its_reason_when_the_step_begins_anew(engine: Client) -> None:
    engine.start("A → B", workflow_id="w")
    answer(engine, status="FAILURE", reason="E: bad")
    engine.restart("w")
    answer(engine, output=7)

    assert told(engine) == [
        ["A", "queued"],
        ["A", "failed", "E: bad"],
        ["A", "queued"],
        ["A", "ended", "7"],
        ["B", "queued"],
    ]


def test_a_retry_is_told_with_its_reason(engine: Client) -> None:
    engine.start("A(- {$retry: {limit: 1, delay: 60}} -)", workflow_id="w")
    error = {"type": "ConnectionResetError", "message": "gone"}
    answer(engine, status="FAILURE", reason="ConnectionResetError: gone", error=error)

    assert told(engine)[-1] == ["A", "retrying", "ConnectionResetError: gone"]


def test_a_failure_with_which_the_workflow_goes_on_is_told(engine: Client) -> None:
    engine.start("A(- {$on-failure: continue} -) → B", workflow_id="w")
    answer(engine, status="FAILURE", reason="E: bad")

    assert told(engine) == [["A", "queued"], ["A", "continued", "E: bad"], ["B", "queued"]]


def test_an_output_is_shown_with_the_end_that_gave_it(engine: Client) -> None:
    engine.start("A → B", workflow_id="w")
    answer(engine, output="old")
    engine.terminate("w")
    engine.restart("w", from_steps=["A"])
    assert ["A", "ended"] in told(engine)
    answer(engine, output="new")

    assert [line for line in told(engine) if line[1] == "ended"] == [
        ["A", "ended"],
        ["A", "ended", '"new"'],
    ]


def test_each_item_has_its_name_and_its_own_output(engine: Client) -> None:
    engine.start("<- [5, 6] -> → * math:mul(- $concurrency: 1 -)", workflow_id="w")
    answer(engine, output=10)
    answer(engine, output=12)

    assert told(engine) == [
        ["math:mul[0]", "queued"],
        ["math:mul[0]", "ended", "10"],
        ["math:mul[1]", "queued"],
        ["math:mul[1]", "ended", "12"],
        ["math:mul", "ended", "[10, 12]"],
    ]
