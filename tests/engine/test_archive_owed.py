"""What failed or was cancelled begins again, each activation with its own input."""

from __future__ import annotations

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import NotRestartable
from littleflow_redis.engine.model.states import StepState, WorkflowState
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import LONG

from .archive_stage import resumed
from .support import Player, drive, echo, run
from .test_ends import Hand


@pytest.mark.parametrize("moment", ["first", "second"])
def test_what_a_restart_from_a_step_has_reset_is_fired_by_its_inputs(
    engine: Client, moment: str
) -> None:
    """Idle with an activation, `third` was restored as cancelled and run by the restart beside its
    predecessor: the workflow was FINISHED at once with `{}`.
    """

    def play(task: StartTask) -> object:
        if task.name == ("third" if restarts == 0 else moment):
            raise RuntimeError("broken")
        return echo(task)

    restarts = 0
    workflow, player = run(engine, "first → second → third", {"x": 1}, play)
    restarts = 1
    engine.restart(workflow, from_steps=[moment])
    drive(engine, workflow, player, LifecycleWorker(engine))
    assert engine.state(workflow).state is WorkflowState.FAILED
    archive = engine.archive(workflow)
    assert archive["steps"]["3"]["state"] == "idle"
    restored, played = resumed(engine, archive, echo)
    assert [task.name for task in played] == ["first", "second", "third"][moment == "second" :]
    undisturbed, _ = run(engine, "first → second → third", {"x": 1})
    assert engine.wait(restored, timeout=LONG) == engine.wait(undisturbed, timeout=LONG)


OVERLAPPING = "{ A :a → :start ; :a → B } → C"


@pytest.mark.parametrize("trip", [False, True])
def test_rounds_that_are_open_run_again_with_their_own_inputs(engine: Client, trip: bool) -> None:
    """Of three attempts of one step a restart ran the latest again alone; an archive gave the
    others' activations back as tokens, so what had ended in between ran again instead.
    """
    hand = Hand(engine, OVERLAPPING, {"n": 0})
    rounds = []
    for n in range(1, 4):
        hand.end("A", {"n": n})
        rounds.append(hand.tasks["B"])
    engine.transitions.run([engine.transitions.claim_attempt(rounds[2], "somebody")])
    hand.tasks["B"] = rounds[1]
    hand.end("B", "over")
    workflow = hand.workflow
    if trip:
        archive = engine.archive(workflow)
        engine.redis.flushall()
        workflow = engine.restore(archive)
    else:
        engine.terminate(workflow)
        engine.terminate(workflow)
    owed = engine.archive(workflow)["steps"][str(rounds[0].index)]["owed"]
    assert owed == [{"activation": 1, "kind": "retry"}, {"activation": 3, "kind": "retry"}]
    player, worker = Player(engine), LifecycleWorker(engine)
    worker.reader.ensure()
    while player.turn():
        pass
    player.serve = player.played.append  # type: ignore[method-assign]
    engine.restart(workflow)
    worker.turn()
    player.turn()
    again = [task.input for task in player.played if task.name == "B"]
    assert again == [{"n": 1}, {"n": 3}]


def test_a_round_that_failed_runs_again_though_another_one_has_ended_since(engine: Client) -> None:
    """The state of the step was that of the other one, so the restart left it out."""
    hand = Hand(engine, OVERLAPPING, {"n": 0})
    hand.end("A", {"n": 1})
    first = hand.tasks["B"]
    hand.end("A", {"n": 2})
    second = hand.tasks["B"]
    engine.transitions.run([engine.transitions.claim_attempt(second, "somebody")])
    hand.send(index=first.index, name="B", status="FAILURE", reason="no", token=first.token)
    hand.turn()
    hand.end("B", "over")
    assert (engine.state(hand.workflow).state, hand.states["B"]) == ("FAILED", StepState.ENDED)
    engine.restart(hand.workflow)
    hand.turn()
    assert hand.tasks["B"].token.startswith("1.")
    assert hand.tasks["B"].input == {"n": 1}


def test_an_end_without_a_token_leaves_an_archive_that_can_be_restored(engine: Client) -> None:
    """Under an iteration it failed a step of no item, and its record was refused."""
    hand = Hand(engine, "<[1, 2]> → * { A → B } → C")
    hand.send(index=hand.tasks["A"].index, name="A", status="SUCCESS", output=1)
    hand.turn()
    assert engine.state(hand.workflow).state is WorkflowState.FAILED
    workflow, played = resumed(engine, engine.archive(hand.workflow), echo)
    assert engine.state(workflow).state is WorkflowState.FINISHED
    assert sorted(task.name for task in played) == ["A", "A", "B", "B", "C"]


def test_a_finished_one_is_not_restarted_from_where_nothing_follows(engine: Client) -> None:
    """Restored, it is TERMINATED: the steps were reset, and none of them ran."""
    workflow, _ = run(engine, "A → :start; B")
    for id in (workflow, engine.restore(engine.archive(workflow))):
        with pytest.raises(NotRestartable, match="nothing of that follows"):
            engine.restart(id, from_steps=["A"])
