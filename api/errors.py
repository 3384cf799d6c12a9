"""Errors as answers: one form, a stable word, and the next step in the message."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import marshmallow as ma
from flask import Flask, Response, jsonify
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException

from littleflow_redis.engine.model import errors as engine
from littleflow_redis.engine.model.json_values import BadValue
from littleflow_redis.events.logs import kv
from littleflow_redis.events.reconnect import is_temporary, refusal_of
from littleflow_redis.language import FlowError
from littleflow_redis.language.errors import Problem

from .context import request_id

LOG = logging.getLogger("littleflow_redis.api")

#: Seconds after which to ask again when Redis is away.
RETRY_AFTER = 2


class Refused(Exception):
    """A request that is answered with an error. ``errors`` are the places that are wrong."""

    def __init__(
        self,
        status: int,
        word: str,
        message: str,
        *,
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.word = word
        self.message = message
        self.errors = errors
        self.headers = headers or {}


#: What the engine raises, and how it is answered. The first that fits counts.
_ENGINE: tuple[tuple[type[Exception], int, str], ...] = (
    (engine.InvalidId, 400, "invalid-id"),
    (engine.UnknownWorkflow, 404, "unknown-workflow"),
    (engine.BadQuery, 400, "bad-query"),
    (engine.NoSource, 404, "no-source"),
    (engine.UnknownStep, 404, "unknown-step"),
    (engine.UnknownDeadLetter, 404, "unknown-dead-letter"),
    (engine.IdConflict, 409, "id-conflict"),
    # 400, not 409: clients of upstream look for it.
    (engine.InProgress, 400, "in-progress"),
    (engine.NotRestartable, 400, "not-restartable"),
    (engine.CannotRetry, 409, "cannot-retry"),
    (engine.NewerVersion, 409, "newer-version"),
    (engine.BadArchive, 400, "bad-archive"),
    (engine.EventTooLarge, 413, "too-large"),
    (engine.UnsupportedFlow, 400, "unsupported-flow"),
    (BadValue, 400, "bad-value"),
)

#: Words and next steps for what Flask and werkzeug raise.
_HTTP = {
    400: ("bad-request", "the request cannot be read: GET /apidocs/ shows its form"),
    404: ("not-found", "there is nothing at this address: GET /apidocs/ lists the addresses"),
    405: ("method-not-allowed", "this address has other methods: the header Allow lists them"),
    408: ("too-slow", "the request took too long to arrive: send it at once"),
    413: ("too-large", "the body is too large: GET /apidocs/ lists the limits"),
    415: ("unsupported-type", "a body of this type is not accepted: send application/json"),
}


def register(app: Flask) -> None:
    """Answer every exception in the one form."""
    app.register_error_handler(Exception, answer)


def answer(error: Exception) -> Response:
    """The answer to an exception."""
    return response(refusal(error))


def refusal(error: Exception) -> Refused:
    """The error that an exception is to the caller; one that nobody expected is logged."""
    refused = translate(error)
    if refused.status == 500:
        LOG.error(kv("failed", request=request_id(), error=type(error).__name__), exc_info=error)
    return refused


def response(refused: Refused) -> Response:
    body: dict[str, Any] = {
        "code": refused.status,
        "status": "Error",
        "error": refused.word,
        "message": refused.message,
    }
    if refused.errors:
        body["errors"] = list(refused.errors)
    made = jsonify({**body, "request_id": request_id()})
    made.status_code = refused.status
    made.headers.extend(refused.headers)
    return made


def translate(error: Exception) -> Refused:
    """The error that an exception is to the caller."""
    match error:
        case Refused():
            return error
        case FlowError():
            first = error.problems[0]
            message = f"line {first.line}, column {first.column}: {first.message}"
            return Refused(400, "compile-error", message, errors=problems(error))
        case engine.UnknownWorkflow():
            message = (
                f"there is no workflow {error.workflow!r}: GET /workflows/ lists those there are"
            )
            return Refused(404, "unknown-workflow", message)
        case RedisError():
            return _redis(error)
        case HTTPException():
            return _http(error)
        case OSError():
            return _store(error)
    for kind, status, word in _ENGINE:
        if isinstance(error, kind):
            return Refused(status, word, str(error))
    message = "something went wrong here: give the operator the request_id, the log has more"
    return Refused(500, "internal", message)


def problems(error: FlowError) -> list[dict[str, Any]]:
    """The problems of a text as data, each with its line and a caret under the place."""
    return [_problem(problem, error) for problem in error.problems]


def _problem(problem: Problem, error: FlowError) -> dict[str, Any]:
    shown = {name: value for name, value in problem.as_dict().items() if value not in ("", None)}
    caret = error.excerpt(problem)
    return {**shown, "caret": caret} if caret else shown


def _redis(error: RedisError) -> Refused:
    LOG.warning(kv("redis-error", request=request_id(), error=error))
    if not is_temporary(error):
        message = "Redis refused the command: the operator finds the reason in the log"
        return Refused(503, "redis-refuses", message)
    later = {"Retry-After": str(RETRY_AFTER)}
    if refusal := refusal_of(error):
        reason = refusal.partition(" script: ")[0]
        message = f"Redis refuses to write now ({reason}): try again later"
        return Refused(503, "redis-refuses", message, headers=later)
    message = "Redis cannot be reached now: try again in a few seconds"
    return Refused(503, "redis-unavailable", message, headers=later)


def _store(error: OSError) -> Refused:
    """The message of an object store, whose errors are causes of ours."""
    if isinstance(error, FileNotFoundError) or isinstance(error.__cause__, FileNotFoundError):
        return Refused(404, "no-archive", "there is no archive at that address: look it up")
    LOG.warning(kv("store-error", request=request_id(), error=error))
    message = "that store cannot be reached or refuses: try again, or look into the service's log"
    return Refused(503, "store-unavailable", message)


def _http(error: HTTPException) -> Refused:
    status = error.code or 500
    headers = {
        name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")
    }
    messages = getattr(error, "data", {}).get("messages")
    if messages:
        found = list(_invalid(messages, ()))
        first = found[0]
        message = f"{first['field']}: {first['message']} GET /apidocs/ shows the fields."
        return Refused(status, "invalid", message, errors=found, headers=headers)
    word, message = _HTTP.get(status, (f"http-{status}", error.description or error.name))
    return Refused(status, word, message, headers=headers)


def _invalid(messages: Any, place: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """The findings of a schema, flattened: a field (``json.input``) and a sentence each."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            yield from _invalid(inner, (*place, str(name)))
        return
    # The location is how the value was sent, and says nothing if the whole of it is wrong.
    field = ".".join(name for name in place if name != ma.exceptions.SCHEMA)
    for message in messages if isinstance(messages, list) else [messages]:
        yield {"field": field, "message": str(message)}
