"""Whether somebody serves the steps of flows, and the app has the tasks that they name."""

from __future__ import annotations

from collections.abc import Iterator

from littleflow_redis.engine.operations.unserved import served as served_now

from ..calls.task_lookup import Ambiguous, Unknown
from .finding import Finding, Level
from .places import StorePlace
from .subject import Subject, listed


def served(subject: Subject) -> Iterator[Finding]:
    found = served_now(subject.client).lacking(
        [place.step for place in subject.places], subject.categories
    )
    for one in found:
        steps = {id(step) for step in one.steps}
        places = [str(place) for place in subject.places if id(place.step) in steps]
        yield Finding(
            "served",
            Level.ERROR,
            f"{listed(places)}: {one.found}",
            "such steps wait until somebody does",
            one.start(subject.given, its_own=one.category in subject.own_categories)
            if one.category in subject.categories
            else one.advice,
        )


def tasks(subject: Subject) -> Iterator[Finding]:
    places: dict[str, list[StorePlace]] = {}
    for place in subject.places:
        if place.step.category in subject.categories:
            places.setdefault(place.step.base, []).append(place)
    for base, those in places.items():
        match subject.names.resolve(base):
            case Unknown(close=close):
                near = f"; there is {listed(close)}" if close else ""
                found = f"the app has no task {base}{near}"
            case Ambiguous(candidates=several):
                found = f"{base} could be {listed(several)}"
            case _:
                continue
        advice = (
            f"the task in app.conf.littleflow (tasks: {{{base!r}: {{'task': TASK}}}}), "
            "or import the module that has it in the app"
        )
        where = listed([str(place) for place in those])
        yield Finding("tasks", Level.ERROR, f"{where}: {found}", "such steps fail at once", advice)
