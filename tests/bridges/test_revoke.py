"""Work that is no longer wanted: revoked until it is settled, and never applied."""

from __future__ import annotations

import itertools
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from celery import Celery

from littleflow_redis.bridges.broker.revoke import LONGEST_PAUSE, Revoker
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from tests.support import RedisServer, wait_until

from .serving import LONG, bridge_of, in_flight, late, running

BUSY = "math:nap(- {line: busy, seconds: 5} -)"


def closed(engine: Client) -> int:
    return engine.redis.hlen(engine.keys.abandoned_publications + "math")


@pytest.mark.usefixtures("shared_worker")
def test_a_late_result_is_counted_and_shown_and_never_applied(
    engine: Client, app: Celery, ledger: Path
) -> None:
    with running(bridge_of(engine, app, sweep=0.1)):
        text = "<> → math:nap(- {line: slow, seconds: 5, $timeout: 2, $on-failure: continue} -)"
        workflow = engine.start(text)
        output = engine.wait(workflow, timeout=LONG)
        assert output["error"]["type"] == "TimeoutError"
        assert closed(engine) == 1
        wait_until(lambda: late(engine) == 1, "its end was counted")
        wait_until(lambda: closed(engine) == 0, "it is settled")
    assert "slow" in ledger.read_text()
    assert [entry.what for entry in engine.trace(workflow)].count("late") == 1
    assert engine.state(workflow).output == output


@pytest.mark.usefixtures("shared_worker")
def test_another_bridge_revokes_what_was_closed_while_none_ran(
    engine: Client, app: Celery, ledger: Path
) -> None:
    """The worker does one task at a time, and hears of a revoke between two."""
    run = uuid.uuid4().hex
    lines = [f"{run}-{n}" for n in range(10)]
    with running(bridge_of(engine, app)):
        busy = engine.start(BUSY)
        wait_until(lambda: in_flight(engine) == 1, "the worker is busy")
        workflow = engine.start("* math:nap", [{"line": line, "seconds": 0.1} for line in lines])
        wait_until(lambda: in_flight(engine) == 11, "others wait")
    engine.terminate(workflow)
    assert engine.terminate(workflow) is WorkflowState.TERMINATED
    with running(bridge_of(engine, app, sweep=0.05)):
        assert engine.wait(busy, timeout=LONG) == "busy"
        assert engine.wait(engine.start("math:note(- line: after -)"), timeout=LONG) == "after"
        wait_until(lambda: closed(engine) == 0, "it is settled")
    ran = len(set(lines) & set(ledger.read_text().split()))
    assert ran < len(lines) / 2
    assert late(engine) == ran, "a task that was revoked has nothing to say"


@pytest.mark.usefixtures("shared_worker")
def test_a_resumed_step_has_an_id_of_its_own(engine: Client, app: Celery) -> None:
    with running(bridge_of(engine, app)):
        workflow = engine.start("math:whoami")
        ids = {engine.wait(workflow, timeout=LONG)["id"]}
        for _ in range(2):
            engine.restart(workflow, from_steps=["math:whoami"])
            ids.add(engine.wait(workflow, timeout=LONG)["id"])
    assert len(ids) == 3


def test_a_broker_that_is_away_holds_nobody_up(
    app: Celery, own_server: Callable[..., RedisServer]
) -> None:
    """On a connection that had been open kombu tried for ever to send the broadcast, in the thread
    that tells results.
    """
    broker = own_server()
    app.conf.broker_url = broker.url
    revoker = Revoker(app)
    assert revoker.turn(["a"]) == 1
    broker.kill()
    turn = threading.Thread(target=revoker.turn, args=(["a", "b"],), daemon=True)
    turn.start()
    turn.join(LONG)
    assert not turn.is_alive()
    broker.start()
    assert revoker.turn(["a", "b"]) == 1


def test_revokes_are_repeated_ever_more_rarely(app: Celery, client: redis.Redis) -> None:
    now = 0.0
    revoker = Revoker(app, now=lambda: now)
    sent = []
    for second in range(400):
        now = float(second)
        if revoker.turn(["id"]):
            sent.append(second)
    pauses = [after - before for before, after in itertools.pairwise(sent)]
    assert pauses[:5] == [2, 4, 8, 16, 32]
    assert set(pauses[5:]) == {LONGEST_PAUSE}
    assert revoker.turn([]) == 0
    assert revoker.turn(["id"]) == 1, "it was forgotten meanwhile"
