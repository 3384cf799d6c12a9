"""Unserved steps: no running process reads the tasks of their category."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

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
    package `rqse`.
    """

    category: str
    steps: tuple[Step, ...]
    close: tuple[str, ...]
    others: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The problem, and the advice."""
        return f"{self.found}: {self.advice}"

    @property
    def found(self) -> str:
        """The problem, with its steps."""
        if self.category in BUILTIN_CATEGORIES:
            return f"no worker runs for {self._names}"
        other = f", unless {listed(self.others)} does" if self.others else ""
        return f"nobody serves {self.what}{other}"

    @property
    def what(self) -> str:
        """The category, and the steps."""
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
    `simulate` serves all categories. ``inside`` are the categories that workers serve which run
    their tasks themselves, ``bridged`` those of bridges.
    """

    categories: frozenset[str]
    worker: bool = True
    others: tuple[str, ...] = ()
    everything: bool = False
    inside: frozenset[str] = frozenset()
    bridged: frozenset[str] = frozenset()

    def lacking(self, steps: Iterable[Step], known: Collection[str] = ()) -> list[Unserved]:
        """The categories of these steps that nobody serves, in the order of the steps.

        Close to them may also be what is ``known`` and not served now.
        """
        found: dict[str, list[Step]] = {}
        for step in steps:
            if step.kind is StepKind.TASK and not self._has(step.category):
                found.setdefault(step.category, []).append(step)
        names = sorted({*self.categories, *known} - {""})
        return [
            Unserved(
                category,
                tuple(steps),
                tuple(get_close_matches(category[:100], [n for n in names if n != category])),
                self.others,
            )
            for category, steps in found.items()
        ]

    def _has(self, category: str) -> bool:
        if category in BUILTIN_CATEGORIES:
            return self.worker
        return self.everything or category in self.categories


def served(client: Client) -> ServedNames:
    """Find the processes that run now, in a few round trips. Raises RedisError."""
    # A process that has no room does not read, and serves its categories all the same.
    beating = HeldAttempts(client.context).served()
    categories, bridged, others = set(beating), set[str](), []
    groups = _groups(client)
    names = [name for name, living in groups.items() if living]
    inside = beating & {name.split(":")[1] for name in groups if name.startswith(f"{STEPS}:")}
    for name in names:
        kind, colon, category = name.partition(":")
        if kind == STEPS:
            continue
        if colon or kind in (BRIDGE, LISTENER):
            # A listener's group may be called otherwise; its category follows all the same.
            categories.add(category)
            if kind == BRIDGE:
                bridged.add(category)
        elif name not in (LIFECYCLE, RECEIPTS, SIMULATE):
            others.append(name)
    return ServedNames(
        frozenset(categories),
        LIFECYCLE in names,
        tuple(others),
        SIMULATE in names,
        frozenset(inside),
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


def _groups(client: Client) -> dict[str, bool]:
    """The consumer groups, and of each whether somebody showed itself in it just now."""
    stream = client.keys.events
    try:
        groups: Any = client.redis.xinfo_groups(stream)
    except ResponseError as error:
        if "no such key" not in str(error):
            raise
        return {}
    with client.redis.pipeline(transaction=False) as pipe:
        for group in groups:
            pipe.xinfo_consumers(stream, group["name"])
        rows = pipe.execute(raise_on_error=False)
    return {
        group["name"].decode("utf-8", "replace"):
        # One that is gone since answers with an error.
        not isinstance(consumers, Exception)
        and any(consumer["idle"] < SILENT * 1000 for consumer in consumers)
        for group, consumers in zip(groups, rows, strict=True)
    }


def listed(names: Sequence[str], most: int = _SHOWN) -> str:
    """The first names, each once, and how many more there are."""
    names = list(dict.fromkeys(names))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
