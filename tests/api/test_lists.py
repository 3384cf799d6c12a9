"""Finding workflows, and acting on many."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from littleflow_redis import Client
from tests.support import next_millisecond


@pytest.fixture
def some(engine: Client) -> list[str]:
    """Five workflows, oldest first: two of them terminated, three named."""
    texts = ["@flow red (- 1 -)\nA", "@flow red-2 (- 1 -)\nA", "@flow blue (- 1 -)\nA", "A", "A"]
    ids = []
    for text in texts:
        ids.append(engine.keys.short_id(engine.start(text)))
        next_millisecond()
    for id in ids[:2]:
        engine.terminate(id)
        next_millisecond()
    return ids


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [4, 3, 2, 1, 0]),
        ("state=TERMINATED", [1, 0]),
        ("state=TERMINATED&state=FAILED", [1, 0]),
        ("state=RUNNING", [4, 3, 2]),
        ("name=red", [1, 0]),
        ("name=red*2", [1]),
        ("name=red&state=RUNNING", []),
        ("q=BLUE", [2]),
        ("sort=created", [0, 1, 2, 3, 4]),
        ("sort=-ended", [1, 0]),
        ("since=2100-01-01T00:00:00Z", []),
        ("until=2100-01-01", [4, 3, 2, 1, 0]),
    ],
)
def test_filters_and_orders(
    http: httpx.Client, some: list[str], query: str, expected: list[int]
) -> None:
    assert ids(http.get(f"/workflows/?{query}")) == [some[number] for number in expected]


def test_pages_stay_stable_while_workflows_start(
    http: httpx.Client, engine: Client, some: list[str]
) -> None:
    url, seen = http.base_url.join("/workflows/?size=2&state=RUNNING&state=TERMINATED"), []
    while True:
        page = http.get(url)
        seen += ids(page)
        if "next" not in page.links:
            break
        assert "state=RUNNING&state=TERMINATED" in page.links["next"]["url"]
        engine.start("A")
        url = url.join(page.links["next"]["url"])
    assert seen == some[::-1]


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("size=0", 422, "query.size"),
        ("size=1001", 422, "query.size"),
        ("size=x", 422, "query.size"),
        ("next=-1", 422, "query.next"),
        ("next=1&state=FAILED", 422, "query.next"),
        ("state=failed", 422, "query.state.0"),
        ("stat=FAILED", 422, "query.stat"),
        ("since=yesterday", 422, "query.since"),
        ("sort=name", 422, "query.sort"),
        ("cursor=xx", 400, None),
        ("q=" + "x" * 201, 422, "query.q"),
    ],
)
def test_queries_that_cannot_be(
    http: httpx.Client, query: str, status: int, field: str | None
) -> None:
    answer = http.get(f"/workflows/?{query}")
    body = answer.json()
    assert answer.status_code == status, body
    assert [one["field"] for one in body.get("errors", [])] == ([field] if field else [])


def act(http: httpx.Client, **body: Any) -> Any:
    answer = http.post("/workflows/bulk", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_many_at_once_by_filter(http: httpx.Client, engine: Client, some: list[str]) -> None:
    first = act(http, action="terminate", filter={"state": ["RUNNING"]}, limit=2)
    assert [one["workflow"] for one in first["results"]] == [some[4], some[3]]
    assert first["more"]
    rest = act(http, action="terminate", filter={"state": ["RUNNING"]})
    assert [one["status"] for one in rest["results"]] == ["Success"]
    assert not rest["more"]
    assert len(act(http, action="restart", filter={"q": "blue"})["results"]) == 1
    gone = act(http, action="delete", filter={})
    failures = [one for one in gone["results"] if one["status"] == "Error"]
    assert [one["workflow"] for one in failures] == [some[2]]
    assert "terminate it first" in failures[0]["message"]
    assert [row.id for row in engine.list()] == [f"workflow:{some[2]}"]


def test_many_at_once_by_id(http: httpx.Client, some: list[str]) -> None:
    told = act(http, action="delete", ids=[some[0], "nowhere", "a b", some[3]])["results"]
    assert [one["status"] for one in told] == ["Success", "Error", "Error", "Error"]


@pytest.mark.parametrize(
    "body",
    [
        {"action": "delete"},
        {"action": "delete", "ids": ["a"], "filter": {}},
        {"action": "explode", "ids": ["a"]},
        {"action": "delete", "ids": []},
        {"action": "delete", "ids": ["a"] * 1_001},
        {"action": "delete", "filter": {"stat": "FAILED"}},
        {"action": "delete", "filter": {}, "limit": 1_001},
    ],
)
def test_what_is_not_said_clearly_is_not_done(
    http: httpx.Client, engine: Client, body: dict[str, Any]
) -> None:
    engine.start("A", workflow_id="a")
    assert http.post("/workflows/bulk", json=body).status_code == 422
    assert len(engine.list()) == 1
