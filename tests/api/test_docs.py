"""What docs/api.md and docs/security.md say is so."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from littleflow_redis.api.config import Config
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.api.conftest import Service

DOCS = Path(__file__).parents[2] / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def tour() -> list[str]:
    """The commands of the tour."""
    text = page("api.md").partition("## A tour")[2].partition("## What happens")[0]
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.M | re.S)
    return [command for block in blocks for command in re.split(r"^\$ ", block, flags=re.M)[1:]]


@pytest.mark.skipif(shutil.which("curl") is None, reason="install curl")
def test_the_tour(
    service: Service, http: httpx.Client, worker: LifecycleWorker, tmp_path: Path
) -> None:
    commands = tour()
    assert len(commands) > 15
    for command in commands:
        command = command.replace("127.0.0.1:5000", f"127.0.0.1:{service.port}")
        done = subprocess.run(
            ["sh", "-c", command.replace("curl ", "curl --silent --show-error --fail-with-body ")],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, command + done.stdout + done.stderr
    assert [row["id"] for row in http.get("/workflows/?q=tour").json()] == []


def test_every_test_that_the_security_page_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", page("security.md")))
    source = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert len(named) > 12
    assert named <= set(re.findall(r"^def (test_\w+)", source, re.M))


def test_the_limits_of_the_security_page() -> None:
    rows = dict(
        re.findall(r"^\| [^|]+ \| ([\d,]+).*`(LITTLEFLOW_API_\w+)`", page("security.md"), re.M)
    )
    said = {name: int(number.replace(",", "")) for number, name in rows.items()}
    config = Config()
    assert said == {
        f"LITTLEFLOW_API_{name.upper()}": getattr(config, name)
        for name in ("max_body", "max_archive", "max_depth", "rate", "streams", "arrival")
    }


def test_the_words_of_errors_are_told() -> None:
    """Every word that docs/api.md names is one that the API uses."""
    api = "".join(path.read_text("utf-8") for path in (DOCS.parent / "api").rglob("*.py"))
    table = page("api.md").partition("| status | when |")[2].partition("## For")[0]
    words = set(re.findall(r"`([a-z]+-[a-z]+)`", table)) - {"Retry-After"}
    assert words
    for word in words:
        assert f'"{word}"' in api, word
