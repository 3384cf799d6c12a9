"""The console's service as a process: what a browser gets, and what anybody else does not."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from littleflow_redis import console
from tests import web
from tests.support import Spawned, free_port
from tests.web import Answer

CONSOLE = [sys.executable, "-m", "littleflow_redis.console"]
STATIC = Path(console.__file__).parent / "static"

#: A service that answers on this port.
Start = Callable[..., int]

pytestmark = pytest.mark.skipif(
    not (STATIC / "index.html").is_file(), reason="the pages are not built: make pages"
)


def ask(port: int, path: str, method: str = "GET", **headers: str) -> Answer:
    return web.ask(f"http://127.0.0.1:{port}{path}", method, **headers)


@pytest.fixture
def start(spawn: Callable[..., Spawned]) -> Start:
    def run(*options: str, **env: str) -> int:
        port = free_port()
        process = spawn([*CONSOLE, f"127.0.0.1:{port}", *options], env=env)
        process.wait_for_output("event=ready")
        return port

    return run


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A service with nothing configured, for tests that only ask."""
    number = free_port()
    folder = tmp_path_factory.mktemp("console")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LITTLEFLOW", "SERVICE"))}
    process = Spawned([*CONSOLE, f"127.0.0.1:{number}"], env, folder, folder / "output.txt")
    process.wait_for_output("event=ready")
    yield number
    process.kill_group()


def asset(ending: str) -> str:
    return f"/assets/{next((STATIC / 'assets').glob(f'*{ending}')).name}"


def test_the_first_page_and_all_it_names(port: int) -> None:
    page = ask(port, "/")
    assert page.status == 200
    assert page["Content-Type"].startswith("text/html")
    assert page["Cache-Control"] == "no-cache", "a new version is seen at once"
    names = re.findall(r'(?:src|href)="\./([^"]+)"', page.body.decode())
    assert [name for name in names if name.endswith(".js")]
    for name in names:
        assert ask(port, f"/{name}").status == 200, name


def test_assets_are_kept_for_ever_and_packed(port: int) -> None:
    plain = ask(port, asset(".js"))
    packed = ask(port, asset(".js"), Accept_Encoding="gzip, br")
    assert plain["Cache-Control"] == packed["Cache-Control"]
    assert "immutable" in plain["Cache-Control"]
    assert plain["Content-Type"].split(";")[0] in ("text/javascript", "application/javascript")
    assert packed["Content-Encoding"] == "gzip"
    assert packed["Vary"] == plain["Vary"] == "Accept-Encoding"
    assert packed["Content-Type"] == plain["Content-Type"]
    assert gzip.decompress(packed.body) == plain.body
    assert packed["ETag"] != plain["ETag"]
    assert not ask(port, asset(".js"), Accept_Encoding="gzip;q=0")["Content-Encoding"]


def test_what_did_not_change_is_not_sent_again(port: int) -> None:
    first = ask(port, "/")
    again = ask(port, "/", If_None_Match=first["ETag"])
    assert (again.status, again.body) == (304, b"")
    assert again["Content-Security-Policy"] == first["Content-Security-Policy"]


def test_head_says_what_get_says(port: int) -> None:
    get, head = ask(port, "/"), ask(port, "/", "HEAD")
    assert head.body == b""
    assert head["Content-Length"] == get["Content-Length"] == str(len(get.body))
    assert ask(port, "/", "POST").status == 405


def test_with_nothing_configured_the_page_calls_port_5000_of_its_own_host(port: int) -> None:
    answer = ask(port, "/config.json")
    assert answer.json() == {"api": ""}
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-cache"
    policy = ask(port, "/", Host="flows.example:8000")["Content-Security-Policy"]
    connect = "connect-src 'self' http://flows.example:5000 https://flows.example:5000"
    assert policy.endswith(connect)


@pytest.mark.parametrize("host", ["[::1]:8000", "a;script-src *", "x' 'unsafe-inline"])
def test_a_host_the_policy_cannot_name_does_not_get_into_it(port: int, host: str) -> None:
    policy = ask(port, "/", Host=host)["Content-Security-Policy"]
    assert policy.endswith("connect-src 'self' http://*:5000 https://*:5000")


def test_every_answer_is_protected(port: int) -> None:
    for path in ("/", "/config.json", "/nowhere", "/workflow?id=a", asset(".js")):
        answer = ask(port, path)
        policy = dict(
            part.split(maxsplit=1) for part in answer["Content-Security-Policy"].split("; ")
        )
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == "'self' 'wasm-unsafe-eval'"
        assert policy["style-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert "unsafe-inline" not in answer["Content-Security-Policy"]
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert not answer["Server"], "no version is told"


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("/workflow?id=demo-1", "./#/workflow/demo-1"),
        ("/workflow/?id=demo-1", "../#/workflow/demo-1"),
        ("/workflow?id=workflow:demo-1", "./#/workflow/demo-1"),
        ("/workflow?id=a%0d%0aSet-Cookie:x", "./#/workflow/a%0D%0ASet-Cookie%3Ax"),
        ("/workflow?id=//evil.example", "./#/workflow/%2F%2Fevil.example"),
        ("/workflow", "./"),
    ],
)
def test_upstreams_page_of_a_workflow_is_found(port: int, address: str, place: str) -> None:
    answer = ask(port, address)
    assert (answer.status, answer["Location"]) == (302, place)


@pytest.mark.parametrize(
    "path",
    [
        "/../app.py",
        "/%2e%2e/app.py",
        "/assets/../../app.py",
        "/assets/..%2f..%2fapp.py",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/..%5capp.py",
        "/assets",
        "/assets/",
        "/index.html%00.js",
        "/nowhere",
        # Its packed form is asked for, and no file can have such a name: it was a 500.
        f"/{'a' * 300}",
    ],
)
def test_nothing_else_is_handed_out(port: int, path: str) -> None:
    for coding in ("identity", "gzip"):
        answer = ask(port, path, Accept_Encoding=coding)
        assert answer.status in (400, 404), answer.body
        assert b"flask" not in answer.body
        assert b"root:" not in answer.body


def test_the_api_may_be_anywhere(start: Start) -> None:
    port = start("--api", "https://api.example/flows")
    assert ask(port, "/config.json").json() == {"api": "https://api.example/flows/"}
    policy = ask(port, "/")["Content-Security-Policy"]
    assert policy.endswith("connect-src 'self' https://api.example")


def test_a_class_configures_it_as_upstream_did(start: Start, tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text("class Production:\n    API = 'http://localhost:5001'\n")
    port = start(SERVICE_CONFIG="settings.Production", PYTHONPATH=str(tmp_path))
    assert ask(port, "/config.json").json() == {"api": "http://localhost:5001/"}


def test_a_path_of_its_own_host_needs_no_other_source(start: Start) -> None:
    port = start(LITTLEFLOW_CONSOLE_API="/api")
    assert ask(port, "/config.json").json() == {"api": "/api/"}
    assert ask(port, "/")["Content-Security-Policy"].endswith("connect-src 'self'")


def test_under_a_prefix(start: Start) -> None:
    port = start("--prefix", "/flows")
    assert ask(port, "/flows/").status == 200
    assert ask(port, f"/flows{asset('.js')}").status == 200
    assert ask(port, "/flows")["Location"] == "/flows/"
    assert ask(port, "/flows/workflow?id=a")["Location"] == "./#/workflow/a"


@pytest.mark.parametrize(
    ("options", "env", "said"),
    [
        (["--api", "localhost:5000"], {}, "http://localhost:5000/"),
        (["--api", "http://user:secret@host/"], {}, "http://localhost:5000/"),
        (["--api", "http://["], {}, "http://localhost:5000/"),
        (["127.0.0.1:port"], {}, "HOST:PORT"),
        (["nosuch.invalid:5000"], {}, "cannot listen on nosuch.invalid:5000"),
        ([], {"SERVICE_CONFIG": "nowhere.Settings"}, "SERVICE_CONFIG"),
    ],
)
def test_misconfigured_it_says_what_to_set(
    spawn: Callable[..., Spawned], options: list[str], env: dict[str, str], said: str
) -> None:
    process = spawn([*CONSOLE, *options], env=env)
    assert process.wait() == 1
    assert said in process.output
    assert "Traceback" not in process.output


def test_a_port_in_use_is_told(spawn: Callable[..., Spawned]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = spawn([*CONSOLE, f"127.0.0.1:{taken.getsockname()[1]}"])
        assert process.wait() == 1
    assert re.search(r"cannot listen on 127\.0\.0\.1:\d+: Address already in use", process.output)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it(spawn: Callable[..., Spawned], number: signal.Signals) -> None:
    process = spawn([*CONSOLE, f"127.0.0.1:{free_port()}"])
    process.wait_for_output("event=ready")
    process.signal(number)
    assert process.wait() == 0, process.output
    assert "event=stopped service=console" in process.output


def test_without_pages_it_says_so(spawn: Callable[..., Spawned], tmp_path: Path) -> None:
    """A package made for tools that need only Python; see LITTLEFLOW_SKIP_CONSOLE."""
    package = tmp_path / "littleflow_redis"
    source = STATIC.parents[1]
    ignore = shutil.ignore_patterns("static", "web", "__pycache__")
    shutil.copytree(source, package, ignore=ignore)
    env = {"PYTHONPATH": str(tmp_path)}
    process = spawn([*CONSOLE, "127.0.0.1:1"], env=env)
    assert process.wait() == 1
    assert "make pages" in process.output

    served = free_port()
    listen = f"--listen=127.0.0.1:{served}"
    spawn(
        [sys.executable, "-m", "waitress", listen, "littleflow_redis.console:service"], env=env
    ).wait_for_output("Serving on")
    answer = ask(served, "/")
    assert answer.status == 503
    assert b"make pages" in answer.body
