"""The states and kinds that the pages know are the engine's."""

from __future__ import annotations

import sys
from pathlib import Path

CONSOLE = Path(__file__).parents[2] / "console"
sys.path.insert(0, str(CONSOLE / "packaging"))

import facts  # noqa: E402


def test_the_pages_have_the_engines_facts() -> None:
    assert facts.FILE.read_text() == facts.facts(), "run: python console/packaging/facts.py"
