"""Unserved steps: no running process reads the tasks of their category, or of their queue."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from redis import Redis
from redis.exceptions import ResponseError

from littleflow_redis.language import Flow, Step, StepKind

from ..builtins import BUILTIN_CATEGORIES
from ..model.states import StepState, WorkflowState
from ..store.held_attempts import HeldAttempts
from ..views.health import BRIDGE, LIFECYCLE, LISTENER, RECEIPTS, SIMULATE, STEPS

if TYPE_CHECKING:
    from ..client import Client
    from ..views.workflows import WorkflowView

#: Seconds without a sign of a consumer after which it counts as gone: twice the time after which
#: its work is claimed. A living process shows itself each second.
SILENT = 10.0

#: Names that a sentence lists before it says how many more there are.
_SHOWN = 3

#: States of a step whose task no worker has started yet.
_TO_COME = (StepState.IDLE, StepState.READY, StepState.QUEUED, StepState.RETRYING)


@dataclass(frozen=True, slots=True)
class Unserved:
    """A category that nobody serves: its ``steps``, and names ``close`` to it that are served.

    ``others`` are consumer groups whose categories are unknown, such as one of a program with the
    package `rqse`. With a ``queue`` the category is served, and that queue is not.
    """

    category: str
    steps: tuple[Step, ...]
    close: tuple[str, ...]
    others: tuple[str, ...] = ()
    queue: str = ""

    @property
    def sentence(self) -> str:
        """The problem, and the advice."""
        return f"{self.found}: {self.advice}"

    @property
    def found(self) -> str:
        """The problem, with its steps."""
        if self.category in BUILTIN_CATEGORIES:
            return f"no worker runs for {self._names}"
        if self.queue:
            return f"no Celery worker that serves steps consumes the queue {self.what}"
        other = f", unless {listed(self.others)} does" if self.others else ""
        return f"nobody serves {self.what}{other}"

    @property
    def what(self) -> str:
        """The category or the queue, and the steps."""
        if self.queue:
            return f"{self.queue!r} ({self._names})"
        what = f"the category {self.category!r}" if self.category else "steps without a category"
        return f"{what} ({self._names})"

    @property
    def meant(self) -> str:
        """The begin of a sentence that goes on with what to do otherwise; empty without a guess."""
        return f"did you mean {' or '.join(map(repr, self.close))}? Else " if self.close else ""

    @property
    def _names(self) -> str:
        return listed([step.label for step in self.steps])

    @property
    def advice(self) -> str:
        """Names that may be meant, and the process to start."""
        if self.category in BUILTIN_CATEGORIES:
            return (
                "start `python -m littleflow_redis worker`, or a Celery worker that does its work "
                "(`celery -A APP worker -I littleflow_redis.steps`)"
            )
        if self.queue:
            return f"start one with `-Q {self.queue} -I littleflow_redis.steps`"
        name = repr(self.category) if self.category else ""
        return f"{self.start()} or a TaskListener({name})"

    def start(self, app: str = "APP", *, its_own: bool = False) -> str:
        """The processes that serve the category by tasks of a Celery app.

        ``its_own``: whether workers of the app serve it unasked.
        """
        variable = "" if its_own or not self.category else f"LITTLEFLOW_SERVE={self.category} "
        option = f" --category {self.category}" if self.category else ""
        return (
            f"{self.meant}start a Celery worker that serves it (`{variable}celery -A {app} worker "
            f"-I littleflow_redis.steps`), a bridge (`bridge -A {app}{option}`)"
        )


@dataclass(frozen=True, slots=True)
class ServedNames:
    """The categories that processes serve now; ``worker``: whether a lifecycle worker runs.

    ``others`` are living groups whose names do not name a category; ``everything``: whether
    `simulate` serves all categories. ``queues``: those that are consumed, of categories that only
    workers by queue serve. ``routes``: base → queue, as far as a worker has said it. ``inside``
    are the categories that Celery workers serve themselves, ``bridged`` those of bridges.
    """

    categories: frozenset[str]
    worker: bool = True
    others: tuple[str, ...] = ()
    everything: bool = False
    queues: Mapping[str, frozenset[str]] = field(default_factory=dict)
    routes: Mapping[str, str] = field(default_factory=dict)
    inside: frozenset[str] = frozenset()
    bridged: frozenset[str] = frozenset()

    def lacking(self, steps: Iterable[Step], known: Collection[str] = ()) -> list[Unserved]:
        """The categories and queues of these steps that nobody serves, in the steps' order.

        Close to them may also be what is ``known`` and not served now.
        """
        found: dict[tuple[str, str], list[Step]] = {}
        for step in steps:
            if step.kind is StepKind.TASK and (
                not self._has(step.category) or self._unconsumed(step)
            ):
                found.setdefault((step.category, self._unconsumed(step)), []).append(step)
        names = sorted({*self.categories, *known} - {""})
        return [
            Unserved(
                category,
                tuple(steps),
                ()
                if queue
                else tuple(get_close_matches(category[:100], [n for n in names if n != category])),
                self.others,
                queue,
            )
            for (category, queue), steps in found.items()
        ]

    def _has(self, category: str) -> bool:
        if category in BUILTIN_CATEGORIES:
            return self.worker
        return self.everything or category in self.categories

    def _unconsumed(self, step: Step) -> str:
        """The queue of a step that nobody consumes; empty if somebody does, or it is unknown."""
        consumed = None if self.everything else self.queues.get(step.category)
        match step.options.get("$celery"):
            case {"queue": str(queue)}:
                pass
            case _:
                queue = self.routes.get(step.base, "")
        return "" if consumed is None or queue in consumed else queue


def served(client: Client) -> ServedNames:
    """Find the processes that run now, in four round trips. Raises RedisError."""
    names = living_groups(client.redis, client.keys.events)
    whole = taken_whole(names)
    others = [
        name
        for name in names
        if name.partition(":")[0] != STEPS
        and not taken_whole([name])
        and name not in (LIFECYCLE, RECEIPTS, SIMULATE)
    ]
    queues: dict[str, set[str]] = {}
    bridged = set()
    for name in names:
        kind, _, place = name.partition(":")
        if kind == STEPS:
            category, _, queue = place.partition(":")
            queues.setdefault(category, set()).add(queue)
        elif kind == BRIDGE:
            bridged.add(place)
    routes: dict[str, str] = {}
    # Their heartbeats say so even while they have no room to read.
    for process in HeldAttempts(client.context).living().values():
        routes |= process.left
        for category in process.categories:
            if process.queues is None:
                whole.add(category)
            else:
                queues.setdefault(category, set()).update(process.queues)
    return ServedNames(
        frozenset(whole | queues.keys()),
        LIFECYCLE in names,
        tuple(others),
        SIMULATE in names,
        {name: frozenset(those) for name, those in queues.items() if name not in whole},
        routes,
        frozenset(queues),
        frozenset(bridged),
    )


def unserved(client: Client, workflow: Flow | WorkflowView | str) -> list[Unserved]:
    """The unserved categories of a flow, or of a workflow's steps that are still to run.

    The workflow may be its id. Empty for a workflow that does not run. Raises UnknownWorkflow,
    RedisError.
    """
    return served(client).lacking(_steps(client, workflow))


def _steps(client: Client, workflow: Flow | WorkflowView | str) -> Sequence[Step]:
    if isinstance(workflow, Flow):
        return workflow.steps
    view = client.state(workflow) if isinstance(workflow, str) else workflow
    if view.state is not WorkflowState.RUNNING:
        return ()
    flow = client.views.flow(view.id)
    return [step for step in flow.steps if view.steps[step.index].state in _TO_COME]


def taken_whole(groups: Iterable[str]) -> set[str]:
    """The categories of the bridges and listeners among these groups: they take every step."""
    found = set()
    for name in groups:
        kind, colon, category = name.partition(":")
        # A listener's group may be called otherwise; its category follows all the same.
        if kind != STEPS and (colon or kind in (BRIDGE, LISTENER)):
            found.add(category)
    return found


def living_groups(redis: Redis, stream: str) -> list[str]:
    """The consumer groups in which somebody showed itself just now. Raises RedisError."""
    try:
        groups: Any = redis.xinfo_groups(stream)
    except ResponseError as error:
        if "no such key" not in str(error):
            raise
        return []
    with redis.pipeline(transaction=False) as pipe:
        for group in groups:
            pipe.xinfo_consumers(stream, group["name"])
        rows = pipe.execute(raise_on_error=False)
    return [
        group["name"].decode("utf-8", "replace")
        for group, consumers in zip(groups, rows, strict=True)
        # One that is gone since answers with an error.
        if not isinstance(consumers, Exception)
        and any(consumer["idle"] < SILENT * 1000 for consumer in consumers)
    ]


def listed(names: Sequence[str], most: int = _SHOWN) -> str:
    """The first names, each once, and how many more there are."""
    names = list(dict.fromkeys(names))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
