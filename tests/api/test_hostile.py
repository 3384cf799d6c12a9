"""Input that means harm: a 4xx each, memory flat, and the process goes on."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from littleflow_redis import Client
from tests.api.conftest import Service
from tests.support import LONG, RedisServer, wait_until

MB = 1024 * 1024


@pytest.fixture(autouse=True)
def stays_up(service: Service, http: httpx.Client) -> Iterator[None]:
    """Whatever a test sends: the process is the same, answers, and has grown by little."""
    # What a first request of each kind loads for good is no leak.
    http.post("/workflows/check", json={"workflow": "A(- [1] -)"})
    process = psutil.Process(service.process.pid)
    before = process.memory_info().rss
    yield
    assert http.get("/").status_code == 200
    assert service.process.process.poll() is None
    grown = (process.memory_info().rss - before) / MB
    assert grown < 60, f"{grown:.0f} MB more than before"


def refused(answer: httpx.Response, *words: str) -> None:
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["error"] in words, answer.text
    assert "Traceback" not in answer.text


BOMB = (
    "A(-\na: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "-)"
)


@pytest.mark.parametrize(
    "text",
    [
        "A(- !!python/object/apply:os.system ['true'] -)",
        "A(- !!python/name:os.system -)",
        "A(- !<tag:yaml.org,2002:python/object/new:os.system> [x] -)",
        BOMB,
        "A(- " + "[" * 10_000 + "]" * 10_000 + " -)",
        "{ " * 10_000 + "A" + " }" * 10_000,
        "A → " * 200_000 + "A",
        "A ? `" + "(" * 100_000 + "`",
        "x" * 2_000_000,
        "\x00",
        "A \ud800",
    ],
    ids=["call", "name", "tag", "bomb", "nested", "braces", "long", "guard", "word", "nul", "half"],
)
def test_texts(http: httpx.Client, text: str) -> None:
    started = time.monotonic()
    raw = json.dumps({"workflow": text})
    head = {"Content-Type": "application/json"}
    answer = http.post("/workflows/start", content=raw, headers=head)
    refused(answer, "compile-error")
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("path", ["start", "check", "terminate", "restore", "bulk", "w/restart"])
@pytest.mark.parametrize(("open_", "close"), [("[", "]"), ('{"a":', "}")])
def test_json_that_is_100_000_deep(http: httpx.Client, path: str, open_: str, close: str) -> None:
    raw = open_ * 100_000 + "1" + close * 100_000
    headers = {"Content-Type": "application/json"}
    refused(http.post(f"/workflows/{path}", content=raw, headers=headers), "too-deep")
    refused(http.post(f"/workflows/{path}", content=open_ * 100_000, headers=headers), "too-deep")


def test_a_string_that_never_ends(http: httpx.Client) -> None:
    """Symptom: one body of 28 kB stopped the whole API for seconds, one of 200 kB for minutes.

    Cause: the pattern that skips strings looked for the end of one that has none again at each of
    its escaped quotes: the time grew with the square of the size.
    """

    def seconds(quotes: int) -> float:
        raw = b"[" * 101 + b'"' + b'\\"' * quotes
        headers = {"Content-Type": "application/json"}
        taken = []
        for _ in range(5):
            begun = time.perf_counter()
            refused(http.post("/workflows/check", content=raw, headers=headers), "too-deep")
            taken.append(time.perf_counter() - begun)
        return min(taken)

    assert seconds(14_000) < 30 * seconds(1_400)


@pytest.mark.parametrize("type_", ["application/json", "text/plain"])
def test_bodies_of_50_mb(http: httpx.Client, type_: str) -> None:
    for path in ("/workflows/start", "/workflows/restore", "/events"):
        try:
            answer = http.post(path, content=b"x" * 50 * MB, headers={"Content-Type": type_})
        except (httpx.WriteError, httpx.ReadError):
            continue  # Refused before all of it was sent.
        refused(answer, "too-large", "unsupported-type")


def test_a_body_of_50_mb_in_chunks(http: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(50):
            yield b" " * MB

    try:
        answer = http.post(
            "/workflows/start", content=chunks(), headers={"Content-Type": "application/json"}
        )
    except (httpx.WriteError, httpx.ReadError):
        return
    refused(answer, "too-large")


@contextmanager
def raw(service: Service, text: bytes) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", service.port), timeout=LONG) as connection:
        connection.sendall(text)
        yield connection


def test_slow_bodies_keep_nobody_waiting(service: Service, http: httpx.Client) -> None:
    head = (
        b"POST /workflows/start HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    )
    with_hands = [raw(service, head) for _ in range(200)]
    open_ = [one.__enter__() for one in with_hands]
    try:
        started = time.monotonic()
        for _ in range(20):
            assert http.get("/me").status_code == 200
        assert time.monotonic() - started < 20
    finally:
        for connection in open_:
            connection.close()


def test_a_body_that_comes_drop_by_drop_is_cut_off(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    service = Service(redis_server, tmp_path, LITTLEFLOW_API_ARRIVAL="1")
    head = b"POST /workflows/start HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"

    def cut_off(connection: socket.socket) -> bool:
        try:
            connection.sendall(b" ")
        except OSError:
            return True
        return False

    try:
        with raw(service, head) as connection:
            wait_until(lambda: cut_off(connection), "the connection is closed")
        assert "event=too-slow" in service.process.output
    finally:
        service.process.kill_group()


def answered(service: Service, text: bytes) -> bytes:
    """The first line of what comes back; empty if the connection is closed."""
    with raw(service, text) as connection:
        got = b""
        while b"\r\n" not in got and (more := connection.recv(4096)):
            got += more
        return got.partition(b"\r\n")[0]


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: a\r\n\tSet-Cookie: b\r\n\r\n",
        b"GET /%0d%0aSet-Cookie:x HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://[\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 400_000 + b"\r\n\r\n",
        b"POST /workflows/start HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n0\r\n\r\n",
        b"POST /workflows/start HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"POST /workflows/start HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
def test_odd_requests(service: Service, head: bytes) -> None:
    line = answered(service, head)
    assert line == b"" or b"Set-Cookie" not in line
    assert line == b"" or line.split()[1][:1] in (b"2", b"4", b"5"), line
    assert not line.startswith((b"HTTP/1.1 500", b"HTTP/1.0 500")), line


@pytest.mark.parametrize(
    "id",
    [
        "..",
        "%2e%2e",
        "..%2f..%2fetc%2fpasswd",
        "a%00b",
        "a%0d%0ab",
        "latch",
        "workflow:latch",
        "*",
        "w%3Asteps",
        "x" * 5_000,
        "%ff%fe",
        "%F0%9F%92%A9",
        "{w}",
        "%25s%25n",
    ],
)
def test_ids_that_are_paths_and_patterns(service: Service, http: httpx.Client, id: str) -> None:
    for path in ("", "/state", "/archive", "/graph"):
        line = answered(
            service,
            f"GET /workflows/{id}{path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(),
        )
        assert line.split()[1][:1] == b"4", (path, line)


def test_an_end_forged_as_another_event(http: httpx.Client, engine: Client) -> None:
    """Symptom: an event of any kind was an end-task. Cause: a `kind` in its data won over it."""
    engine.start("A", workflow_id="w")
    before = engine.redis.xlen(engine.keys.events)
    end = {"kind": "end-task", "workflow": "workflow:w", "index": 1, "name": "A", "output": 1}
    answer = http.post("/events", json={"kind": "harmless", "data": end})
    assert answer.status_code == 422
    refused(answer, "invalid")
    assert "cannot hold kind" in answer.json()["message"]
    assert engine.redis.xlen(engine.keys.events) == before


@pytest.mark.parametrize("data", [r'{"\ud800": 1}', '{"x": 1e999}'])
def test_events_that_cannot_be_written(http: httpx.Client, data: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = http.post("/events", content=f'{{"kind": "k", "data": {data}}}', headers=headers)
    refused(answer, "bad-value", "bad-json")


@pytest.mark.parametrize("value", ["a\x01b", "x" * 300, ""])
def test_idempotency_keys(http: httpx.Client, value: str) -> None:
    head = {"Idempotency-Key": value}
    answer = http.post("/workflows/start", json={"workflow": "A"}, headers=head)
    assert answer.status_code < 500


@pytest.mark.parametrize(
    "archive",
    [
        {},
        {"format": "littleflow-archive"},
        {"format": "littleflow-archive", "version": 1, "flow": {"F": [[9]], "T": [[]]}},
        {"T": [], "S": [], "A": []},
        {"uri": ["s3://a/b"]},
        {"uri": "s3://a/b", "format": "x"},
    ],
)
def test_archives_that_are_none(http: httpx.Client, archive: object) -> None:
    refused(http.post("/workflows/restore", json=archive), "bad-archive", "invalid")


def test_a_connection_that_does_nothing_holds_no_thread(service: Service) -> None:
    threads = psutil.Process(service.process.pid).num_threads()
    idle = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(100)]
    try:
        wait_until(
            lambda: httpx.get(f"{service.url}/me", timeout=LONG).status_code == 200, "it answers"
        )
        assert psutil.Process(service.process.pid).num_threads() <= threads + 2
    finally:
        for connection in idle:
            connection.close()
