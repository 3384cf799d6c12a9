"""Redis' clock jumps by an hour, forward or back: timers go with it, nothing is lost or doubled."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.workers.lifecycle import LifecycleWorker
from littleflow_redis.workers.receipts import Receipts
from tests.engine.support import Player
from tests.support import RedisServer, wait_until

HOUR = 3600.0


def _library() -> str:
    found = [*Path("/usr/lib").glob("*/faketime/libfaketime.so.1")]
    if not found or shutil.which("faketime") is None:
        pytest.skip("libfaketime is not installed: apt-get install faketime")
    return str(found[0])


class Clock:
    """The clock of one server: hours that it is ahead of ours."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.set(0)

    def set(self, hours: int) -> None:
        self._path.write_text(f"{hours:+d}h\n")


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clock:
    library, path = _library(), tmp_path / "clock"
    # For the processes that are started from now on, our own server alone.
    for name, value in {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(path),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }.items():
        monkeypatch.setitem(os.environ, name, value)
    return Clock(path)


@pytest.mark.parametrize("hours", [1, -1])
def test_an_hour_more_or_less_loses_and_doubles_nothing(
    own_server: Callable[..., RedisServer], clock: Clock, hours: int
) -> None:
    server = own_server()
    engine = Client(server.url)
    worker, player = LifecycleWorker(engine, claim_idle=0.05), Player(engine)
    receipts = Receipts(engine, show=lambda _: None)
    worker.reader.ensure()
    long = f"A → wait:delay(- duration: {HOUR * 2:g} -) → B"
    kept, quick = engine.start(long), [engine.start("A → { B C } → > D")]

    def turn() -> None:
        player.turn()
        worker.turn()
        receipts.turn()

    def ended(ids: list[str]) -> bool:
        turn()
        return all(engine.state(id).state is WorkflowState.FINISHED for id in ids)

    wait_until(lambda: ended(quick), "work goes on before the jump")
    before = int(engine.redis.time()[0])
    clock.set(hours)
    wait_until(lambda: abs(int(engine.redis.time()[0]) - before) > HOUR / 2, "the clock has jumped")
    quick += [engine.start("A → wait:delay(- duration: 0.1 -) → B") for _ in range(3)]
    wait_until(lambda: ended(quick), "work goes on after the jump")
    for id in quick:
        assert {step.activations for step in engine.state(id).steps} == {1}
    assert engine.state(kept).state is WorkflowState.RUNNING
    # Two hours are over by its clock.
    clock.set(hours + 3)
    wait_until(lambda: ended([kept]), "the long delay ends by Redis' clock")
    assert [task.name for task in player.played].count("B") == len(quick) + 1
