"""Starts of many workflows: each as it is given, made ready for Redis, and its result."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from littleflow_redis.language import Flow, compile_text, from_littleflow

from ..builtins.unsupported import unsupported
from ..model.errors import InvalidId, LittleflowError
from ..store.flows import FlowEncoder
from ..store.inputs import first_input
from ..store.keys import Keys
from .base import new_id

if TYPE_CHECKING:
    import littleflow

#: A text, the path of a file (as path-like), or a compiled flow.
Workflow: TypeAlias = "str | os.PathLike[str] | Flow | littleflow.Flow"

#: Steps of a flow at most whose starts share a call of the script. A start may emit every step, and
#: other clients of Redis wait until the call is over.
MOST_SHARED_STEPS = 64

#: Errors of texts, files, flows, ids and inputs that refuse a start before Redis is asked.
_REFUSALS = (LittleflowError, ValueError, TypeError, OSError)


@dataclass(frozen=True, slots=True)
class StartSpec:
    """One start of many: the arguments of ``Client.start``."""

    workflow: Workflow
    input: Any = None
    workflow_id: str | None = None


@dataclass(frozen=True, slots=True)
class StartResult:
    """The result of one start of many.

    ``workflow`` is the full id, given or drawn; empty if the start was refused before it had one.
    ``error`` is the exception that ``Client.start`` would have raised; None if the workflow was
    started, now or before.
    """

    workflow: str
    error: Exception | None = None

    @property
    def id(self) -> str:
        """The full id of a workflow that was started. Raises ``error`` if there is one."""
        if self.error is not None:
            raise self.error
        return self.workflow


@dataclass(frozen=True, slots=True)
class PreparedStart:
    """A start that may be sent: texts and digests as the script takes them."""

    id: str
    name: str
    input: str
    #: The digest of flow and input, by which a repeated start is recognized.
    digest: str
    flow_digest: str
    packed_flow: bytes
    #: It may have so much to emit that no other start shares its call.
    large: bool


class StartPreparation:
    """Checks starts and makes them ready. Safe to share between threads."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._encoder = FlowEncoder(unsupported)

    def prepare(self, flow: Flow, input: Any, workflow_id: str | None) -> PreparedStart:
        """Raises UnsupportedFlow, InvalidId, BadValue."""
        flow_digest, packed_flow = self._encoder.pack(flow)
        if not isinstance(workflow_id, str | None):
            raise InvalidId(f"workflow id {workflow_id!r:.80}: use a text, or none")
        id = self._keys.full_id(workflow_id or new_id(flow))
        text = first_input(flow, input)
        digest = hashlib.sha256(f"{flow_digest}\n{text}".encode()).hexdigest()[:32]
        large = len(flow) > MOST_SHARED_STEPS
        return PreparedStart(id, flow.name or "", text, digest, flow_digest, packed_flow, large)


class BatchPreparation:
    """Makes the starts of one call ready; compiles what they share once, if it compiles or not."""

    def __init__(self, preparation: StartPreparation) -> None:
        self._preparation = preparation
        #: By text or identity; the workflow is kept, so that no other one has its identity.
        self._flows: dict[Hashable, tuple[Workflow, Flow | Exception]] = {}

    def prepare(self, spec: StartSpec) -> PreparedStart | Exception:
        """The start, or what refuses it."""
        flow = self._flow(spec.workflow)
        if isinstance(flow, Exception):
            return flow
        try:
            return self._preparation.prepare(flow, spec.input, spec.workflow_id)
        except _REFUSALS as error:
            return error

    def _flow(self, workflow: Workflow) -> Flow | Exception:
        key = workflow if isinstance(workflow, str) else id(workflow)
        if key not in self._flows:
            self._flows[key] = (workflow, _compiled(workflow))
        return self._flows[key][1]


def as_flow(workflow: Workflow) -> Flow:
    """Compile a text or a file, or take a flow in either form.

    Raises FlowError, OSError, ValueError for a file that is not UTF-8 and for a flow of littleflow
    that has no form here, TypeError for anything else.
    """
    if isinstance(workflow, Flow):
        return workflow
    if isinstance(workflow, str):
        return compile_text(workflow)
    if isinstance(workflow, os.PathLike):
        path = Path(workflow)
        return compile_text(path.read_text(encoding="utf-8"), filename=str(path))
    if not hasattr(workflow, "F"):
        raise TypeError(
            f"a workflow is a text, a path or a compiled flow, not {type(workflow).__name__}"
        )
    return from_littleflow(workflow)


def _compiled(workflow: Workflow) -> Flow | Exception:
    try:
        return as_flow(workflow)
    except _REFUSALS as error:
        return error
