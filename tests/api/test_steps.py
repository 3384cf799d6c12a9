"""Steps, attempts, changes, waits, graphs and dry runs."""

from __future__ import annotations

import re

import httpx
import pytest

from littleflow_redis import Client, TaskListener
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import LONG, wait_until
from tests.workers.scenes import events

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def running(http: httpx.Client, engine: Client, worker: LifecycleWorker) -> str:
    """A workflow whose step 1 failed once and ended, and whose step 2 waits for an event."""
    text = "@flow trip\nA(- {to: b, $retry: 1} -) → wait:event(- {event: go, match: input} -)"
    engine.start(text, {"x": 1}, workflow_id="trip")

    def end(**body: object) -> None:
        wait_until(lambda: engine.state("trip").steps[1].state == "queued", "A is queued")
        assert http.post("/workflows/trip/steps/1/end", json=body).status_code == 200
        wait_until(lambda: engine.state("trip").steps[1].state != "queued", "A ended")

    end(status="FAILURE", reason="no way")
    end(name="A", output={"y": 2})
    wait_until(lambda: engine.state("trip").steps[2].state == "waiting", "it waits")
    return "trip"


def test_all_steps(http: httpx.Client, running: str) -> None:
    found = http.get(f"/workflows/{running}/steps").json()
    about = {name: found[name] for name in ("id", "name", "state", "done", "total", "input")}
    assert about == {
        "id": "trip", "name": "trip", "state": "RUNNING", "done": 2, "total": 4, "input": {"x": 1},
    }  # fmt: skip
    assert (found["output"], found["ended"], found["has_source"]) == (None, None, True)
    assert MOMENT.fullmatch(found["created"])
    a, wait = found["steps"][1:3]
    assert (a["name"], a["state"], a["attempts"], a["line"]) == ("A", "ended", 2, 2)
    assert a["parameters"] == {"to": "b"}
    assert MOMENT.fullmatch(a["ended"])
    assert wait["waits"].startswith("waits for event go")
    assert (wait["category"], wait["base"], wait["items"]) == ("wait", "wait:event", None)


def test_one_step(http: httpx.Client, running: str) -> None:
    a = http.get(f"/workflows/{running}/steps/1").json()
    assert (a["input"], a["output"]) == ({"x": 1}, {"y": 2})
    first, second = a["history"]
    assert (first["number"], first["result"], first["reason"]) == (1, "retry", "no way")
    assert (second["number"], second["result"]) == (2, "end")
    unknown = http.get(f"/workflows/{running}/steps/9")
    assert (unknown.status_code, unknown.json()["error"]) == (404, "unknown-step")
    assert http.get(f"/workflows/{running}/steps/A").status_code == 404


def test_what_happened(http: httpx.Client, running: str) -> None:
    every = http.get(f"/workflows/{running}/trace").json()
    assert "next" not in every
    assert {change["state"] for change in every["changes"] if change["step"] == 1} >= {
        "queued", "retrying", "ended",
    }  # fmt: skip
    page = http.get(f"/workflows/{running}/trace?start=1&size=2").json()
    assert page == {"changes": every["changes"][1:3], "next": 3}


def test_what_is_waited_for(http: httpx.Client, engine: Client, running: str) -> None:
    (wait,) = http.get(f"/workflows/{running}/waits").json()
    assert (wait["workflow"], wait["step"], wait["kind"], wait["on"]) == ("trip", 2, "event", "go")
    engine.start("nobody:serves")
    first = http.get("/waits?size=1")
    second = http.get(f"/waits{first.links['next']['url']}")
    assert first.json() == [wait]
    assert [one["kind"] for one in second.json()] == ["category"]
    assert http.get("/waits?cursor=x").status_code == 400


def test_an_event_goes_on(http: httpx.Client, engine: Client, running: str) -> None:
    unknown = http.post("/events", json={"kind": "go", "workflow": "nowhere"})
    assert unknown.status_code == 404
    sent = http.post("/events", json={"kind": "go", "data": {"y": 2, "output": {"z": 3}}})
    assert sent.json()["event"]
    assert engine.wait(running, timeout=LONG) == {"y": 2, "z": 3}
    ours = http.post("/events", json={"kind": "end-task", "data": {}})
    assert (ours.status_code, ours.json()["errors"][0]["field"]) == (422, "json.kind")


def test_an_event_that_no_workflow_could_take_is_refused(
    http: httpx.Client, engine: Client
) -> None:
    large = http.post("/events", json={"kind": "go", "data": {"text": "x" * 1_000_000}})
    assert (large.status_code, large.json()["error"]) == (413, "too-large")
    assert "more than 1,000,000: store its data elsewhere" in large.json()["message"]
    assert events(engine, "go") == []
    assert http.post("/events", json={"kind": "go", "data": {"text": "x" * 999_000}}).is_success


def test_the_graph_for_drawing(http: httpx.Client, running: str) -> None:
    graph = http.get(f"/workflows/{running}/graph.json").json()
    assert [node["state"] for node in graph["nodes"]] == ["ended", "ended", "waiting", "idle"]
    assert graph["edges"][0] == {"from": 0, "to": 1, "back": False}
    assert graph["clusters"] == []


def test_a_dry_run(http: httpx.Client, engine: Client) -> None:
    good = http.post("/workflows/check", json={"workflow": "A → ? `$.x` { B C } → D"}).json()
    assert (good["valid"], good["problems"]) == (True, [])
    assert good["graph"]["nodes"][1]["state"] is None
    assert good["graph"]["clusters"][0]["label"]
    assert any(edge.get("guard") == "$.x" for edge in good["graph"]["edges"])
    assert good["mermaid"].startswith("stateDiagram-v2")
    assert good["flow"].keys() >= {"F", "T"}

    text = {"Content-Type": "text/plain"}
    bad = http.post("/workflows/check", content="A → → B", headers=text)
    assert bad.status_code == 200
    assert bad.json()["valid"] is False
    (problem,) = bad.json()["problems"]
    assert (problem["line"], problem["column"]) == (1, 5)
    refused = http.post("/workflows/check", json={"workflow": "<http://a/> → A"}).json()
    (problem,) = refused["problems"]
    assert (refused["valid"], problem["line"], problem["column"]) == (False, 1, 1)
    assert (problem["kind"], refused["graph"]["nodes"] != []) == ("unsupported", True)
    assert engine.list() == []


def test_what_nobody_serves(http: httpx.Client, engine: Client, worker: LifecycleWorker) -> None:
    text = "wait:delay(- duration: 100 -) → mahs:add → mahs:mul → math:add"
    engine.start(text, workflow_id="w")
    with TaskListener("math", client=engine):
        found = lambda: http.get("/workflows/w/steps").json()["unserved"]  # noqa: E731
        wait_until(lambda: len(found()) == 1, "math is served")
        (mahs,) = found()
        checked = http.post("/workflows/check", json={"workflow": text}).json()
    assert mahs == {
        "category": "mahs",
        "steps": [2, 3],
        "close": ["math"],
        "found": "nobody serves the category 'mahs' (mahs:add, mahs:mul)",
        "advice": "did you mean 'math'? Else start a Celery worker that serves it "
        "(`LITTLEFLOW_SERVE=mahs celery -A APP worker -I littleflow_redis.steps`), a bridge "
        "(`bridge -A APP --category mahs`) or a TaskListener('mahs')",
    }
    assert checked["unserved"] == [mahs]
    assert checked["valid"]
    engine.terminate("w")
    assert http.get("/workflows/w/steps").json()["unserved"] == []


def test_dead_letters(http: httpx.Client, engine: Client) -> None:
    for word in ("one", "two"):
        engine.redis.xadd("workflows:dead", {
            "event": "1-0", "at": "1000", "reason": f"not JSON: {word}", "group": "ending",
            "field:kind": '"odd"', "field:word": f'"{word}"',
        })  # fmt: skip
    first = http.get("/dead?size=1")
    (letter,) = first.json()
    assert (letter["kind"], letter["reason"]) == ("odd", "not JSON: two")
    assert (letter["fields"], letter["at"]) == (
        {"kind": "odd", "word": "two"},
        "1970-01-01T00:00:01.000Z",
    )
    (older,) = http.get(f"/dead{first.links['next']['url']}").json()
    assert http.post(f"/dead/{letter['id']}/retry").json()["event"]
    assert http.delete(f"/dead/{older['id']}").json()["status"] == "Success"
    assert http.get("/dead/").json() == []
    gone = http.delete(f"/dead/{older['id']}")
    assert (gone.status_code, gone.json()["error"]) == (404, "unknown-dead-letter")
