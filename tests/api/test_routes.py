"""A walk over every route: documented, and closed to who has no business here."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from littleflow_redis import Client
from tests.api.walk import Route, routes

Make = Callable[..., Flask]

TOKENS = {"full": "f" * 16, "read": "r" * 16}
HOST = {"Host": "localhost:5000"}


def configured() -> dict[str, Any]:
    from littleflow_redis.api.tokens import read_tokens

    return {"tokens": read_tokens([f"all:full:{TOKENS['full']}", f"eyes:read:{TOKENS['read']}"])}


def call(
    app: Flask, route: Route, headers: dict[str, str] | None = None, peer: str = "127.0.0.1"
) -> TestResponse:
    # Streams are not read to their end.
    return app.test_client().open(
        route.path,
        method=route.method,
        headers={**HOST, **(headers or {})},
        environ_overrides={"REMOTE_ADDR": peer},
        buffered=False,
    )


def refused(answer: TestResponse, status: int, word: str) -> bool:
    body = answer.get_json()
    assert (answer.status_code, body["error"]) == (status, word), body
    assert body["code"] == status
    assert body["status"] == "Error"
    assert body["request_id"] == answer.headers["X-Request-Id"]
    return True


def test_every_route_is_in_the_spec_with_a_schema_for_each_answer(app: Make) -> None:
    made = app()
    spec = call(made, Route("GET", "", "/apispec.json", "")).get_json()
    assert spec["openapi"].startswith("3.1")
    seen = set()
    for route in routes(made):
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.rule)
        operation = spec["paths"][path][route.method.lower()]
        seen.add((path, route.method.lower()))
        assert operation["operationId"], route
        assert operation["summary"].endswith((".", "]", ")")), route
        assert operation["tags"], route
        for status, answer in operation["responses"].items():
            if "$ref" in answer:
                answer = spec["components"]["responses"][answer["$ref"].rpartition("/")[2]]
            assert answer["content"], (route, status)
            for content in answer["content"].values():
                assert content["schema"], (route, status)
    documented = {
        (path, method): operation["operationId"]
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    }
    assert documented.keys() == seen
    assert len(set(documented.values())) == len(documented)


def test_without_a_token_only_programs_on_this_machine_are_answered(app: Make) -> None:
    made = app()
    for route in routes(made):
        for peer in ("10.0.0.7", "::ffff:10.0.0.7", "2001:db8::1", "", "localhost"):
            assert refused(call(made, route, peer=peer), 403, "token-needed")


def test_a_foreign_host_is_refused(app: Make) -> None:
    made = app()
    for route in routes(made):
        for host in ("evil.example", "evil.example:5000", "localhost.evil.example", "127.0.0.2"):
            assert refused(call(made, route, {"Host": host}), 403, "foreign-host")


def test_a_foreign_origin_is_refused(app: Make) -> None:
    for given, headers in (({}, {}), (configured(), {"Authorization": f"Bearer {'f' * 16}"})):
        made = app(**given)
        for route in routes(made):
            for origin in ("https://evil.example", "null", "http://localhost:8001", ""):
                assert refused(
                    call(made, route, {**headers, "Origin": origin}), 403, "foreign-origin"
                )


def test_who_comes_through_a_proxy_is_not_on_this_machine(app: Make) -> None:
    made = app()
    for route in routes(made):
        for name in ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via"):
            assert refused(call(made, route, {name: "127.0.0.1"}), 403, "token-needed")


def test_where_a_token_is_configured_everybody_needs_one(app: Make) -> None:
    made = app(**configured())
    for route in routes(made):
        assert refused(call(made, route), 401, "token-missing")
        for given in ("Bearer " + "x" * 16, "Basic " + "f" * 16, "f" * 16, "Bearer "):
            answer = call(made, route, {"Authorization": given})
            assert refused(answer, 401, "token-unknown")
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_for_reading_changes_nothing(app: Make) -> None:
    made = app(**configured())
    refusals = set()
    for route in routes(made):
        answer = call(made, route, {"Authorization": f"Bearer {TOKENS['read']}"}, peer="10.0.0.7")
        if answer.status_code == 403:
            assert refused(answer, 403, "read-only")
            refusals.add((route.method, route.rule))
        answer.close()
    changing = {(r.method, r.rule) for r in routes(made) if r.method != "GET"}
    changing -= {("POST", "/workflows/check")}
    changing |= {("GET", "/workflows/<workflow>/restart"), ("GET", "/workflows/restore")}
    assert refusals == changing


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_a_get_that_changes_something_is_not_sent_by_another_site(app: Make, site: str) -> None:
    made = app()
    for path in ("/workflows/w/restart", "/workflows/restore?uri=s3://a/b"):
        route = Route("GET", "", path, "")
        assert refused(call(made, route, {"Sec-Fetch-Site": site}), 403, "cross-site")
    allowed = call(made, Route("GET", "", "/workflows/w/restart", ""))
    assert refused(allowed, 404, "unknown-workflow")


def test_a_head_changes_nothing(app: Make, engine: Client) -> None:
    engine.terminate(engine.start("A", workflow_id="w"))
    answer = call(app(), Route("HEAD", "", "/workflows/w/restart", ""))
    assert answer.status_code == 405
    assert engine.state("w").state == "TERMINATED"


def test_an_address_that_is_none_is_closed_as_well(app: Make) -> None:
    for method in ("GET", "POST", "PUT", "OPTIONS", "TRACE"):
        assert refused(
            call(app(), Route(method, "", "/x", ""), peer="10.0.0.7"), 403, "token-needed"
        )


def test_both_forms_of_an_address_are_one(app: Make) -> None:
    made = app()
    for route in routes(made):
        if route.rule in ("/", "/apidocs/"):
            continue
        other = route.path.rstrip("/") if route.path.endswith("/") else route.path + "/"
        with call(made, route) as one, call(made, route._replace(path=other)) as two:
            assert (one.status_code, one.mimetype) == (two.status_code, two.mimetype), other
