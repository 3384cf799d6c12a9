"""Many starts in one round trip, each of which is a start by itself."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import littleflow
import pytest
from redis.exceptions import OutOfMemoryError

from littleflow_redis.engine.client import Client, StartSpec, base
from littleflow_redis.engine.client.start_specs import MOST_SHARED_STEPS
from littleflow_redis.engine.client.starting import MOST_STARTS
from littleflow_redis.engine.model.errors import IdConflict, InvalidId, UnsupportedFlow
from littleflow_redis.engine.model.json_values import BadValue
from littleflow_redis.events.script_batch import TOGETHER
from littleflow_redis.language import FlowError, compile_text
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.faults import Plan, faulty_client
from tests.support import LONG, RedisServer

from .support import Player, drive
from .test_together import evals

#: More than two calls of the script hold.
MANY = 2 * TOGETHER + 6


class Counted(Client):
    """A client that counts its round trips."""

    def __init__(self, server: RedisServer) -> None:
        self.plan = Plan()
        super().__init__(redis=faulty_client(server, self.plan))

    def trips(self, starts: Sequence[StartSpec]) -> int:
        """The round trips that these starts take; none is refused."""
        before = self.plan.calls
        assert not [result.error for result in self.start_many(starts) if result.error]
        return self.plan.calls - before


@pytest.fixture
def counted(redis_server: RedisServer, engine: Client) -> Counted:
    # From now on the server knows the script.
    engine.start("A", workflow_id="first")
    return Counted(redis_server)


def test_each_of_many_runs_with_its_own_input(engine: Client) -> None:
    results = engine.start_many(
        StartSpec("@flow many (- {y: 1} -)\nA → B", {"x": n}) for n in range(MANY)
    )
    ids = [result.id for result in results]
    assert len({*ids}) == MANY
    assert all(id.startswith("workflow:many-") for id in ids)
    assert [id.decode() for id in engine.redis.lrange(engine.keys.all, 0, -1)] == ids[::-1]
    assert [engine.input(id) for id in ids] == [{"x": n, "y": 1} for n in range(MANY)]
    player, worker = Player(engine, lambda task: task.input), LifecycleWorker(engine)
    for n, id in enumerate(ids):
        drive(engine, id, player, worker)
        assert engine.wait(id, timeout=LONG) == {"x": n, "y": 1}


def test_a_thousand_go_in_one_round_trip(counted: Counted) -> None:
    flow = compile_text("A → B")
    assert counted.trips([StartSpec(flow, {"n": n}) for n in range(MOST_STARTS)]) == 1
    assert counted.redis.llen(counted.keys.all) == 1 + MOST_STARTS
    assert counted.trips([StartSpec(flow) for _ in range(MOST_STARTS + 1)]) == 2


def test_flows_that_redis_lacks_cost_no_round_trip(counted: Counted) -> None:
    assert counted.trips([StartSpec(f"A{n % 3}", n) for n in range(MANY)]) == 1
    stored = counted.redis.keys(f"{counted.keys.flow}*")
    assert len(stored) == 1 + 3
    assert {counted.redis.hget(key, "workflows") for key in stored} > {b"24", b"23"}


@pytest.mark.parametrize("forget", ["flushall", "script_flush"])
def test_a_server_that_forgot_costs_one_more(counted: Counted, forget: str) -> None:
    specs = [StartSpec(text) for text in ("A", "B")] * MANY
    assert counted.trips(specs) == 1
    getattr(counted.redis, forget)()
    assert counted.trips(specs) == 2


def test_a_script_that_is_unknown_is_sent_once(counted: Counted) -> None:
    """Each of its calls took the source along: 40 kB, 32 times for 1,000 starts."""
    before = counted.redis.info("stats")["total_net_input_bytes"]
    counted.redis.script_flush()
    assert counted.trips([StartSpec("A")] * (10 * TOGETHER)) == 2
    assert counted.redis.info("stats")["total_net_input_bytes"] - before < 3 * 50_000


@pytest.mark.parametrize(("width", "calls"), [(10, 1), (MOST_SHARED_STEPS, TOGETHER)])
def test_starts_of_wide_flows_share_no_call(counted: Counted, width: int, calls: int) -> None:
    """Whatever else asked Redis waited until 32 of them had emitted all their steps."""
    text = "{ " + "A " * width + "}"
    counted.start_many([StartSpec(text)])
    before = evals(counted)
    assert counted.trips([StartSpec(text)] * TOGETHER) == 1
    assert evals(counted) - before == calls


def test_large_inputs_are_sent_in_parts(counted: Counted) -> None:
    large = "x" * 900_000
    assert counted.trips([StartSpec("A", large)] * 9) == 3


def test_steps_that_are_ready_at_once_are_fired(engine: Client, counted: Counted) -> None:
    """Reading the input of each took two round trips."""
    # Then it is known that the inputs are small, and all go at once.
    counted.start_many([StartSpec("* A → B", [])] * MANY)
    specs = [StartSpec("* A → B", [n, n], workflow_id=f"w{n}") for n in range(MANY)]
    assert counted.trips(specs) == 4
    for spec in specs:
        attempts = engine.attempts(str(spec.workflow_id))
        assert [(attempt.index, attempt.scope) for attempt in attempts] == [(1, "0"), (1, "1")]


def test_one_that_is_refused_stops_no_other(engine: Client, tmp_path: Path) -> None:
    engine.start("A", 1, workflow_id="taken")
    flow = littleflow.Compiler().compile(littleflow.Parser().parse("A → B"))
    given: list[tuple[Any, type[Exception] | None, str]] = [
        (StartSpec("A", 1), None, ""),
        (StartSpec("A → → B"), FlowError, "1:5"),
        (StartSpec("A", {1, 2}), BadValue, "no JSON"),
        (StartSpec("A", [float("nan")]), BadValue, "no JSON"),
        (StartSpec("A", "x" * 1_000_001), BadValue, "the input has 1,000,003 bytes"),
        (StartSpec("A", workflow_id="a b"), InvalidId, "letters, digits"),
        (StartSpec("A", workflow_id=7), InvalidId, "use a text"),  # type: ignore[arg-type]
        (StartSpec("A", 2, workflow_id="taken"), IdConflict, "another text or input"),
        (StartSpec("<data.json> → A"), UnsupportedFlow, "cannot be run"),
        (StartSpec(tmp_path / "none.flow"), FileNotFoundError, "none.flow"),
        (StartSpec(7), TypeError, "compiled flow, not int"),  # type: ignore[arg-type]
        (StartSpec("A → → B"), FlowError, "1:5"),
        (StartSpec(flow, 2), None, ""),
        (StartSpec("A", 1, workflow_id="taken"), None, ""),
    ]
    results = engine.start_many([spec for spec, _, _ in given])
    for number, ((_, error, message), result) in enumerate(zip(given, results, strict=True)):
        if error is None:
            assert engine.input(result.id) in (1, 2)
            continue
        assert isinstance(result.error, error), number
        assert result.error.__notes__ == [f"of starts[{number}]"]
        with pytest.raises(error, match=message):
            print(result.id)
    assert engine.redis.llen(engine.keys.all) == 3


class Asked(os.PathLike[str]):
    """A path that counts how often it is looked up."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.times = 0

    def __fspath__(self) -> str:
        self.times += 1
        return str(self.path)


@pytest.mark.parametrize("text", ["A → B", "A → → B"])
def test_a_workflow_of_many_starts_is_read_once(engine: Client, tmp_path: Path, text: str) -> None:
    path = Asked(tmp_path / "one.flow")
    path.path.write_text(text, encoding="utf-8")
    results = engine.start_many(StartSpec(path, n) for n in range(MANY))
    assert len({result.error is None for result in results}) == 1
    assert path.times == 1


def test_what_is_no_start_is_refused_before_anything_is_started(engine: Client) -> None:
    with pytest.raises(TypeError, match=r"starts\[1\] is no StartSpec but dict"):
        engine.start_many([StartSpec("A"), {"workflow": "A"}])  # type: ignore[list-item]
    assert engine.redis.dbsize() == 0


def test_nothing_is_started_for_nothing(counted: Counted) -> None:
    assert counted.trips([]) == 0


def test_an_id_twice_is_one_workflow_or_a_conflict(engine: Client) -> None:
    one, same, other = engine.start_many([StartSpec("A", n, workflow_id="once") for n in (1, 1, 2)])
    assert one.id == same.id == other.workflow == "workflow:once"
    assert isinstance(other.error, IdConflict)
    assert engine.redis.llen(engine.keys.all) == 1


def test_a_flow_is_stored_though_its_first_start_is_refused(counted: Counted) -> None:
    """The first start of a flow takes it along; if its id was taken, nobody had brought it."""
    ids = ["first", None, None]
    first, *others = counted.start_many([StartSpec("B", workflow_id=id) for id in ids])
    assert isinstance(first.error, IdConflict)
    assert [counted.views.flow(other.id).steps[1].name for other in others] == ["B", "B"]
    (refused,) = counted.start_many([StartSpec("C", workflow_id="first")])
    assert isinstance(refused.error, IdConflict)
    # Its flow is not taken for a stored one.
    assert counted.trips([StartSpec("C")] * 2) == 1


def test_a_server_that_refuses_every_flow_is_not_asked_for_ever(
    counted: Counted, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In each round only one start took the flow along, and each of these may be refused."""
    monkeypatch.setattr(base, "PATIENCE", 0.0)
    before = counted.plan.calls
    with redis_server.client() as operator:
        operator.config_set("maxmemory", "1")
        try:
            results = counted.start_many([StartSpec("B", n) for n in range(MANY)])
        finally:
            operator.config_set("maxmemory", "0")
    assert {type(result.error) for result in results} == {OutOfMemoryError}
    assert counted.plan.calls - before == 3
    assert counted.redis.llen(counted.keys.all) == 1
