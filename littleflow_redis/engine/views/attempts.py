"""Every attempt of every step: the trace, folded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ..model import json_values
from ..model.states import WorkflowState
from ..model.trace_kinds import CLOSING_KINDS, TraceKind
from .trace import TraceEntry


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One attempt. Times are UTC.

    ``started`` is None if no worker reported its start; ``ended`` is None while it is open.
    ``result`` says how it was closed: ``end``, ``fail`` (finally), ``continue`` (failed, and the
    workflow goes on), ``retry``, ``requeue`` (nobody took it) or ``cancel``. It is empty while the
    attempt is open. ``scope`` is that of an item. ``worker`` is the name that a worker reported.
    ``celery_id`` names the Celery task that a bridge published for it.
    """

    index: int
    scope: str
    activation: int
    number: int
    queued: datetime
    started: datetime | None = None
    ended: datetime | None = None
    worker: str = ""
    result: str = ""
    reason: str = ""
    traceback: str = ""
    celery_id: str = ""


def attempts(trace: Iterable[TraceEntry]) -> list[AttemptView]:
    """Fold the trace into its attempts, in the order in which they were emitted."""
    found: dict[tuple[str, int, int], AttemptView] = {}
    open_: set[tuple[str, int, int]] = set()
    for entry in trace:
        key = (entry.field, entry.activation, entry.attempt)
        if entry.what == TraceKind.QUEUE and entry.field:
            found[key] = _queued(entry)
            open_.add(key)
        elif entry.what in (TraceKind.TAKE, TraceKind.PUBLISH, TraceKind.WAIT) and key in open_:
            found[key] = _started(found[key], entry)
        elif entry.what in CLOSING_KINDS and key in open_:
            open_.remove(key)
            found[key] = _closed(found[key], entry)
        elif not entry.field and entry.what in (WorkflowState.FINISHED, WorkflowState.TERMINATED):
            # Restored from an archive: what was open there was closed by that.
            for left in open_:
                found[left] = replace(found[left], ended=entry.at, result=TraceKind.CANCEL.value)
            open_.clear()
    return list(found.values())


def _queued(entry: TraceEntry) -> AttemptView:
    index, _, scope = entry.field.partition("@")
    return AttemptView(
        int(index), scope, entry.activation, entry.attempt, entry.at, celery_id=entry.detail
    )


def _started(attempt: AttemptView, entry: TraceEntry) -> AttemptView:
    # The detail of a wait names its event. A receipt after a publication adds nothing.
    detail = entry.detail if entry.what != "wait" else ""
    known = _object(detail) or {"worker": detail}
    return replace(
        attempt,
        started=attempt.started if entry.what == TraceKind.PUBLISH else entry.at,
        worker=str(known.get("worker", "")) or attempt.worker,
        celery_id=str(known.get("celery_id", "")) or attempt.celery_id,
    )


def _closed(attempt: AttemptView, entry: TraceEntry) -> AttemptView:
    reason, worker, traceback = parse_detail(entry.detail)
    return replace(
        attempt,
        ended=entry.at,
        result=entry.what,
        reason=reason,
        worker=worker or attempt.worker,
        traceback=traceback,
    )


def parse_detail(detail: str) -> tuple[str, str, str]:
    """Reason, worker and traceback in the detail of a change: JSON, or a sentence."""
    known = _object(detail)
    if known is None:
        return detail, "", ""
    error = known.get("error")
    error = error if isinstance(error, Mapping) else {}
    reason = known.get("reason") or ""
    return str(reason), str(known.get("worker", "")), str(error.get("traceback", ""))


def _object(detail: str) -> Mapping[str, Any] | None:
    try:
        value = json_values.load(detail) if detail.startswith("{") else None
    except json_values.BadValue:
        return None
    return value if isinstance(value, Mapping) else None
