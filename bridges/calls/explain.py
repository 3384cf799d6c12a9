"""``bridge --explain math:add``: how a step would be called; nothing is started or sent."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from celery import Celery, Task
from kombu.entity import Queue

from littleflow_redis.engine.model.exception_classes import known_class
from littleflow_redis.engine.model.task_events import category_of
from littleflow_redis.engine.store.defaults import NAMES
from littleflow_redis.language import Flow, Step, StepKind
from littleflow_redis.tasks.auto import Row
from littleflow_redis.tasks.binding import Bind
from littleflow_redis.tasks.cases import Case, cases, in_short
from littleflow_redis.tasks.coming import Standing
from littleflow_redis.tasks.shapes import signature_text

from ..app import serializer_refusal, task_refusal
from .call_options import CallOptions, Choice, celery_options, flat
from .signatures import task_signature
from .task_lookup import Found, TaskLookup

#: Celery's options that a task may have as attributes of its own.
_OWN = ("queue", "exchange", "routing_key", "priority", "expires", "serializer")


def explained(
    app: Celery,
    names: TaskLookup,
    rules: CallOptions,
    served: Collection[str],
    base: str,
    standing: Standing | None = None,
) -> str:
    """The treatment of steps ``base``, or of the one ``standing`` in a flow: a line per fact."""
    rows = [("step", base + _place(standing)), ("category", _category(base, served))]
    chosen = rules.of(base, "") | _own(standing)
    times = [(name, _time(name, base, chosen)) for name in NAMES]
    times += _retried(chosen.get("$retry"))
    found = names.resolve(base)
    if not isinstance(found, Found):
        return _table([*rows, ("served by", f"none: {found.reason}"), *times])
    task, chosen = app.tasks[found.task], rules.of(base, found.task) | _own(standing)
    mode, signature = _mode(chosen), task_signature(task)
    rows += [
        ("served by", f"{task.name} ({found.why})"),
        ("signature", f"{task.name}{signature_text(signature)}"),
        ("bind", f"{mode.value} ({mode.where})"),
        *_sending(app, task, chosen),
    ]
    if reason := task_refusal(task):
        rows.append(("refused", reason))
    examples = _shown(cases(task.name, signature, mode.value, standing))
    return f"{_table([*rows, *times])}\n{_table(examples)}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """The use of a step's input, in one line; ``fails`` if no input fits."""

    step: Step
    call: str
    fails: bool

    def __str__(self) -> str:
        if self.fails:
            return f"{self.step.name} fails with every input; it calls {self.call}"
        return f"{self.step.name} calls {self.call}"


def rows_of(
    app: Celery, names: TaskLookup, rules: CallOptions, served: Collection[str], flow: Flow
) -> Iterator[Explanation]:
    """The use of the input of each step that tasks of the app serve."""
    for step in flow.steps:
        own = step.kind is StepKind.TASK and step.category in served
        found = names.resolve(step.base) if own else None
        if isinstance(found, Found):
            signature = task_signature(app.tasks[found.task])
            standing = Standing(flow, step)
            mode = _mode(rules.of(step.base, found.task) | _own(standing)).value
            shown = cases(found.task, signature, mode, standing)
            call = f"{found.task}{signature_text(signature)}: {in_short(shown)}"
            yield Explanation(step, call, all(case.row == Row.ERROR for case in shown))


def _place(standing: Standing | None) -> str:
    if standing is None or not standing.step.line:
        return ""
    return f" ({standing.step.line}:{standing.step.column})"


def _own(standing: Standing | None) -> dict[str, Choice]:
    """The options of the step itself."""
    options = flat(standing.step.options) if standing is not None else {}
    return {name: Choice(value, "the step's own") for name, value in options.items()}


def _mode(chosen: Mapping[str, Choice]) -> Choice:
    return chosen.get("$bind", Choice(Bind.AUTO.value, "nothing else is set"))


def _shown(found: Sequence[Case]) -> Sequence[tuple[str, ...]]:
    return [("input", "row", "is called as")] + [
        (
            case.input,
            case.row,
            case.call if case.row != Row.ERROR else f"the step fails: {case.call}",
        )
        for case in found
    ]


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    widths[-1] = 0
    padded = (
        "  ".join(f"{text:{width}}" for text, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "".join(f"{line.rstrip()}\n" for line in padded)


def _category(base: str, served: Collection[str]) -> str:
    category = category_of(base)
    name = repr(category) if category else "none ('')"
    if category in served:
        return name
    return f"{name}, which this bridge does not serve: add --category {category or repr('')}"


def _sending(app: Celery, task: Task, chosen: Mapping[str, Choice]) -> Iterator[tuple[str, str]]:
    """The options for ``apply_async``, set for the bridge, else by the task; and the queue."""
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


def _time(name: str, base: str, chosen: Mapping[str, Choice]) -> str:
    choice = chosen.get(f"${name}")
    if choice is None:
        return f"not set by this bridge; a worker's --default {category_of(base)}:{name} may"
    match choice.value:
        case dict() as policy:
            value = json.dumps(policy)
        case str() as value:
            pass
        case seconds:
            value = f"{seconds} s"
    return f"{value} ({choice.where})"


def _retried(choice: Choice | None) -> Iterator[tuple[str, str]]:
    """How the names in ``$retry`` are understood: of steps' own nothing is known here."""
    for key in ("on", "except"):
        for name in choice.value.get(key, ()) if choice else ():
            if found := known_class(name):
                meaning = f"and what derives from it ({found.__module__}.{found.__qualname__})"
            else:
                meaning = "by this name alone: the bridge has imported no such exception"
            yield f"retry {key} {name}", meaning
