"""When Redis loses what it had: a cut append-only file, a replica that lagged, everything.

What is left is an older state, and a consistent one: whatever it holds goes on and ends as it would
have, whatever it does not hold is unknown and can be started again.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import RedisError

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import UnknownWorkflow
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.operations.reconcile import Reconciler
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.engine.support import Player, drive, hurry
from tests.support import LONG, RedisServer, wait_until

from .proxy import Mode, Proxy

FLOW = """
    A → { B C } → > D → * E → wait:delay(- duration: 60 -)
      → F(- {$retry: {limit: 1, delay: 60}} -)
"""

#: Bytes that are cut from the end of the file: within a command, and whole transitions.
CUTS = (1, 7, 100, 999, 5000, 20_000, 60_000, 150_000)

AOF = ("--appendonly", "yes", "--appendfsync", "always", "--aof-load-truncated", "yes")


def play(task: StartTask) -> Any:
    if task.name == "F" and ".1-" in task.token:
        raise RuntimeError("the first time, always")
    return [1, 2, 3] if task.name == "D" else {task.name: 1}


class Crew:
    """A worker and a listener that live on while Redis changes under them."""

    def __init__(self, server: RedisServer) -> None:
        self.engine = Client(server.url)
        self.worker = LifecycleWorker(self.engine, claim_idle=0.01)
        self.player = Player(self.engine, play)
        self.worker.reader.ensure()

    def work(self, turns: int) -> None:
        for _ in range(turns):
            self.player.turn()
            self.worker.turn()
            hurry(self.engine)

    def awake(self) -> None:
        """Go on after an outage, as processes do."""

        def works() -> bool:
            try:
                self.worker.turn()
                self.player.turn()
            except RedisError:
                # One server, one set of connections: all that there are are dead.
                self.engine.redis.connection_pool.disconnect()
                return False
            return True

        wait_until(works, "the worker is connected again")

    def finish(self, ids: list[str]) -> list[str]:
        """Bring to their end those that Redis knows; return the others."""
        reconciler, lost = Reconciler(self.engine.context), []
        for id in ids:
            try:
                self.engine.state(id)
            except UnknownWorkflow:
                lost.append(id)
                continue
            # What the dead had in hand is claimed; here nobody waits for that.
            self.player.take_over()
            reconciler.run()
            assert drive(self.engine, id, self.player, self.worker) is WorkflowState.FINISHED
            self.check(id)
        return lost

    def check(self, id: str) -> None:
        view = self.engine.state(id)
        assert view.output == {"F": 1}
        assert [step.activations for step in view.steps] == [1] * len(view.steps)
        ends = Counter(e.field for e in self.engine.trace(id) if e.what == "end")
        assert set(ends.values()) == {1}


def aof_of(server: RedisServer) -> Path:
    """The file that the server appends to."""
    found = [*server.folder.glob("appendonlydir/*.incr.aof"), *server.folder.glob("appendonly.aof")]
    return found[0]


@pytest.mark.parametrize("cut", CUTS)
def test_a_cut_tail_leaves_an_older_consistent_state(
    own_server: Callable[..., RedisServer], cut: int
) -> None:
    server = own_server(*AOF)
    crew = Crew(server)
    ids = []
    for number in range(6):
        ids.append(crew.engine.start(FLOW, {"n": number}, workflow_id=f"w{number}"))
        crew.work(2)
    server.kill()
    file = aof_of(server)
    file.write_bytes(file.read_bytes()[: -min(cut, file.stat().st_size - 100)])
    server.start()
    crew.awake()
    lost = crew.finish(ids)
    assert lost == ids[len(ids) - len(lost) :], "only the latest may be gone"
    again = [crew.engine.start(FLOW, {"n": ids.index(id)}, workflow_id=id) for id in lost]
    assert crew.finish(again) == []


@pytest.mark.parametrize("fsync", ["always", "everysec"])
def test_a_killed_server_loses_nothing(own_server: Callable[..., RedisServer], fsync: str) -> None:
    """SIGKILL of the server alone: what it wrote to its file the system has, synced or not."""
    server = own_server("--appendonly", "yes", "--appendfsync", fsync)
    crew = Crew(server)
    ids = []
    for number in range(5):
        ids.append(crew.engine.start(FLOW, {"n": number}, workflow_id=f"w{number}"))
        crew.work(3)
        server.kill()
        server.start()
        crew.awake()
    assert crew.finish(ids) == []


def test_a_restart_with_empty_data_is_told_and_not_waited_for(
    own_server: Callable[..., RedisServer],
) -> None:
    server = own_server()
    crew = Crew(server)
    crew.player.end = lambda task: open_.append(task)  # type: ignore[method-assign]
    open_: list[StartTask] = []
    workflow = crew.engine.start("A → B")
    crew.work(2)
    server.kill()
    server.start()
    crew.awake()
    Player.end(crew.player, open_[0])
    crew.work(2)
    (letter,) = crew.engine.dead_letters()
    assert letter.workflow == workflow
    assert "Redis has lost its data" in letter.reason
    with pytest.raises(UnknownWorkflow):
        crew.engine.wait(workflow, timeout=LONG)
    again = crew.engine.start("A → B", workflow_id=workflow)
    del crew.player.end
    assert drive(crew.engine, again, crew.player, crew.worker) is WorkflowState.FINISHED


@contextmanager
def replica_of(server: RedisServer, own_server: Callable[..., RedisServer]) -> Iterator[Any]:
    """A replica, and the line by which it follows the server."""
    with Proxy(server.port) as line:
        replica = own_server("--replicaof", "127.0.0.1", str(line.port))
        with replica.client() as client:
            info: Any = client.info
            wait_until(
                lambda: info("replication")["master_link_status"] == "up", "the replica is there"
            )
            wait_until(lambda: not info("replication")["master_sync_in_progress"], "it is synced")
            yield replica, line, client


def test_a_replica_with_an_unsynced_tail_is_an_older_consistent_state(
    own_server: Callable[..., RedisServer],
) -> None:
    server = own_server()
    with replica_of(server, own_server) as (replica, line, client):
        crew = Crew(server)
        ids = [crew.engine.start(FLOW, {"n": n}, workflow_id=f"w{n}") for n in range(3)]
        crew.work(3)
        wait_until(lambda: client.llen("workflows:all") == 3, "the replica has them")
        line.set(Mode.SILENT)
        crew.work(3)
        ids.append(crew.engine.start(FLOW, {"n": 3}, workflow_id="w3"))
        crew.work(1)
        server.stop(signal.SIGKILL)
        client.replicaof("NO", "ONE")
        promoted = Crew(replica)
        assert promoted.finish(ids) == ids[3:]
        again = promoted.engine.start(FLOW, {"n": 3}, workflow_id="w3")
        assert promoted.finish([again]) == []
