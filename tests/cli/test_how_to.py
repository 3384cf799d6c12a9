"""What docs/how-to says of latches, dead letters and retention is what happens."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from littleflow_redis import Client, TaskListener, WorkflowState
from littleflow_redis.engine.builtins.latch import MAX_NAME
from littleflow_redis.engine.client import as_flow
from littleflow_redis.workers.lifecycle import MAX_DELIVERIES
from littleflow_redis.workers.start_tasks import MAX_DEATHS
from tests.cli.conftest import Command, Process
from tests.cli.test_dead import bury, turn
from tests.support import LONG, wait_until
from tests.workers.scenes import lifecycle

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"


def page(name: str) -> str:
    return (HOW_TO / f"{name}.md").read_text("utf-8")


def commands(text: str) -> list[list[str]]:
    """The commands of a page, as words after the program's name."""
    return [
        line.split() for line in re.findall(r"^    python -m littleflow_redis (.+)$", text, re.M)
    ]


def test_the_flows_of_the_latches_page_wait_for_each_other(engine: Client) -> None:
    produce, collect = re.findall(r"^```flow\n(.*?)^```", page("latches"), re.M | re.S)
    listener = TaskListener(client=engine)
    listener.task("produce")(lambda id: {"id": id})
    listener.task("collect")(lambda id: f"all of {id}")
    assert f"{MAX_NAME} characters" in page("latches")

    with lifecycle(engine):
        producers = [engine.start(as_flow(produce), {"id": 5}) for _ in range(3)]
        wait_until(lambda: engine.redis.get("workflow:latch:batch-5") == b"3", "all hold it")
        collector = engine.start(as_flow(collect), {"id": 5})
        wait_until(lambda: engine.state(collector).steps[1].state == "waiting", "it waits")
        with listener:
            assert engine.wait(collector, timeout=LONG) == "all of 5"
            for workflow in producers:
                engine.wait(workflow, timeout=LONG)
    assert not engine.redis.exists("workflow:latch:batch-5")


def test_the_commands_of_the_dead_letters_page(command: Command, engine: Client) -> None:
    text = page("dead-letters")
    assert [words[:2] for words in commands(text)][:2] == [["dead", "list"], ["dead", "show"]]
    for words in commands(text):
        letter = bury(engine, "one")[-1]
        result = command(*[letter if word == "ID" else word for word in words])
        assert (result.exit_code, result.stderr) == (0, ""), result.stderr
        turn(engine)
    assert engine.dead_letters() == []
    assert MAX_DELIVERIES == 5
    assert f"its worker died {MAX_DEATHS} times" in text


def test_the_commands_of_the_retention_page(
    command: Command, process: Process, engine: Client
) -> None:
    worker, delete, delete_many = commands(page("retention"))
    engine.terminate(engine.start("A", workflow_id="old"))
    engine.terminate(engine.start("A", workflow_id="young"))
    engine.redis.hset("workflow:old", "ended", 0)
    engine.redis.zadd("workflows:index:TERMINATED", {"workflow:old": 0})

    running = process(*worker)
    wait_until(lambda: len(engine.list()) == 1, "the old one is gone")

    running.wait_for_output("event=retired state=TERMINATED workflows=1")
    running.signal(signal.SIGTERM)
    assert running.wait() == 0
    none = command(*delete_many)
    assert (none.exit_code, none.stderr) == (0, "there are none\n")
    assert command(*[re.sub("ID", "young", word) for word in delete]).exit_code == 0
    assert engine.list() == []


@pytest.mark.parametrize("how", ["terminate", "delete"])
def test_a_latch_that_was_left_is_released_by_hand(engine: Client, how: str) -> None:
    engine.start("wait:acquire(- name: a -) → A", workflow_id="left")
    turn(engine)
    engine.terminate("left")
    if how == "delete":
        engine.delete("left")
    waiting = engine.start("wait:countdown(- name: a -)")
    turn(engine)
    engine.start("wait:release(- name: a -)")
    turn(engine)
    wait_until(lambda: not turn(engine) and engine.state(waiting).state.ended, "it goes on")
    assert engine.state(waiting).state is WorkflowState.FINISHED
