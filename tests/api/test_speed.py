"""What an answer costs. Ratios are asserted, for machines differ; the figures are printed.

A machine that is busy with something else makes an answer slower, and none makes one quicker: they
are measured until one is quick enough.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import httpx
import pytest
import redis

from littleflow_redis import Client
from tests.engine.test_listing import many
from tests.support import wait_until

pytestmark = pytest.mark.usefixtures("newest")


def best(call: Callable[[], object], tries: int = 15) -> float:
    """Milliseconds of the quickest call: the others waited for something else."""
    times = []
    for _ in range(tries):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return min(times) * 1000


def calls(client: redis.Redis) -> int:
    """Commands that the server has run, but for PING: that a connection was idle for half a minute
    is no cost of an answer.
    """
    rows = client.info("commandstats").items()
    return sum(row["calls"] for name, row in rows if name != "cmdstat_ping")


def test_a_page_of_100_000_costs_what_one_of_100_costs(
    http: httpx.Client, engine: Client, client: redis.Redis
) -> None:
    def page(query: str = "") -> list[object]:
        answer = http.get(f"/workflows/?size=50{query}")
        assert answer.status_code == 200, answer.text
        rows: list[object] = answer.json()
        assert len(rows) == 50
        return rows

    def commands(query: str) -> int:
        before = calls(client)
        page(query)
        return calls(client) - before

    many(client, 200)
    few, few_commands = best(page), [commands(query) for query in ("", "&state=FAILED")]
    for first in range(200, 100_000, 9_980):
        many(client, 9_980, first=first)
    assert [commands(query) for query in ("", "&state=FAILED")] == few_commands
    ids = best(lambda: http.get("/me"))

    def as_quick() -> bool:
        lots = best(page)
        print(f"50 of 200: {few:.1f} ms; of 100,000: {lots:.1f} ms; bare answer {ids:.1f} ms")
        assert lots < 2 * few + 2, lots
        return True

    wait_until(as_quick, f"a page takes about {few:.1f} ms")


def test_the_state_of_5_000_steps(http: httpx.Client, engine: Client, client: redis.Redis) -> None:
    text = "{ " + " ".join(f"A{number}" for number in range(4_996)) + " }"
    id = engine.start(text, {"x": 1}, workflow_id="wide")
    keys = [f"{id}:output:{index}" for index in range(5_000)]
    client.mset(dict.fromkeys(keys, '{"x":1}'))

    def bare() -> str:
        """The same reads and the same amount of JSON, by nobody's rules."""
        records = client.hgetall(f"{id}:steps")
        outputs = [json.loads(text) for text in client.mget(keys)]
        return json.dumps([len(records), [0] * 5_000, [0] * 5_000, outputs])

    def state() -> None:
        answer = http.get("/workflows/wide/state")
        assert len(answer.json()["S"]) == 5_000

    state()
    steps = best(lambda: http.get("/workflows/wide/steps"), 3)

    def quick() -> bool:
        least, ours = best(bare, 5), best(state, 7)
        print(f"state {ours:.0f} ms, bare reads {least:.0f} ms; steps {steps:.0f} ms")
        assert ours < 12 * least, (ours, least)
        return True

    wait_until(quick, "the state takes no longer than 12 times the bare reads")
