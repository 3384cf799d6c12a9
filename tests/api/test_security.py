"""The rules of docs/security.md, one by one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from littleflow_redis import Client
from littleflow_redis.api.limits import MOST_CALLERS, RateLimit
from littleflow_redis.api.tokens import find, read_tokens
from littleflow_redis.events.connection import ConfigurationError
from tests.support import wait_until

Make = Callable[..., Flask]

SECRET = "0123456789abcdef"
CONSOLE = "http://localhost:8000"


class Caller(FlaskClient):
    """Sends every request from one place with the same headers."""

    environ: Mapping[str, str]

    def open(self, *args: Any, **options: Any) -> TestResponse:
        return super().open(*args, environ_overrides=self.environ, **options)


def caller(app: Flask, peer: str = "127.0.0.1", **headers: str) -> Caller:
    client = Caller(app)
    client.environ = {"REMOTE_ADDR": peer, "HTTP_HOST": "localhost:5000", **headers}
    return client


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:5000", "[::1]:5000", "LOCALHOST:80"])
def test_programs_on_this_machine_are_answered(app: Make, peer: str, host: str) -> None:
    assert caller(app(), peer, HTTP_HOST=host).get("/me").json["name"] == "local"


@pytest.mark.parametrize("host", ["", "a b", "a/b", "a:b", "a@b", "x" * 300, "a, b", "[::1"])
def test_a_host_that_is_none(app: Make, host: str) -> None:
    answer = caller(app(), HTTP_HOST=host).get("/me")
    assert (answer.status_code, answer.json["error"]) == (400, "bad-host")


def test_configured_hosts_count_for_callers_with_a_token_too(app: Make) -> None:
    made = app(tokens=read_tokens([SECRET]), hosts=frozenset({"flows.example"}), hosts_given=True)
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {SECRET}"}
    good = caller(made, "10.0.0.7", HTTP_HOST="flows.example:443", **bearer).get("/me")
    bad = caller(made, "10.0.0.7", HTTP_HOST="other.example", **bearer).get("/me")
    assert (good.status_code, bad.status_code) == (200, 403)


def test_several_tokens_have_names(app: Make) -> None:
    made = app(tokens=read_tokens([f"ann:{SECRET}1", f"bob:read:{SECRET}2", f"{SECRET}3"]))
    told = [
        caller(made, "10.0.0.7", HTTP_AUTHORIZATION=f"bearer {SECRET}{n}").get("/me").json
        for n in (1, 2, 3)
    ]
    assert [(one["name"], one["access"]) for one in told] == [
        ("ann", "full"),
        ("bob", "read"),
        ("token-3", "full"),
    ]


def test_a_token_given_twice_is_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match="twice"):
        read_tokens([f"a:{SECRET}", f"b:{SECRET}"])


def test_a_token_is_kept_as_its_digest() -> None:
    (token,) = read_tokens([SECRET])
    assert SECRET not in repr(token)
    assert find((token,), SECRET) is token
    assert find((token,), SECRET + "x") is None
    assert find((token,), "é") is None


def test_a_token_where_none_is_configured_is_not_taken(app: Make) -> None:
    answer = caller(app(), HTTP_AUTHORIZATION=f"Bearer {SECRET}").get("/me")
    assert (answer.status_code, answer.json["error"]) == (401, "token-unknown")


def test_a_page_of_the_console_may_call(app: Make) -> None:
    answer = caller(app(), HTTP_ORIGIN=CONSOLE).get("/me")
    assert answer.headers["Access-Control-Allow-Origin"] == CONSOLE
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Link" in answer.headers["Access-Control-Expose-Headers"]
    assert "Origin" in answer.headers["Vary"]


def test_a_page_of_our_own_may_call(app: Make) -> None:
    answer = caller(app(), HTTP_ORIGIN="http://localhost:5000").get("/me")
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_browser_asks_before_it_sends(app: Make) -> None:
    asking = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST"}
    made = app(tokens=read_tokens([SECRET]))
    granted = caller(made, "10.0.0.7", HTTP_ORIGIN=CONSOLE, **asking).options("/workflows/start")
    assert granted.status_code == 204
    assert granted.headers["Access-Control-Allow-Origin"] == CONSOLE
    assert "Authorization" in granted.headers["Access-Control-Allow-Headers"]
    foreign = {"HTTP_ORIGIN": "https://evil.example", **asking}
    denied = caller(made, "10.0.0.7", **foreign).options("/workflows/start")
    assert denied.status_code == 403
    assert not [name for name, _ in denied.headers if name.startswith("Access-Control")]


def test_every_answer_has_the_headers(app: Make) -> None:
    for path in ("/", "/nowhere", "/apidocs/"):
        with caller(app()).get(path) as answer:
            headers = answer.headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] in ("no-store", "no-cache")
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_a_caller_names_its_request_or_it_gets_a_name(app: Make) -> None:
    one = caller(app(), HTTP_X_REQUEST_ID="order-17").get("/nowhere")
    assert one.json["request_id"] == one.headers["X-Request-Id"] == "order-17"
    for odd in ("a b", "x" * 65, "é", "a=b"):
        drawn = caller(app(), HTTP_X_REQUEST_ID=odd).get("/").headers["X-Request-Id"]
        assert len(drawn) == 32


@pytest.mark.parametrize(
    ("body", "headers", "status", "word"),
    [
        ("{}", {"Content-Type": "application/xml"}, 415, "unsupported-type"),
        ("{}", {"Content-Type": ""}, 415, "unsupported-type"),
        ("a=b", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "unsupported-type"),
        ("{}", {"Content-Type": "multipart/form-data; boundary=x"}, 415, "unsupported-type"),
        ("{}", {"Content-Encoding": "gzip"}, 415, "compressed"),
        ("{", {}, 400, "bad-json"),
        ("\xff", {}, 400, "bad-json"),
        ("NaN", {}, 400, "bad-json"),
        ('{"workflow": 1}', {}, 422, "invalid"),
        ('{"workflow": "A", "inputs": 1}', {}, 422, "invalid"),
        ("[]", {}, 422, "invalid"),
        ("", {}, 422, "invalid"),
        ("{}", {"Accept": "text/html"}, 406, "not-acceptable"),
        ("x", {"Content-Type": "text/plain; charset=utf-16"}, 415, "unknown-charset"),
        ("\xff", {"Content-Type": "text/plain"}, 400, "bad-text"),
        ("[" * 100 + "]" * 100, {}, 422, "invalid"),
        ("[" * 101 + "]" * 101, {}, 400, "too-deep"),
        ('{"a":' * 101 + "1" + "}" * 101, {}, 400, "too-deep"),
        ('{"workflow": "A", "input": "' + "[" * 500 + '"}', {}, 200, None),
    ],
)
def test_bodies(
    app: Make, body: str, headers: dict[str, str], status: int, word: str | None
) -> None:
    answer = caller(app()).post(
        "/workflows/start",
        data=body.encode("latin-1"),
        headers={"Content-Type": "application/json", **headers},
    )
    assert (answer.status_code, answer.json.get("error")) == (status, word), answer.json


def test_a_body_that_is_too_large(app: Make) -> None:
    made = app(max_body=1_000, max_archive=2_000)
    text = b'{"workflow": "' + b"A" * 1_000 + b'"}'
    start = caller(made).post("/workflows/start", data=text, content_type="application/json")
    restore = caller(made).post("/workflows/restore", data=text, content_type="application/json")
    assert (start.status_code, start.json["error"]) == (413, "too-large")
    assert restore.status_code == 400
    form = caller(made).post("/workflows/start/upload", data={"workflow": "A" * 1_001})
    assert form.status_code == 413


def test_a_form_has_few_parts(app: Make) -> None:
    form = caller(app()).post(
        "/workflows/start/upload",
        data={f"f{n}": "1" for n in range(20)},
        content_type="multipart/form-data",
    )
    assert form.status_code == 413


def test_bodies_that_come_too_fast(app: Make) -> None:
    made = app(rate=1)

    def check() -> Any:
        return caller(made).post("/workflows/check", json={"workflow": "A"})

    def refused() -> Any:
        answer = check()
        return answer if answer.status_code == 429 else None

    assert [check().status_code for _ in "12"] == [200, 200]
    last = wait_until(refused, "more came in a second than may")
    assert int(last.headers["Retry-After"]) >= 1
    assert last.json["error"] == "too-many"
    assert caller(made).get("/").status_code == 200
    assert (
        caller(made, "127.0.0.9").post("/workflows/check", json={"workflow": "A"}).status_code
        == 200
    )


def test_the_rate_forgets_who_was_not_seen_for_long() -> None:
    rate = RateLimit(1)
    for number in range(MOST_CALLERS + 10):
        assert rate.wait(str(number)) == 0
    assert len(rate._buckets) == MOST_CALLERS


@pytest.mark.parametrize(
    "uri",
    [
        "file:///etc/passwd",
        "/etc/passwd",
        "http://169.254.169.254/latest",
        "s3://a/../../b",
        "s3://a/%2e%2e/b",
        "s3://a::file:///etc/passwd",
        "simplecache::s3://a/b",
        "s3:/a",
        "S3://a/b",
        "s3://a/b\n",
        "memory://x",
    ],
)
def test_archives_are_where_they_may_be(app: Make, engine: Client, uri: str) -> None:
    engine.start("A", workflow_id="w")
    made = caller(app())
    for answer in (
        made.post("/workflows/restore", json={"uri": uri}),
        made.get("/workflows/restore", query_string={"uri": uri}),
        made.post("/workflows/w/archive", json={"uri": uri}),
    ):
        assert (answer.status_code, answer.json["error"]) == (403, "uri-not-allowed")
        assert "LITTLEFLOW_API_ARCHIVES" in answer.json["message"]


def test_a_place_for_archives_is_a_whole_folder(app: Make, engine: Client, tmp_path: Any) -> None:
    engine.start("A", workflow_id="w")
    (tmp_path / "in").mkdir()
    made = caller(app(archives=(f"file://{tmp_path}/in",)))
    inside = made.post("/workflows/w/archive", json={"uri": f"file://{tmp_path}/in/a.json"})
    beside = made.post("/workflows/w/archive", json={"uri": f"file://{tmp_path}/in-other"})
    assert (inside.status_code, beside.status_code) == (200, 403)
    assert inside.headers["Location"] == inside.json["uri"]
    restored = made.post("/workflows/restore", json={"uri": inside.json["uri"]})
    assert engine.state(restored.json["workflow"]).state == "TERMINATED"
    missing = made.post("/workflows/restore", json={"uri": f"file://{tmp_path}/in/b.json"})
    assert (missing.status_code, missing.json["error"]) == (404, "no-archive")


def test_every_change_is_in_the_audit_log(app: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "littleflow_redis.audit")
    made = app(tokens=read_tokens([f"ann:{SECRET}", f"eyes:read:{SECRET}r"]))
    ann = caller(made, "10.0.0.7", HTTP_AUTHORIZATION=f"Bearer {SECRET}")
    eyes = caller(made, "10.0.0.8", HTTP_AUTHORIZATION=f"Bearer {SECRET}r")
    id = ann.post("/workflows/start", json={"workflow": "A"}).json["workflow"]
    eyes.get("/workflows/")
    eyes.post(f"/workflows/{id}/terminate")
    caller(made, "10.0.0.9").delete(f"/workflows/{id}%0aevent=audit")
    ann.get(f"/workflows/{id}/restart")

    lines = [record.message for record in caplog.records]
    assert [line.partition(" request=")[0] for line in lines] == [
        f"event=audit caller=ann peer=10.0.0.7 method=POST path=/workflows/start status=200 "
        f"workflow=workflow:{id}",
        f"event=audit caller=eyes peer=10.0.0.8 method=POST path=/workflows/{id}/terminate "
        "status=403",
        "event=audit caller=unknown peer=10.0.0.9 method=DELETE "
        f'path="/workflows/{id}\\nevent=audit" status=401',
        f"event=audit caller=ann peer=10.0.0.7 method=GET path=/workflows/{id}/restart status=400",
    ]
    assert not any(SECRET in line for line in lines)


def test_what_goes_wrong_inside_stays_inside(
    app: Make, engine: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """A broken record: the answer has the request's id, and the log the traceback under it."""
    engine.start("A", workflow_id="w")
    engine.redis.hset("workflow:w", "created", "never")
    answer = caller(app()).get("/workflows/w/steps")
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert "never" not in answer.text
    (record,) = [r for r in caplog.records if "event=failed" in r.message]
    assert answer.json["request_id"] in record.message
    assert record.exc_info
