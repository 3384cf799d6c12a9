"""Programs written for littleflow_redis 0.4 (PyPI), as its users write them."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import littleflow
import pytest
import redis
import rqse

import littleflow_redis
from littleflow_redis import (
    Client,
    LifecycleListener,
    RedisOutputCache,
    TaskEndListener,
    TaskStartListener,
    WaitTaskListener,
    WorkflowState,
    compute_vector,
    delete_workflow,
    get_failures,
    is_running,
    load_workflow,
    load_workflow_state,
    restart_workflow,
    restore_workflow,
    run_workflow,
    save_workflow,
    set_failures,
    terminate_workflow,
    trace_vector,
    workflow_archive,
    workflow_state,
)
from littleflow_redis.events import EventClient, EventListener, message, receipt_for
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.engine.support import Player, drive, run
from tests.support import LONG, RedisServer, Spawned, wait_until

STREAM = "workflows:run"


@pytest.fixture
def engine(client: redis.Redis) -> Client:
    return Client(redis=client)


@pytest.fixture(params=[EventClient, rqse.EventClient])
def events(request: pytest.FixtureRequest, client: redis.Redis) -> Any:
    return request.param(STREAM, pool=client.connection_pool)


@contextmanager
def listening(*listeners: EventListener) -> Iterator[None]:
    threads = [threading.Thread(target=listener.listen) for listener in listeners]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: all(listener.established for listener in listeners), "all listen")
        yield
    finally:
        for listener in listeners:
            listener.stop()
        for thread in threads:
            thread.join()


class Doubling(TaskStartListener):
    """Serves every task that is no wait: doubles n, hands it over by the cache."""

    def process(self, event_id: str, event: Any) -> bool:
        workflow_id, name, index = event.get("workflow"), event.get("name"), event.get("index")
        if name.startswith("wait:"):
            return True
        self.append(receipt_for(event_id))
        input = event.get("input")
        cache = RedisOutputCache(self.connection, workflow_id)
        cache[index] = {"n": input["n"] * 2}
        end = {"name": name, "index": index, "workflow": workflow_id, "status": "SUCCESS"}
        self.append(message(end, kind="end-task"))
        return True


def test_a_whole_installation_of_upstreams_listeners(client: redis.Redis, events: Any) -> None:
    ended: list[str] = []

    class StopAtEnd(LifecycleListener):
        def process(self, event_id: str, event: Any) -> bool:
            if event.get("kind") == "end-workflow":
                ended.append(event.get("workflow"))
            return True

    pool = client.connection_pool
    with listening(
        TaskEndListener(STREAM, "ending", pool=pool),
        WaitTaskListener(STREAM, pool=pool),
        Doubling(STREAM, "doubling", pool=pool),
        StopAtEnd(STREAM, "stopping", workflows_key="workflows:all", pool=pool),
    ):
        id = run_workflow("A → wait:delay(- duration: 0 -) → B", events, input={"n": 3})
        wait_until(lambda: ended == [id], "it ended")
    assert workflow_state(client, id) == "FINISHED"
    assert RedisOutputCache(client, id)[4] == {"n": 12}


def test_a_shared_group_loses_nothing(client: redis.Redis, events: Any) -> None:
    pool = client.connection_pool
    waits = WaitTaskListener(STREAM, "starting", pool=pool)
    assert waits.process("1-1", {"kind": "start-task", "name": "A", "index": 1}) is False
    assert waits.should_process({"kind": "start-task", "name": "A"})
    assert not WaitTaskListener(STREAM, pool=pool).should_process(
        {"kind": "start-task", "name": "A"}
    )


def test_state_terminate_restart_delete(client: redis.Redis, events: Any) -> None:
    id = run_workflow("A → B", events, workflow_id="workflow:mine")
    assert id == "workflow:mine"
    assert is_running(client, id)
    assert not restart_workflow(events, id, id)
    assert terminate_workflow(events, id, id, inprogress_key="workflows:inprogress") is True
    assert workflow_state(client, id) == "TERMINATED"
    assert restart_workflow(events, id, id)
    delete_workflow(client, id, workflows_key="workflows:all")
    assert workflow_state(client, id) is None
    assert workflow_state(client, id, "none") == "none"
    assert not is_running(client, id)
    assert terminate_workflow(events, id, id) is None
    delete_workflow(client, id)
    assert client.keys("workflow:*") == []


def test_a_prefix_is_refused_with_the_way_out(events: Any) -> None:
    with pytest.raises(ValueError, match="Keys"):
        run_workflow("A", events, prefix="x:")


def test_vectors(client: redis.Redis, events: Any) -> None:
    id = run_workflow("{ A B } → C", events)
    started = compute_vector(client, id + ":S")
    assert started is not None
    assert started.shape == (7, 1)
    assert started.flatten().tolist() == [0, 0, 1, 1, 0, 0, 0]
    changes = list(trace_vector(client, id + ":S"))
    assert sum(vector for _, vector in changes).tolist() == started.flatten().tolist()
    assert changes[0][0] >= changes[-1][0]
    assert changes[-1][1].tolist() == [1, 0, 0, 0, 0, 0, 0]
    assert compute_vector(client, "workflow:nobody:S") is None
    assert list(trace_vector(client, "workflow:nobody:A")) == []
    with pytest.raises(ValueError, match=":S or :A"):
        compute_vector(client, id)


def test_archives_have_upstreams_members(client: redis.Redis, events: Any) -> None:
    engine = Client(redis=client)
    id, _ = run(engine, "A → B", {"x": 1})
    archive = json.loads(json.dumps(workflow_archive(client, id)))
    assert [task[0] for task in archive["T"]] == ["StartFlow", "InvokeTask", "InvokeTask", "Sink"]
    assert len(archive["F"]) == 4
    assert archive["S"][0][1] == [0, 0, 0, -1]
    restore_workflow(client, "workflow:again", archive, workflows_key="workflows:all")
    assert workflow_state(client, "workflow:again") == "TERMINATED"
    upstream = {name: archive[name] for name in "FTSA"}
    restore_workflow(client, "workflow:older", upstream)
    assert set(upstream) == set("FTSA")
    assert restart_workflow(events, "workflow:older", "workflow:older")
    assert workflow_state(client, "workflow:older") == "FINISHED"
    with pytest.raises(IOError, match="No workflow value"):
        workflow_archive(client, "workflow:nobody")


def test_flows_are_loaded_and_saved(client: redis.Redis, events: Any) -> None:
    id = run_workflow("A → { B C }", events)
    flow, saved = load_workflow(client, id, return_json=True)
    assert isinstance(flow, littleflow.Flow)
    assert (flow.F == load_workflow(client, id).F).all()
    assert [flow[i].name for i in (1, 3, 4)] == ["A", "B", "C"]
    assert saved["F"] == flow.F.tolist()
    save_workflow(client, flow, "workflow:saved")
    assert (load_workflow(client, "workflow:saved").F == flow.F).all()
    assert restart_workflow(events, "workflow:saved", "workflow:saved")
    engine = Client(redis=client)
    drive(engine, "workflow:saved", Player(engine), LifecycleWorker(engine))
    assert workflow_state(client, "workflow:saved") == "FINISHED"
    with pytest.raises(IOError, match="No workflow value"):
        load_workflow(client, "workflow:nobody")


def test_the_state_is_a_context(client: redis.Redis, events: Any) -> None:
    id = run_workflow("{ A B } → C", events, input={"x": 1})
    context = load_workflow_state(events, id, id)
    assert context.S.flatten().tolist() == [0, 0, 1, 1, 0, 0, 0]
    assert context.cache.get(-1) == {"x": 1}
    assert context.input_for(2) == {"x": 1}


def test_failures(client: redis.Redis, events: Any) -> None:
    import numpy as np

    id = run_workflow("A → B", events)
    assert get_failures(client, id) is None
    set_failures(client, id, np.array([0, 1, 0, 0]))
    engine = Client(redis=client)
    worker = LifecycleWorker(engine)
    worker.reader.ensure()
    worker.turn()
    assert engine.state(id).state is WorkflowState.FAILED
    failures = get_failures(client, id)
    assert failures is not None
    assert failures.tolist() == [0, 1, 0, 0]
    assert get_failures(client, "workflow:nobody") is None


def test_the_cache(client: redis.Redis) -> None:
    cache = RedisOutputCache(client, "workflow:x")
    assert cache.get(1) is None
    assert cache.get(1, 5) == 5
    with pytest.raises(KeyError):
        cache[1]
    cache[1] = [1, {"a": None}]
    assert cache[1] == cache.get(1) == [1, {"a": None}]
    assert client.get("workflow:x:output:1") == b'[1,{"a":null}]'
    with pytest.raises(ValueError, match="JSON"):
        cache[1] = float("nan")


@pytest.mark.parametrize(
    "name",
    [
        "MetadataService",
        "RequestTaskListener",
        "RedisTaskListener",
        "create_jwt_credential_actor",
    ],
)
def test_what_comes_later_says_so(name: str) -> None:
    with pytest.raises(ImportError, match="not run by this version yet"):
        getattr(littleflow_redis, name)


PROGRAM = """
import sys
from rqse import EventClient, message
from littleflow_redis import run_workflow, TaskStartListener

class Hello(TaskStartListener):
    def process(self, event_id, event):
        ended = {'name': event['name'], 'index': event['index'], 'workflow': event['workflow']}
        self.append(message(ended, kind='end-task'))
        self.stop()
        return True

host, port = sys.argv[1:]
client = EventClient('workflows:run', host=host, port=int(port))
print(run_workflow('hello', client, input={'a': 1}), flush=True)
Hello('workflows:run', 'hello', host=host, port=int(port)).listen()
"""


def test_a_program_beside_our_worker(
    engine: Client, redis_server: RedisServer, spawn: Callable[..., Spawned]
) -> None:
    worker = [sys.executable, "-m", "littleflow_redis", "worker"]
    spawn(worker, env=redis_server.environment)
    program = spawn([sys.executable, "-c", PROGRAM, redis_server.host, str(redis_server.port)])
    assert program.wait() == 0, program.output
    assert engine.wait(program.output.strip(), timeout=LONG) == {}
