"""Starting, seeing, stopping workflows over HTTP."""

from __future__ import annotations

import httpx

from littleflow_redis import Client
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.api.conftest import ended


def test_start_and_state(http: httpx.Client, worker: LifecycleWorker) -> None:
    body = {"workflow": "wait:delay(- duration: 0 -)", "input": {"x": 1}}
    started = http.post("/workflows/start", json=body)

    assert started.status_code == 200, started.text
    assert started.json()["status"] == "Success"
    id = started.json()["workflow"]
    assert not id.startswith("workflow:")
    state = ended(http, id)
    assert state["state"] == "FINISHED"
    assert state["output"][-1] == {"x": 1}
    assert len(state["S"]) == len(state["A"]) == 3
    assert http.get(f"/workflows/workflow:{id}/state/").json() == state


def test_start_from_plain_text(http: httpx.Client) -> None:
    text = {"Content-Type": "text/plain; charset=utf-8"}
    started = http.post("/workflows/start", content="A → B".encode(), headers=text)
    assert http.get(f"/workflows/{started.json()['workflow']}").json().keys() >= {"F", "T"}


def test_start_from_a_form(http: httpx.Client, engine: Client) -> None:
    started = http.post(
        "/workflows/start/upload",
        files={"workflow": ("a.flow", "A → B".encode())},
        data={"input": '{"x": 2}'},
    )
    assert started.status_code == 200, started.text
    id = started.json()["workflow"]
    assert engine.redis.get(f"workflow:{id}:output:-1") == b'{"x":2}'

    field = http.post("/workflows/start/upload", files={"workflow": (None, "A")})
    assert field.status_code == 200, field.text


def test_a_text_that_does_not_compile(http: httpx.Client) -> None:
    refused = http.post("/workflows/start", json={"workflow": "A → B\nC → → D"})
    body = refused.json()
    assert (refused.status_code, body["error"]) == (400, "compile-error")
    assert body["errors"][0]["line"] == 2
    assert body["errors"][0]["caret"].splitlines()[0] == "C → → D"
    assert body["errors"][0]["caret"].splitlines()[1].endswith("^")
    assert "line 2" in body["message"]


def test_the_same_key_starts_once(http: httpx.Client) -> None:
    key = {"Idempotency-Key": "order 17"}
    first = http.post("/workflows/start", json={"workflow": "A"}, headers=key).json()
    again = http.post("/workflows/start", json={"workflow": "A"}, headers=key).json()
    other = http.post("/workflows/start", json={"workflow": "B"}, headers=key)
    assert first["workflow"] == again["workflow"]
    assert (other.status_code, other.json()["error"]) == (409, "id-conflict")


def test_terminate_and_delete(http: httpx.Client) -> None:
    id = http.post("/workflows/start", json={"workflow": "A"}).json()["workflow"]

    early = http.delete(f"/workflows/{id}")
    assert (early.status_code, early.json()["error"]) == (400, "in-progress")
    stopped = http.post("/workflows/terminate", json={"workflow": id}).json()
    assert (stopped["workflow"], stopped["state"]) == (id, "TERMINATED")
    assert http.delete(f"/workflows/{id}/").json()["status"] == "Success"
    gone = http.get(f"/workflows/{id}/state")
    assert (gone.status_code, gone.json()["error"]) == (404, "unknown-workflow")


def test_the_list_is_paged(http: httpx.Client) -> None:
    ids = [http.post("/workflows/start", json={"workflow": "A"}).json()["workflow"] for _ in "123"]
    first = http.get("/workflows/?size=2")
    assert [row["id"] for row in first.json()] == [ids[2], ids[1]]
    assert first.links["next"]
    rest = http.get(str(httpx.URL(f"{http.base_url}/workflows/").join(first.links["next"]["url"])))
    assert [row["id"] for row in rest.json()] == [ids[0]]
    assert "next" not in rest.links
    assert http.get("/workflows").json()[0]["state"] == "RUNNING"
