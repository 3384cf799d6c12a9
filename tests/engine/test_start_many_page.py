"""What docs/how-to/start-many.md tells its readers to do works as it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import redis

from littleflow_redis import Client, StartSpec
from tests.support import RedisServer

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "start-many.md"


def test_its_programs_run(
    engine: Client,
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in redis_server.environment.items():
        monkeypatch.setenv(name, value)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    first, refused, once, again = (compile(block, PAGE.name, "exec") for block in blocks)
    names: dict[str, Any] = {"redis": redis, "orders": [{"order": 7}, {"order": 8}]}
    exec(first, names)  # noqa: S102 - our own page
    assert len({*names["ids"]}) == engine.redis.llen(engine.keys.all) == 1_000
    exec(refused, names)  # noqa: S102 - our own page
    started, compiled, value = capsys.readouterr().out.split("\nrefused: ")
    assert started.startswith("workflow:")
    assert "1:5" in compiled
    assert "no JSON" in value
    for _ in range(2):
        exec(once, names)  # noqa: S102 - our own page
    assert engine.input("invoice-7") == {"order": 7}
    names["specs"] = [StartSpec("A", n) for n in range(3)]
    exec(again, names)  # noqa: S102 - our own page
    assert names["again"] == []
    assert engine.redis.llen(engine.keys.all) == 1_000 + 1 + 2
    names["client"].redis.connection_pool.disconnect()
