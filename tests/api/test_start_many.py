"""Many workflows started by one request."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest
import redis

from littleflow_redis import Client
from littleflow_redis.api import Config, create_app
from littleflow_redis.api.tokens import read_tokens
from littleflow_redis.engine.client import base
from tests.faults import Fault, Plan, faulty_client
from tests.support import RedisServer

from .test_security import SECRET, Make, caller

PATH = "/workflows/start/many"


def start(http: httpx.Client, *starts: dict[str, Any], key: str = "", **body: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    answer = http.post(PATH, json={"starts": starts, **body}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(answer: Any) -> list[str]:
    return [result["workflow"] for result in answer["results"]]


def test_a_thousand_of_one_text_each_with_its_input(http: httpx.Client, engine: Client) -> None:
    answer = start(http, *({"input": n} for n in range(1_000)), workflow="A → B")
    assert answer["started"] == len({*ids(answer)}) == 1_000
    assert engine.redis.llen(engine.keys.all) == 1_000
    assert [engine.input(id) for id in ids(answer)] == [*range(1_000)]
    assert answer["results"][7] == {
        "workflow": ids(answer)[7], "status": "Success", "message": "workflow started",
    }  # fmt: skip


def test_one_that_is_refused_stops_no_other(http: httpx.Client, engine: Client) -> None:
    engine.start("A", 1, workflow_id="taken")
    answer = start(
        http,
        {"input": 1},
        {"workflow": "A → → B"},
        {"workflow": "B", "workflow_id": "taken"},
        {"workflow_id": "a b"},
        {"workflow": "<data.json> → A"},
        {"input": "x" * 1_000_001},
        {"workflow": "B", "workflow_id": "b"},
        {"input": 1, "workflow_id": "taken"},
        {"workflow": "A → → B"},
        workflow="A",
    )
    assert [result.get("error") for result in answer["results"]] == [
        None, "compile-error", "id-conflict", "invalid-id", "unsupported-flow", "bad-value",
        None, None, "compile-error",
    ]  # fmt: skip
    assert answer["started"] == 3
    assert ids(answer)[1:] == [None, "taken", None, None, None, "b", "taken", None]
    text, conflict, *_ = answer["results"][1:]
    assert (text["status"], text["errors"][0]["line"], text["errors"][0]["column"]) == (
        "Error", 1, 5,
    )  # fmt: skip
    assert text["message"].startswith("line 1, column 5: ")
    assert "give another workflow_id" in conflict["message"]
    assert engine.source("b") == "B"
    assert engine.redis.llen(engine.keys.all) == 3


def test_a_request_that_is_sent_again_starts_nothing_twice(
    http: httpx.Client, engine: Client
) -> None:
    given = [{"input": n} for n in range(3)]
    first = start(http, *given, workflow="A", key="night")
    assert ids(start(http, *given, workflow="A", key="night")) == ids(first)
    more = start(http, *given, {"input": 3}, workflow="A", key="night")
    assert ids(more)[:3] == ids(first)
    assert more["started"] == 4
    changed = start(http, {"input": 7}, workflow="A", key="night")
    assert changed["results"][0]["error"] == "id-conflict"
    assert not {*ids(start(http, *given, workflow="A", key="day"))} & {*ids(first)}
    alone = http.post(
        "/workflows/start", json={"workflow": "A", "input": 0}, headers={"Idempotency-Key": "night"}
    )
    assert alone.json()["workflow"] not in ids(first)
    assert engine.redis.llen(engine.keys.all) == 4 + 3 + 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"starts": [{"workflow": "A"}] * 1_001}, "json.starts"),
        ({"starts": [], "workflow": "A"}, "json.starts"),
        ({"workflow": "A"}, "json.starts"),
        ({"starts": [{"workflow": "A"}, {}]}, "json.starts.1.workflow"),
        ({"starts": [{"workflow": "A"}, {"workflow": 7}]}, "json.starts.1.workflow"),
        ({"starts": [{"workflow": "A", "inputs": 1}]}, "json.starts.0.inputs"),
        ({"starts": [{"workflow_id": "x" * 211}], "workflow": "A"}, "json.starts.0.workflow_id"),
        ({"starts": ["A"]}, "json.starts.0"),
        ({"starts": [{}], "workflow": ""}, "json.workflow"),
    ],
)
def test_a_body_of_another_form_starts_nothing(
    http: httpx.Client, engine: Client, body: dict[str, Any], field: str
) -> None:
    answer = http.post(PATH, json=body)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert engine.redis.dbsize() == 0


def test_a_body_of_too_many_bytes_starts_nothing(app: Make, engine: Client) -> None:
    made = caller(app(max_body=1_000))
    answer = made.post(PATH, json={"starts": [{"input": "x" * 1_000}], "workflow": "A"})
    assert (answer.status_code, answer.json["error"]) == (413, "too-large")
    assert engine.redis.dbsize() == 0


def test_who_may_only_read_starts_nothing_and_keys_are_of_the_caller(
    app: Make, engine: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "littleflow_redis.audit")
    entries = [f"ann:{SECRET}", f"bob:{SECRET}b", f"eyes:read:{SECRET}r"]
    made = app(tokens=read_tokens(entries))
    body = {"starts": [{"workflow": "A"}, {"workflow": "A →"}]}

    def ask(suffix: str) -> Any:
        one = caller(made, "10.0.0.7", HTTP_AUTHORIZATION=f"Bearer {SECRET}{suffix}")
        return one.post(PATH, json=body, headers={"Idempotency-Key": "k"})

    assert (ask("r").status_code, engine.redis.dbsize()) == (403, 0)
    assert ids(ask("").json)[0] != ids(ask("b").json)[0]
    assert engine.redis.llen(engine.keys.all) == 2
    assert [line.message.partition(" request=")[0] for line in caplog.records][1] == (
        f"event=audit caller=ann peer=10.0.0.7 method=POST path={PATH} status=200 workflows=2 "
        "started=1"
    )


@pytest.mark.parametrize("trips", [1, 2])
def test_redis_is_away(
    client: redis.Redis,
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
    trips: int,
) -> None:
    """For all of them the request is refused; for some, these are listed, with their ids."""
    monkeypatch.setattr(base, "PATIENCE", 0.0)
    monkeypatch.setattr("littleflow_redis.engine.client.starting.MOST_STARTS", 2)
    engine = Client(redis=client)
    engine.start("A", workflow_id="warm")
    plan = Plan(trips - 1, Fault.LOSE_REPLY)
    faulty = Client(redis=faulty_client(redis_server, plan))
    made = caller(create_app(Config(connection=redis_server.settings), client=faulty))
    given = [{"input": n} for n in range(4)]
    answer = made.post(PATH, json={"starts": given, "workflow": "A"})
    if trips == 1:
        assert (answer.status_code, answer.json["error"]) == (503, "redis-unavailable")
        return
    assert answer.status_code == 200
    words = [result.get("error") for result in answer.json["results"]]
    assert words == [None, None, *["redis-unavailable"] * 2]
    again = [
        {**start, "workflow_id": id} for start, id in zip(given, ids(answer.json), strict=True)
    ]
    second = made.post(PATH, json={"starts": again, "workflow": "A"})
    assert (second.json["started"], ids(second.json)) == (4, ids(answer.json))
    assert client.llen(engine.keys.all) == 1 + 4
