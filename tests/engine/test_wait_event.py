"""`wait:event`: events before and after the wait, matched, receipted, for one workflow or all."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.errors import UnknownWorkflow
from littleflow_redis.engine.states import StepState, WorkflowState
from littleflow_redis.events.wire import receipt_for
from littleflow_redis.workers.lifecycle import LifecycleWorker
from littleflow_redis.workers.receipts import Receipts
from tests.support import LONG

from .support import Player, append, hurry

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


@pytest.fixture
def scene(engine: Client) -> Scene:
    return Scene(engine)


def private_keys(engine: Client) -> dict[str, Any]:
    """What is left of waits and of the mailbox."""
    keys = engine.keys
    found: Any = engine.redis.keys(f"{keys.kind}*")
    return {
        "waiters": engine.redis.zcard(keys.waiters),
        "letters": engine.redis.zcard(keys.letters),
        "mail": engine.redis.hlen(keys.mail),
        "kinds": len(found),
        "timers": engine.redis.zcard(keys.timers),
        "open": engine.redis.hlen(engine.keys.open),
    }


NOTHING = dict.fromkeys(("waiters", "letters", "mail", "kinds", "timers", "open"), 0)


@pytest.mark.parametrize("first", ["event", "wait"])
def test_an_event_ends_a_wait_whichever_comes_first(scene: Scene, first: str) -> None:
    if first == "event":
        scene.send()
    workflow = scene.start(f"{WAIT} → A", {"x": 1})
    if first == "wait":
        assert not scene.ended(workflow)
        assert scene.engine.state(workflow).steps[1].state is StepState.WAITING
        scene.send()
    assert scene.output(workflow) == {"A": [2, {"x": 1}]}
    assert private_keys(scene.engine) == NOTHING


@pytest.mark.parametrize("first", ["event", "wait"])
@pytest.mark.parametrize(
    ("text", "data", "output"),
    [
        (WAIT, {"by": "me"}, {"order": 5, "note": "é"}),
        (WAIT, {"output": {"by": "me"}}, {"by": "me"}),
        (WAIT, {"output": [1, 2]}, [1, 2]),
        (WAIT, {"output": None}, {"order": 5, "note": "é"}),
        (MATCH, {"order": 5, "note": "é"}, {"order": 5, "note": "é"}),
        (MATCH, {"order": 5.0, "note": "é", "x": 1}, {"order": 5, "note": "é"}),
        (
            MATCH,
            {"order": 5, "note": "é", "output": {"note": "n", "by": "me"}},
            {"order": 5, "note": "n", "by": "me"},
        ),
    ],
)
def test_the_output_is_the_events_over_the_match_or_the_input(
    scene: Scene, first: str, text: str, data: dict[str, Any], output: Any
) -> None:
    if first == "event":
        scene.send(**data)
    workflow = scene.start(text, {"order": 5, "note": "é"})
    if first == "wait":
        scene.send(**data)
    assert scene.output(workflow) == output
    assert private_keys(scene.engine) == NOTHING


@pytest.mark.parametrize("first", ["event", "wait"])
@pytest.mark.parametrize("data", [{}, {"order": 6}, {"order": "5"}, {"order": True}, {"Order": 5}])
def test_what_does_not_match_is_left(scene: Scene, first: str, data: dict[str, Any]) -> None:
    if first == "event":
        scene.send(**data)
    workflow = scene.start(MATCH, {"order": 5})
    if first == "wait":
        scene.send(**data)
    scene.engine.send_event("other", {"order": 5})
    scene.turn()
    assert not scene.ended(workflow)
    assert scene.receipts() == []
    scene.send(order=5)
    assert scene.output(workflow) == {"order": 5}


def test_every_waiter_that_matches_gets_it_and_it_is_receipted_once(scene: Scene) -> None:
    workflows = [scene.start(MATCH, {"order": n % 3}) for n in range(9)]
    several = scene.start(f"{{ {WAIT} {WAIT} }} → A", {"x": 1})
    event = scene.send(order=1)
    assert [scene.ended(w) for w in workflows] == [n % 3 == 1 for n in range(9)]
    assert scene.output(several) == {"A": [5, [{"x": 1}, {"x": 1}]]}
    assert scene.receipts() == [event]
    late = scene.start(WAIT)
    assert not scene.ended(late)


def test_more_waiters_than_one_call_names(scene: Scene) -> None:
    workflows = [scene.engine.start(WAIT) for _ in range(600)]
    scene.turn()
    event = scene.send(output=1)
    assert {scene.output(workflow) for workflow in workflows} == {1}
    assert scene.receipts() == [event]
    assert private_keys(scene.engine) == NOTHING


def test_without_receipt_it_stays_for_those_who_come_later(scene: Scene) -> None:
    event = scene.send(output=1)
    assert [scene.output(scene.start(KEEP)) for _ in range(3)] == [1, 1, 1]
    assert scene.receipts() == []
    assert scene.output(scene.start(WAIT)) == 1
    assert scene.receipts() == [event]
    assert not scene.ended(scene.start(KEEP))


def test_the_oldest_event_is_taken_first(scene: Scene) -> None:
    for n in range(3):
        scene.send(output=n)
    assert [scene.output(scene.start(WAIT)) for _ in range(3)] == [0, 1, 2]


@pytest.mark.parametrize("wait", [WAIT, KEEP])
def test_one_event_goes_to_each_step_once(scene: Scene, wait: str) -> None:
    workflow = scene.start(f"{wait} → {wait} → A")
    scene.send(output={"n": 1})
    # Without a receipt the event is there for the second step, but once for each.
    assert scene.ended(workflow) is (wait == KEEP)
    scene.send(output={"n": 2})
    assert scene.output(workflow) == {"A": [3, {"n": 1 if wait == KEEP else 2}]}


@pytest.mark.parametrize("wait", [WAIT, KEEP])
@pytest.mark.parametrize("before", [True, False])
def test_a_loop_takes_different_events(scene: Scene, wait: str, before: bool) -> None:
    if before:
        for n in range(3):
            scene.send(output={"n": n})
    workflow = scene.start(f"{wait} → A → :start")
    if not before:
        for n in range(3):
            scene.send(output={"n": n})
    played = [task.input for task in scene.player.played]
    assert played == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert scene.engine.state(workflow).steps[1].activations == 4
    assert not scene.ended(workflow)


def test_a_restarted_wait_does_not_get_it_again(scene: Scene) -> None:
    scene.send(output=1)
    workflow = scene.start(f"{KEEP} → A → :start")
    scene.engine.terminate(workflow)
    scene.engine.restart(workflow)
    scene.turn()
    assert [task.input for task in scene.player.played] == [1]
    assert scene.engine.state(workflow).steps[1].state is StepState.WAITING
    scene.send(output=2)
    assert [task.input for task in scene.player.played] == [1, 2]


def test_an_event_for_one_workflow_reaches_only_that(scene: Scene) -> None:
    one, two = scene.start(WAIT), scene.start(WAIT)
    scene.send(two, output="for two")
    assert not scene.ended(one)
    assert scene.output(two) == "for two"
    scene.send(one, output="for one")
    assert scene.output(one) == "for one"


def test_an_event_for_a_workflow_that_does_not_wait_yet(scene: Scene) -> None:
    later = scene.engine.start(f"A → {WAIT} → {WAIT}", workflow_id="later")
    for output, workflow in (("all", None), (1, "later"), (2, "later")):
        scene.engine.send_event("approved", {"output": output}, workflow)
        scene.worker.turn()
    assert scene.output(scene.start(WAIT)) == "all"
    assert scene.output(later) == 2
    assert private_keys(scene.engine) == NOTHING


def test_the_oldest_of_an_event_for_all_and_one_for_the_workflow(scene: Scene) -> None:
    later = scene.engine.start(f"A → {WAIT} → B → {WAIT} → C", workflow_id="later")
    for output, workflow in (("mine", "later"), ("all", None)):
        scene.engine.send_event("approved", {"output": output}, workflow)
        scene.worker.turn()
    scene.turn()
    assert scene.ended(later)
    played = {task.name: task.input for task in scene.player.played}
    assert (played["B"], played["C"]) == ("mine", "all")


def test_an_event_for_nobody_is_refused(engine: Client) -> None:
    with pytest.raises(UnknownWorkflow):
        engine.send_event("approved", {}, "nowhere")


def test_the_short_id_in_an_event_written_by_hand(scene: Scene) -> None:
    workflow = scene.start(WAIT, workflow_id="w")
    other = scene.start(WAIT)
    event = {"kind": "approved", "for-workflow": "w", "output": 1}
    append(scene.engine.redis, scene.engine.keys.events, event)
    scene.turn()
    assert scene.output(workflow) == 1
    assert not scene.ended(other)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"kind": '"approved"', "x": "NaN"}, "a field cannot be read"),
        ({"kind": '"approved"', "for-workflow": "5"}, "must be a workflow's id"),
        ({"kind": '"approved"', "for-workflow": '"a b"'}, "use 1 to 200 letters"),
        ({"kind": '"' + "k" * 201 + '"'}, "more than 200 characters"),
        ({"kind": '"approved"', "x": '"' + "x" * 1_000_000 + '"'}, "more than 1,000,000 bytes"),
    ],
)
def test_an_event_that_nobody_can_wait_for_is_left_alone(
    scene: Scene, caplog: pytest.LogCaptureFixture, fields: dict[Any, Any], why: str
) -> None:
    workflow = scene.start(WAIT)
    scene.engine.redis.xadd(scene.engine.keys.events, fields)
    scene.turn()
    assert not scene.ended(workflow)
    assert why in caplog.text
    assert scene.engine.redis.xpending(scene.engine.keys.events, "ending")["pending"] == 0
    assert scene.engine.redis.xlen(scene.engine.keys.dead) == 0


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ("{}", "needs a parameter event"),
        ("event: ''", "needs a parameter event"),
        ("event: 5", "needs a parameter event"),
        ("event: end-task", "a kind of the engine's own"),
        ("{event: x, recipt: true}", "has no parameter 'recipt': did you mean receipt?"),
        ("{event: x, whatever: 1}", "it takes event, match, receipt, timeout"),
        ("{event: x, match: output}", "match: 'output' is unknown: it can only be input"),
        ("{event: x, receipt: 'no'}", "receipt: needs true or false"),
        ("{event: x, timeout: soon}", "timeout needs a time"),
        ("{event: x, match: input}", "needs an input that is an object"),
    ],
)
def test_bad_parameters_fail_the_step_finally(scene: Scene, parameters: str, reason: str) -> None:
    workflow = scene.start(f"wait:event(- {parameters} -)", [1, 2])
    view = scene.engine.state(workflow)
    assert view.state is WorkflowState.FAILED
    assert reason in view.steps[1].reason
    assert view.steps[1].reason.startswith("wait:event ")


def lapse(scene: Scene) -> None:
    hurry(scene.engine)
    scene.turn()


def test_a_wait_that_times_out_fails_and_says_why(scene: Scene) -> None:
    workflow = scene.start("wait:event(- {event: approved, timeout: 1h30m} -)")
    lapse(scene)
    reason = "step 1 (wait:event): no event approved came within 5400 s"
    assert scene.engine.state(workflow).reasons == (reason,)
    scene.send()
    assert scene.receipts() == []
    assert private_keys(scene.engine)["waiters"] == 0


def test_a_timeout_is_a_failure_as_any_other(scene: Scene) -> None:
    parameters = "{event: approved, timeout: 60, $retry: {limit: 1}, $on-failure: continue}"
    workflow = scene.start(f"wait:event(- {parameters} -)")
    lapse(scene)
    lapse(scene)
    assert scene.engine.state(workflow).steps[1].attempts == 2
    lapse(scene)
    message = "no event approved came within 60 s"
    error = {"type": "TimeoutError", "message": message, "step": "wait:event"}
    assert scene.output(workflow) == {"error": error}
    assert private_keys(scene.engine) == NOTHING


def test_the_timeout_of_every_step_works_too(scene: Scene) -> None:
    workflow = scene.start("wait:event(- {event: approved, $timeout: 60} -)")
    lapse(scene)
    assert scene.engine.state(workflow).steps[1].reason == "timed out after 60 s"
    assert private_keys(scene.engine) == NOTHING


def test_an_event_in_time_disarms_the_timeout(scene: Scene) -> None:
    workflow = scene.start("wait:event(- {event: approved, timeout: 60} -)", {"x": 1})
    scene.send()
    assert scene.output(workflow) == {"x": 1}
    assert private_keys(scene.engine) == NOTHING


def test_terminate_restart_and_delete(scene: Scene) -> None:
    workflow = scene.start(f"{MATCH} → A", {"order": 5})
    assert scene.engine.terminate(workflow) is WorkflowState.TERMINATED
    assert private_keys(scene.engine) == NOTHING
    event = scene.send(order=5)
    assert scene.receipts() == []
    scene.engine.restart(workflow)
    scene.turn()
    assert scene.output(workflow) == {"A": [2, {"order": 5}]}
    assert scene.receipts() == [event]
    scene.engine.delete(workflow)
    assert not scene.engine.redis.keys("workflow:*")


def test_a_failed_workflow_keeps_what_it_waited_for(scene: Scene) -> None:
    workflow = scene.start(f"{{ {WAIT} wait:event(- recipt: 1 -) }} → A")
    assert scene.engine.state(workflow).state is WorkflowState.FAILED
    scene.send(output={"by": "me"})
    assert scene.engine.state(workflow).steps[2].state in (StepState.ENDED, StepState.QUEUED)


@pytest.mark.no_keys_left
def test_no_key_is_left(scene: Scene) -> None:
    for text in (WAIT, KEEP, MATCH, f"wait:event(- {{event: approved, timeout: 60}} -) → {WAIT}"):
        workflow = scene.start(text, {"order": 5})
        scene.send(order=5)
        scene.engine.terminate(workflow)
        scene.engine.delete(workflow)
    receipts = Receipts(scene.engine, event_retention=-1.0, grace=-1.0, show=lambda _: None)
    receipts.turn()
    scene.turn()
    receipts.turn()
    keys = scene.engine.keys
    assert private_keys(scene.engine) == NOTHING
    assert not scene.engine.redis.exists(keys.receipted)
    scene.engine.redis.delete(keys.events, keys.changes, keys.counts, keys.deleted)


def test_the_mailbox_follows_the_retention_of_the_stream(scene: Scene) -> None:
    def receipts(retention: float) -> Receipts:
        return Receipts(scene.engine, event_retention=retention, show=lambda _: None)

    scene.send(order=1)
    scene.engine.send_event("other")
    scene.turn()
    receipts(60).turn()
    assert private_keys(scene.engine)["mail"] == 4
    receipts(-1.0).turn()
    assert private_keys(scene.engine) == NOTHING
    assert not scene.ended(scene.start(WAIT))


def test_the_mailbox_outlives_the_stream_and_its_retention_too(scene: Scene) -> None:
    scene.send(output=1)
    scene.engine.redis.delete(scene.engine.keys.events)
    scene.worker.reader.ensure()
    assert scene.output(scene.start(WAIT)) == 1
    scene.send(output=2)
    scene.engine.redis.delete(scene.engine.keys.events)
    receipts = Receipts(scene.engine, event_retention=-1.0, show=lambda _: None)
    receipts.turn()
    receipts.turn()
    assert private_keys(scene.engine) == NOTHING


def test_somebody_elses_receipt_takes_it_out_of_the_mailbox(scene: Scene) -> None:
    event = scene.send()
    append(scene.engine.redis, scene.engine.keys.events, receipt_for(event))
    scene.turn()
    assert private_keys(scene.engine) == NOTHING
    assert not scene.ended(scene.start(WAIT))


def test_a_receipt_that_is_read_with_its_event(scene: Scene) -> None:
    """Who waited before the event came gets it; who came after the receipt does not."""
    before = scene.engine.start(WAIT)
    event = scene.engine.send_event("approved")
    append(scene.engine.redis, scene.engine.keys.events, receipt_for(event))
    after = scene.engine.start(WAIT)
    scene.turn()
    assert scene.ended(before)
    assert not scene.ended(after)
    assert scene.receipts() == [event]


def test_the_janitor_may_read_a_receipt_first(scene: Scene) -> None:
    event = scene.engine.send_event("approved")
    append(scene.engine.redis, scene.engine.keys.events, receipt_for(event))
    Receipts(scene.engine, show=lambda _: None).turn()
    workflow = scene.start(WAIT)
    assert not scene.ended(workflow)
    assert private_keys(scene.engine)["mail"] == 0


def test_a_group_made_anew_brings_nothing_a_second_time(client: redis.Redis, scene: Scene) -> None:
    scene.send(output=1)
    assert scene.output(scene.start(WAIT)) == 1
    scene.send(output=2)
    assert scene.output(scene.start(KEEP)) == 2
    client.xgroup_destroy(scene.engine.keys.events, "ending")
    scene.turn()
    assert private_keys(scene.engine)["mail"] == 2
    later = [scene.start(WAIT), scene.start(WAIT)]
    assert [scene.ended(w) for w in later] == [True, False]


def test_the_input_is_computed_where_the_stream_has_lost_it(scene: Scene) -> None:
    workflow = scene.start(f"<- {{x: [1]}} -> → > {WAIT}")
    scene.engine.redis.delete(scene.engine.keys.events)
    scene.worker.reader.ensure()
    scene.send()
    assert scene.output(workflow) == {"x": [1]}


def test_an_iteration_waits_for_an_event_per_item(scene: Scene) -> None:
    workflow = scene.start(f"* {MATCH}", [{"n": 1}, {"n": 2}, {"n": 3}])
    for n in (2, 3, 1):
        assert not scene.ended(workflow)
        scene.send(n=n, output={"got": n})
    assert scene.output(workflow) == [{"n": n, "got": n} for n in (1, 2, 3)]


def test_a_shape_that_is_new_finds_what_is_in_the_mailbox(scene: Scene) -> None:
    for n in range(250):
        scene.engine.send_event("approved", {"a": n, "b": -n})
    scene.turn()
    for input in ({"a": 240}, {"b": -3}, {"a": 7, "b": -7}, {}):
        assert scene.output(scene.start(MATCH, input)) == input
    assert not scene.ended(scene.start(MATCH, {"a": 240}))


def test_too_many_shapes_fail_the_step(scene: Scene) -> None:
    kind = scene.engine.keys.kind + "approved"
    scene.send()
    scene.engine.redis.hset(kind, mapping={f'["f{n}"]': 1 for n in range(1001)})
    workflow = scene.start(MATCH, {"a": 1})
    assert "too many different sets of fields" in scene.engine.state(workflow).steps[1].reason


def test_a_waiting_step_says_what_it_waits_for(scene: Scene) -> None:
    parameters = "{event: approved, match: input, timeout: 60}"
    workflow = scene.start(f"wait:event(- {parameters} -)", {"order": 5})
    waits = scene.engine.state(workflow).steps[1].waits
    assert waits.startswith('waits for event approved with {"order":5}, until 2')
    assert scene.engine.state(scene.start(WAIT)).steps[1].waits == "waits for event approved"
    delay = scene.start("wait:delay(- until: '2100-01-01' -)")
    assert scene.engine.state(delay).steps[1].waits == "waits until 2100-01-01 00:00:00"


def test_the_cost_of_an_event_does_not_grow_with_who_waits_for_others(
    client: redis.Redis, scene: Scene
) -> None:
    def cost(n: int) -> int:
        """Commands that Redis runs for one event that one workflow waits for."""
        client.config_resetstat()
        scene.engine.send_event("approved", {"order": n})
        scene.worker.turn()
        stats: Any = client.info("commandstats")
        return sum(s["calls"] for s in stats.values())

    def wait_for(orders: range) -> None:
        for n in orders:
            scene.engine.start(MATCH, {"order": n})
        while scene.worker.turn():
            pass

    wait_for(range(10))
    cost(0)
    few = cost(1)
    wait_for(range(10, 2000))
    assert cost(1500) <= few + 5
    assert client.zcard(scene.engine.keys.waiters) == 1997
