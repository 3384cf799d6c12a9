"""Names that the scripts write instead of values: ``StepState.ENDED``, ``Limit.GATHERED``.

The loader puts the values in. A name that is not here fails when the scripts are loaded.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from ..model import celery_ids, limits
from ..model.event_kinds import EventKind
from ..model.records import BUCKETS, RECORDS, UNTOUCHED
from ..model.states import DONE_STATES, Outcome, PublicationState, StepState, WorkflowState
from ..model.timers import TimerKind
from ..model.trace_kinds import CLOSING_KINDS, TraceKind


def _members(kind: type[Enum]) -> dict[str, Any]:
    return {name: member.value for name, member in kind.__members__.items()}


_STATES = (PublicationState, StepState, WorkflowState)

#: Fields of records, codes, states and kinds: ``Name.MEMBER``.
LUA: dict[str, dict[str, Any]] = {
    kind.__name__: _members(kind) for kind in (*RECORDS, Outcome, *_STATES, TimerKind, TraceKind)
}
LUA["StepState"]["DONE"] = [state.value for state in DONE_STATES]
LUA["TraceKind"]["CLOSING"] = [kind.value for kind in CLOSING_KINDS]
#: As they stand in the stream: JSON text.
LUA["EventKind"] = {name: f'"{kind}"' for name, kind in EventKind.__members__.items()}
LUA["EventKind"]["ALL"] = list(LUA["EventKind"].values())
LUA["Step"] = {"UNTOUCHED": UNTOUCHED}
LUA["Metric"] = {"BUCKETS": BUCKETS}
LUA["Limit"] = {name: value for name, value in vars(limits).items() if name.isupper()}
LUA["CeleryId"] = {"NAMESPACE": celery_ids.NAMESPACE.bytes.decode()}
