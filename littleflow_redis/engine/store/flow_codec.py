"""Packing: the records of a flow's steps and of a category's defaults, as the scripts read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgpack

from littleflow_redis.language import Flow, Step, StepKind

from ..model.json_values import dump
from ..model.records import Flag, KindCode, OnLost

#: Open attempts of one step, or items of one iteration, at the same time; `$concurrency` of a step
#: overrides it. Further ones wait: a loop or a long list must not flood the stream.
CONCURRENCY = 100


#: Seconds before a retry, and before any retry at most, unless `$retry` says `delay` and
#: `max-delay`.
RETRY_DELAY, MAX_RETRY_DELAY = 1, 3600

#: Part of a delay that is random with `jitter: true`, so that what failed together does not come
#: back together.
RETRY_JITTER = 0.5


_KINDS = {
    StepKind.START: KindCode.START,
    StepKind.END: KindCode.END,
    StepKind.TASK: KindCode.TASK,
    StepKind.LITERAL: KindCode.LITERAL,
    StepKind.SUBFLOW_START: KindCode.SUBFLOW_START,
    StepKind.SUBFLOW_END: KindCode.SUBFLOW_END,
    StepKind.LOAD: KindCode.LOAD,
    StepKind.STORE: KindCode.STORE,
}


def encode_steps(flow: Flow) -> Iterator[tuple[str, bytes]]:
    """The fields of a stored flow that scripts read: per step its record and its predecessors.

    They are apart, because an end reads the record of each successor, but only a firing reads
    predecessors: of a wide join they are many.
    """
    looped = int(any(step.back for step in flow.steps))
    for step in flow.steps:
        begins = int(flow.at_start(step.index))
        lost = _on_lost(step.options)
        yield str(step.index), msgpack.packb([*_static(flow, step), looped, begins, lost])
        yield f"p{step.index}", msgpack.packb(step.predecessors)


def _static(flow: Flow, step: Step) -> list[Any]:
    options: Mapping[str, Any] = step.options
    ready = Flag.READY if step.merge or step.guard or step.iterate else Flag(0)
    iterate = Flag.ITERATE if iterates(flow, step) else Flag(0)
    return [
        int(_KINDS[step.kind]),
        max(step.threshold, 1),
        int(ready | iterate),
        step.partner,
        step.successors,
        step.predecessors[0] if len(step.predecessors) == 1 else -1,
        dump(step.name),
        dump(step.base),
        dump({} if step.parameters is None else step.parameters),
        dump(dict(step.options)) if step.options else "",
        dump(step.value),
        step.back,
        depth(flow, step),
        options.get("$concurrency", CONCURRENCY),
        _retry(options.get("$retry")),
        _ms(options.get("$timeout", 0)),
        _ms(options.get("$queue-timeout", 0)),
        int(options.get("$on-failure") == "continue"),
    ]


def encode_defaults(options: Mapping[str, Any]) -> bytes:
    """The record of a category from its options, as ``read_options`` gives them."""
    packed: bytes = msgpack.packb(
        [
            _ms(options.get("$timeout", 0)),
            _ms(options.get("$queue-timeout", 0)),
            _retry(options.get("$retry")),
            _on_lost(options),
        ]
    )
    return packed


def _on_lost(options: Mapping[str, Any]) -> int:
    word = options.get("$on-lost", "unset")
    return OnLost[str(word).upper()].value


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _retry(options: Any) -> list[Any]:
    if not options:
        return []
    jitter = options.get("jitter", False)
    return [
        options["limit"],
        _ms(options.get("delay", RETRY_DELAY)),
        options.get("backoff", 1),
        _ms(options.get("max-delay", MAX_RETRY_DELAY)),
        float(jitter) if not isinstance(jitter, bool) else RETRY_JITTER * jitter,
        options.get("on", []),
        options.get("except", []),
    ]


def iterates(flow: Flow, step: Step) -> bool:
    """Whether the step, or the subflow whose start or end it is, runs once per item."""
    return flow[step.partner].iterate if step.kind is StepKind.SUBFLOW_END else step.iterate


def depth(flow: Flow, step: Step) -> int:
    """The number of iterations that enclose the step, its own not counted."""
    levels, parent = 0, step.parent
    while parent:
        levels += flow[parent].iterate
        parent = flow[parent].parent
    return levels
