"""Every row of littleflow_redis 0.4's API (PyPI), on a live service with a live worker."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import httpx
import littleflow
import pytest

from littleflow_redis import Client, WorkflowState
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.api.conftest import BEARER, Service, ended
from tests.cli.test_manage import take
from tests.support import wait_until

#: Two calls of that version's documentation, as they stand there.
CURL = """
curl http://127.0.0.1:5000/workflows/

curl --request POST \\
--url http://127.0.0.1:5000/workflows/start \\
--header 'Accept: application/json' \\
--header 'Content-Type: application/json' \\
--data '{
"workflow": "A → B"
}'
"""


@pytest.fixture
def failed(http: httpx.Client, engine: Client, worker: LifecycleWorker) -> str:
    """A workflow that FAILED at its second step."""
    id = started(http, "A → B → C")
    for index, status in ((1, "SUCCESS"), (2, "FAILURE")):
        wait_until(lambda i=index: engine.state(id).steps[i].state == "queued", "it is queued")
        http.post(f"/workflows/{id}/steps/{index}/end", json={"status": status, "reason": "no"})
    assert ended(http, id)["state"] == "FAILED"
    return id


def started(http: httpx.Client, text: str, input: Any = None) -> str:
    body = {"workflow": text} if input is None else {"workflow": text, "input": input}
    answer = http.post("/workflows/start", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["workflow"])


@pytest.mark.skipif(shutil.which("curl") is None, reason="install curl")
def test_the_curl_lines_of_its_documentation(service: Service, http: httpx.Client) -> None:
    listing, start = (
        CURL.strip().replace("127.0.0.1:5000", f"127.0.0.1:{service.port}").split("\n\n")
    )

    def run(command: str) -> Any:
        done = subprocess.run(["sh", "-c", command], check=True, capture_output=True)
        return json.loads(done.stdout)

    assert run(listing) == []
    id = run(start)["workflow"]
    assert [row["id"] for row in run(listing)] == [id]
    assert run(listing)[0]["state"] == "RUNNING"


def test_the_flow_is_littleflow_s(http: httpx.Client) -> None:
    id = started(http, "A → { B C } → D")
    saved = http.get(f"/workflows/{id}").json()
    flow = littleflow.Flow(serialized=saved)
    assert [saved["F"], saved["T"]] == [flow.save()["F"], flow.save()["T"]]


def test_ids_in_progress(http: httpx.Client) -> None:
    ids = {started(http, "A"), started(http, "B")}
    assert set(http.get("/inprogress").json()) == ids
    for id in ids:
        http.post(f"/workflows/{id}/terminate")
    assert http.get("/inprogress/").json() == []


def test_terminate_twice(http: httpx.Client, engine: Client, worker: LifecycleWorker) -> None:
    id = started(http, "A")
    take(engine, id)
    first = http.post(f"/workflows/{id}/terminate").json()
    second = http.post("/workflows/terminate/", json={"workflow": f"workflow:{id}"}).json()
    assert (first["state"], second["state"]) == ("TERMINATING", "TERMINATED")


def test_state_of_a_failed_one(http: httpx.Client, failed: str) -> None:
    state = http.get(f"/workflows/{failed}/state").json()
    assert state["failures"] == [0, 0, 1, 0, 0]
    assert state["S"] == [0, 0, 0, 0, 0]
    assert state["output"] == [{}, {}, None, None, None]


def test_an_output_that_nobody_can_read_hides_nothing_else(
    http: httpx.Client, engine: Client
) -> None:
    """A listener writes what it likes where outputs are, before its end-task is looked at."""
    id = started(http, "{ A B }")
    for odd in (b"{", b"1,2", b"\xff"):
        engine.redis.set(f"workflow:{id}:output:2", odd)
        engine.redis.set(f"workflow:{id}:output:3", b'"good"')
        state = http.get(f"/workflows/{id}/state").json()
        assert state["output"] == [{}, {}, None, "good", None, None]


def test_the_history_of_vectors(http: httpx.Client, failed: str) -> None:
    newest_first = http.get(f"/workflows/{failed}/trace/S").json()
    times = [at for at, _ in newest_first]
    assert times == sorted(times, reverse=True)
    assert [sum(column) for column in zip(*(v for _, v in newest_first), strict=True)] == [0] * 5
    page = http.get(f"/workflows/{failed}/trace/S?size=2&next=1")
    assert page.json() == newest_first[1:3]
    assert "next=3" in page.links["next"]["url"]
    assert http.get(f"/workflows/{failed}/trace/A/").json()
    other = http.get(f"/workflows/{failed}/trace/X")
    assert (other.status_code, other.json()["error"]) == (400, "unknown-vector")


def test_the_vectors_of_a_wide_flow_come_in_smaller_pages(http: httpx.Client) -> None:
    """Symptom: an archive could not be restored, 413, or making it took all memory.

    Cause: each change of S and A holds a number for each step, so that with many parallel steps
    both grow with the square of the steps.
    """
    steps = 1_000
    id = started(http, "{ " + "A " * steps + "}")
    address, changes = f"/workflows/{id}/trace/S?size=10000", []
    while address:
        page = http.get(address)
        assert sum(len(numbers) for _, numbers in page.json()) <= 1_000_000
        changes += page.json()
        more = page.links.get("next")
        address = more and f"/workflows/{id}/trace/S{more['url']}"
    assert sum(sum(numbers) for _, numbers in changes) == steps

    archive = http.get(f"/workflows/{id}/archive").json()
    assert not archive.keys() & {"S", "A"}
    assert http.post("/workflows/restore", json=archive).status_code == 200


def test_graphs(http: httpx.Client) -> None:
    id = started(http, "A → B")
    across = http.get(f"/workflows/{id}/graph")
    down = http.get(f"/workflows/{id}/graph?orientation=vertical")
    assert across.headers["Content-Type"].startswith("text/plain")
    assert across.text.startswith("stateDiagram-v2\n  direction LR")
    assert "direction LR" not in down.text
    assert http.get(f"/workflows/{id}/graph?format=dot").text.startswith("digraph")
    odd = http.get(f"/workflows/{id}/graph?orientation=diagonal")
    assert (odd.status_code, odd.json()["error"]) == (422, "invalid")


def test_the_source(http: httpx.Client, engine: Client) -> None:
    id = started(http, "A → B # é")
    assert http.get(f"/workflows/{id}/source").text == "A → B # é"
    compiled = engine.start(littleflow.Compiler().compile(littleflow.Parser().parse("A → B")))
    none = http.get(f"/workflows/{compiled}/source")
    assert (none.status_code, none.json()["error"]) == (404, "no-source")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_restart(http: httpx.Client, engine: Client, failed: str, method: str) -> None:
    answer = http.request(method, f"/workflows/{failed}/restart")
    assert (answer.json()["status"], answer.json()["state"]) == ("Success", "RUNNING")
    again = http.request(method, f"/workflows/{failed}/restart/")
    assert (again.status_code, again.json()["error"]) == (400, "not-restartable")


@pytest.mark.parametrize("input", [{"x": 5}, None])
def test_restart_from_a_step_with_another_input(
    http: httpx.Client, engine: Client, failed: str, input: Any
) -> None:
    body = {"from": ["A"], "input": input}
    assert http.post(f"/workflows/{failed}/restart", json=body).json()["state"] == "RUNNING"
    wait_until(lambda: engine.state(failed).steps[1].state == "queued", "A is queued again")
    assert engine.step(failed, 1).input == input
    wrong = http.post(f"/workflows/{failed}/restart", json={"from": [True]})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "json.from.0")


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("how", ["GET", "POST", "whole"])
def test_archive_and_restore(
    http: httpx.Client, engine: Client, failed: str, how: str, s3_service: Service
) -> None:
    archive = http.get(f"/workflows/{failed}/archive")
    assert archive.headers["Content-Disposition"] == f'attachment; filename="{failed}.json"'
    document = archive.json()
    assert document.keys() >= {"F", "T", "S", "A", "format", "outputs"}

    with httpx.Client(base_url=s3_service.url, headers=BEARER) as s3:
        if how == "whole":
            answer = s3.post("/workflows/restore", json=document)
        else:
            stored = s3.post(f"/workflows/{failed}/archive", json={"bucket": "archives"})
            assert stored.json()["uri"] == f"s3://archives/{failed}.json", stored.text
            assert stored.headers["Location"] == stored.json()["uri"]
            uri = stored.json()["uri"]
            get = s3.get("/workflows/restore", params={"uri": uri})
            answer = get if how == "GET" else s3.post("/workflows/restore", json={"uri": uri})
        assert answer.status_code == 200, answer.text
        restored = answer.json()["workflow"]
        assert restored != failed
        assert engine.state(restored).state is WorkflowState.TERMINATED
        bad = s3.post(f"/workflows/{failed}/archive", json={"uri": "s3://no-such-bucket/a"})
        assert (bad.status_code, bad.json()["error"]) in (
            (503, "store-unavailable"),
            (404, "no-archive"),
        )


def test_delete(http: httpx.Client, engine: Client, failed: str) -> None:
    assert http.delete(f"/workflows/{failed}").json()["status"] == "Success"
    assert not engine.redis.keys(f"workflow:{failed}*")
    assert http.delete(f"/workflows/{failed}").status_code == 404
