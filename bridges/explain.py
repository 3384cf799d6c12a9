"""``bridge --explain math:add``: how a step would be called; nothing is started or sent."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from inspect import Parameter, Signature
from typing import Any

from celery import Celery, Task
from kombu.entity import Queue

from littleflow_redis.bridges.app import serializer_refusal, task_refusal
from littleflow_redis.bridges.names import Found, TaskNames
from littleflow_redis.bridges.rules import Choice, Rules, celery_options
from littleflow_redis.bridges.signatures import task_signature
from littleflow_redis.engine.defaults import NAMES
from littleflow_redis.engine.messages import category_of
from littleflow_redis.language.flow import Json
from littleflow_redis.tasks.binding import Bind, BindError, bind
from littleflow_redis.tasks.shapes import signature_text

#: Celery's options that a task may have as attributes of its own.
_OWN = ("queue", "exchange", "routing_key", "priority", "expires", "serializer")

_ANY = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
_BY_PLACE = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def explained(
    app: Celery, names: TaskNames, rules: Rules, served: Collection[str], base: str
) -> str:
    """What becomes of steps ``base``, for people: a line per fact."""
    rows = [("step", base), ("category", _category(base, served))]
    times = [(name, _time(name, base, rules)) for name in NAMES]
    found = names.resolve(base)
    if not isinstance(found, Found):
        return _table([*rows, ("served by", f"none: {found.reason}"), *times])
    task, chosen = app.tasks[found.task], rules.of(base, found.task)
    mode = chosen.get("$bind", Choice(Bind.AUTO.value, "nothing else is set"))
    signature = task_signature(task)
    rows += [
        ("served by", f"{task.name} ({found.why})"),
        ("signature", f"{task.name}{signature_text(signature)}"),
        ("bind", f"{mode.value} ({mode.where})"),
        *_sending(app, task, chosen),
    ]
    if reason := task_refusal(task):
        rows.append(("refused", reason))
    examples = [("input", "is called as"), *_examples(task.name, signature, mode.value)]
    return f"{_table([*rows, *times])}\n{_table(examples)}"


def _table(rows: Sequence[tuple[str, str]]) -> str:
    width = max(len(title) for title, _ in rows)
    return "".join(f"{title:{width}}  {text}".rstrip() + "\n" for title, text in rows)


def _category(base: str, served: Collection[str]) -> str:
    category = category_of(base)
    name = repr(category) if category else "none ('')"
    if category in served:
        return name
    return f"{name}, which this bridge does not serve: add --category {category or repr('')}"


def _sending(app: Celery, task: Task, chosen: Mapping[str, Choice]) -> Iterator[tuple[str, str]]:
    """What is passed to ``apply_async``: set for the bridge, else by the task; and whereto."""
    default = app.conf.task_serializer
    own = {
        name: Choice(value, "the task's own")
        for name in _OWN
        if (value := getattr(task, name, None)) not in (None, default)
    }
    options = {"serializer": Choice(default, "task_serializer")} | own | celery_options(chosen)
    for name, choice in options.items():
        yield f"celery {name}", f"{choice.value} ({choice.where})"
    yield "route", _route(app, task, options)


def _route(app: Celery, task: Task, options: Mapping[str, Choice]) -> str:
    """Where the app's own router sends a call without arguments; no broker is asked."""
    given = {name: one.value for name, one in options.items() if name in _OWN[:3]}
    try:
        route = app.amqp.router.route(dict(given), task.name, (), {}, task)
    # The user's routers run in there.
    except Exception as error:  # noqa: BLE001
        return f"unknown: {type(error).__name__}: {error}"
    queue = route.get("queue") or app.amqp.default_queue
    if not isinstance(queue, Queue):
        return f"queue {queue}"
    text = f"queue {queue.name}"
    if queue.exchange and queue.exchange.name and queue.exchange.name != queue.name:
        text += f", exchange {queue.exchange.name} ({queue.exchange.type})"
    key = route.get("routing_key") or queue.routing_key
    if key and key != queue.name:
        text += f", routing key {key}"
    others = {k: v for k, v in route.items() if k not in _OWN[:3] and k not in options}
    text += "".join(f", {name} {value}" for name, value in sorted(others.items()))
    if others.get("serializer") and (reason := serializer_refusal(app, others["serializer"])):
        text += f"; {reason}"
    return f"{text}; a worker must consume it: celery worker -Q {queue.name}"


def _examples(name: str, signature: Signature, mode: str) -> Iterator[tuple[str, str]]:
    """What inputs of each shape become."""
    for input in _inputs(signature):
        text = json.dumps(input)
        try:
            args, kwargs = bind(signature, input, None, mode)
        except BindError as error:
            yield text, f"the step fails: {error.problem}"
        else:
            yield text, f"{name}({', '.join(_arguments(args, kwargs))})"


def _inputs(signature: Signature) -> Sequence[Json]:
    """Nothing, a value, a list, an object with what there is and one more."""
    parameters = signature.parameters.values()
    named = [p.name for p in parameters if p.kind not in _ANY]
    required = [p for p in parameters if p.kind in _BY_PLACE and p.default is Parameter.empty]
    values = {name: number for number, name in enumerate(named, 1)}
    return [{}, 1, list(range(1, max(len(required), 2) + 1)), values | {"more": len(named) + 1}]


def _arguments(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[str]:
    yield from (json.dumps(value) for value in args)
    yield from (f"{name}={json.dumps(value)}" for name, value in kwargs.items())


def _time(name: str, base: str, rules: Rules) -> str:
    choice = rules.of(base, "").get(f"${name}")
    if choice is None:
        return f"not set by this bridge; a worker's --default {category_of(base)}:{name} may"
    value = json.dumps(choice.value) if isinstance(choice.value, dict) else f"{choice.value} s"
    return f"{value} ({choice.where})"
