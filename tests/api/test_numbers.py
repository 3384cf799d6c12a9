"""Numbers go through the API as Python has them: no bit of an integer and no ``.0`` is lost."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest
import redis

from littleflow_redis import Client
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.support import wait_until

#: What JavaScript and most databases would change, as Python writes it.
IN_TEXT = '"a":9007199254740993,"b":-123456789012345678901234567890,"c":1.0,"d":-0.0'
#: In the text of a flow, which is YAML, these two would be text.
NUMBERS = f'{{{IN_TEXT},"e":1e-07,"f":1e+22}}'
TEXT = f"A(- {{{IN_TEXT}}} -) → wait:event(- {{event: paid, match: input}} -)"

Post = Callable[[str, str], httpx.Response]


@pytest.fixture
def post(http: httpx.Client) -> Post:
    """Post a body letter by letter."""

    def post(path: str, body: str) -> httpx.Response:
        answer = http.post(path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 200, answer.text
        return answer

    return post


@pytest.fixture
def paid(post: Post, engine: Client, worker: LifecycleWorker) -> str:
    """A workflow that has them in its input, its parameters, an output and an event."""
    body = f'{{"workflow":{json.dumps(TEXT)},"input":{NUMBERS},"workflow_id":"w"}}'
    post("/workflows/start", body)
    wait_until(lambda: engine.state("w").steps[1].state == "queued", "A is queued")
    post("/workflows/w/steps/1/end", f'{{"output":{NUMBERS}}}')
    wait_until(lambda: engine.state("w").steps[2].state == "waiting", "it waits")
    return "w"


def test_what_is_given_is_stored_and_shown(
    http: httpx.Client, post: Post, paid: str, client: redis.Redis, engine: Client
) -> None:
    assert http.get("/waits").json()[0]["match"] == NUMBERS
    assert http.get(f"/workflows/{paid}/waits").json()[0]["match"] == NUMBERS
    post("/events", f'{{"kind":"paid","data":{NUMBERS}}}')
    wait_until(lambda: engine.state(paid).state == "FINISHED", "the event has what it matches")
    stored = [client.get(f"workflow:{paid}:output:{step}") for step in (-1, 1)]
    assert stored == [NUMBERS.encode()] * 2
    for path, times in (
        ("", 1),
        ("/steps", 3),
        ("/steps/1", 3),
        ("/steps/2", 2),
        ("/state", 4),
        ("/archive", 4),
    ):
        text = http.get(f"/workflows/{paid}{path}").text
        assert text.count(IN_TEXT) >= times, (path, text)


def test_an_archive_and_another_input_keep_them(
    http: httpx.Client, post: Post, paid: str, client: redis.Redis, engine: Client
) -> None:
    archive = http.get(f"/workflows/{paid}/archive").text
    restored = post("/workflows/restore", archive).json()["workflow"]
    text = http.get(f"/workflows/{restored}/steps/1").text
    assert text.count(IN_TEXT) == 3, text
    post(f"/workflows/{restored}/restart", f'{{"from":[1],"input":{NUMBERS[:-1]},"new":1.0}}}}')
    text = http.get(f"/workflows/{restored}/steps/1").text
    assert f'"input":{NUMBERS[:-1]},"new":1.0}}' in text


def test_a_form_keeps_them(http: httpx.Client, client: redis.Redis) -> None:
    form = {"workflow": "A", "input": NUMBERS, "workflow_id": "form"}
    files = {name: (None, value) for name, value in form.items()}
    assert http.post("/workflows/start/upload", files=files).status_code == 200
    assert client.get("workflow:form:output:-1") == NUMBERS.encode()


def test_a_dead_letter_keeps_them(
    http: httpx.Client, client: redis.Redis, worker: LifecycleWorker
) -> None:
    client.xadd("workflows:run", {"kind": '"end-task"', "workflow": "{", "numbers": NUMBERS})
    letters = wait_until(lambda: http.get("/dead").text.partition("numbers")[2], "a dead letter")
    assert letters is not None
    assert NUMBERS in letters


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e400"])
def test_what_is_no_number_is_refused(http: httpx.Client, number: str) -> None:
    body = f'{{"workflow":"A","input":{number}}}'
    refused = http.post(
        "/workflows/start", content=body, headers={"Content-Type": "application/json"}
    )
    assert (refused.status_code, refused.json()["error"]) == (400, "bad-json")
    assert number in refused.json()["message"]
