"""From a start-task to the call of a Celery task: found by name, called by the binding rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from inspect import Signature
from typing import Any

from celery import Celery

from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.model.typed_values import TypedValue
from littleflow_redis.language.options import BadOption, read_options
from littleflow_redis.tasks.binding import BindError, bind

from ..app import serializer_refusal, task_refusal
from .arguments import Unsendable, arguments
from .call_options import CallOptions, celery_options
from .signatures import task_signature
from .task_call import TaskCall
from .task_lookup import Found, TaskLookup, Unknown

#: Bases whose task is remembered; a flow may name any number that no task serves.
_REMEMBERED = 4096


class Misfit(ValueError):
    """No task can be called for this step: final, trying again changes nothing."""


@dataclass(frozen=True, slots=True)
class _Target:
    """The task that serves a base, or the reason why none does; how it is called."""

    task: str
    signature: Signature
    refusal: str | None
    #: Whether the app has no such task; else there are several, or one that cannot be a step.
    unknown: bool = False
    bind: str | None = None
    celery: Mapping[str, Any] = field(default_factory=dict)
    #: Of its messages, unless an option says otherwise.
    serializer: str = ""


class CallBuilder:
    """Builds the calls of an app's tasks: ``names`` finds the task, ``rules`` say how."""

    def __init__(
        self,
        app: Celery,
        names: TaskLookup,
        rules: CallOptions | None = None,
        *,
        results: bool = True,
    ) -> None:
        self._app = app
        self._names = names
        self._rules = rules or CallOptions()
        #: Whether results are read from a result backend.
        self._results = results
        self._target = lru_cache(_REMEMBERED)(self._look_up)

    def call(self, task: StartTask, id: str) -> TaskCall:
        """The call that runs a step under this Celery id. Raises Misfit."""
        target = self._target(task.base)
        if target.refusal:
            raise Misfit(target.refusal)
        mode = task.options.get("$bind", target.bind or task.bind)
        options = self._celery_options(target, task.options)
        try:
            sent_by = str(options.get("serializer") or target.serializer)
            input, parameters = (
                arguments(value, sent_by) for value in (task.value, TypedValue(task.parameters))
            )
            args, kwargs = bind(
                target.signature, input, parameters, mode, begins=task.begins, name=target.task
            )
        except (BindError, Unsendable) as error:
            raise Misfit(str(error)) from error
        return TaskCall(
            id,
            target.task,
            args,
            kwargs,
            {"workflow": task.workflow, "index": task.index, "token": task.token},
            options,
        )

    def target(self, base: str) -> tuple[str, Mapping[str, Any]] | None:
        """The task that serves a base, and Celery's options for it; None if none does."""
        target = self._target(base)
        return None if target.refusal else (target.task, target.celery)

    def lacks(self, base: str) -> bool:
        """Whether the app has no task for a base."""
        return self._target(base).unknown

    def _celery_options(self, target: _Target, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Celery's options for one call: the step's own over those of its task and category."""
        if "$celery" not in options:
            return target.celery
        try:
            # Whoever wrote the start-task may have compiled nothing.
            own: Any = read_options({"$celery": options["$celery"]})["$celery"]
        except BadOption as error:
            raise Misfit(f"{target.task}: {error}") from error
        if "serializer" in own and (reason := serializer_refusal(self._app, own["serializer"])):
            raise Misfit(f"{target.task}: $celery: {reason}")
        return {**target.celery, **own}

    def _look_up(self, base: str) -> _Target:
        found = self._names.resolve(base)
        if not isinstance(found, Found):
            return _Target("", Signature(), found.reason, isinstance(found, Unknown))
        task = self._app.tasks[found.task]
        chosen = {name: one.value for name, one in self._rules.of(base, found.task).items()}
        return _Target(
            found.task,
            task_signature(task),
            task_refusal(task, results=self._results),
            bind=chosen.get("$bind"),
            celery=celery_options(chosen),
            serializer=str(task.serializer or self._app.conf.task_serializer),
        )
