"""The states, kinds and limits that the pages know are those of engine and API."""

from __future__ import annotations

import sys
from pathlib import Path

from littleflow_redis import service
from littleflow_redis.cli import dev_web

CONSOLE = Path(__file__).parents[2] / "console"
sys.path.insert(0, str(CONSOLE / "packaging"))

import facts  # noqa: E402


def test_the_pages_have_the_engines_facts() -> None:
    assert facts.FILE.read_text() == facts.facts(), "run: python console/packaging/facts.py"


def test_the_pages_call_the_port_where_the_api_listens() -> None:
    assert {facts.API_PORT, service.PORT, dev_web.API_PORT} == {facts.API_PORT}
