"""The door: start workflows, look at them, wait for them."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redis import Redis
from redis.exceptions import ConnectionError as LostConnection
from redis.exceptions import TimeoutError as LostReply

from littleflow_redis.events.connection import ConnectionSettings, connect
from littleflow_redis.events.lua import Call
from littleflow_redis.events.wire import encode, message
from littleflow_redis.language import Flow, compile_text, from_littleflow

from . import archives, rerun, restoring
from .attempts import AttemptView, WaitView, attempts, waits
from .dead import DeadLetter, DeadLetters
from .errors import (
    BadArchive,
    IdConflict,
    InProgress,
    NewerVersion,
    NotRestartable,
    UnknownWorkflow,
    WorkflowFailed,
    WorkflowTerminated,
)
from .flows import Flows, Packer
from .inputs import Inputs, first_input
from .keys import Keys
from .signals import FOR_WORKFLOW
from .states import Outcome, WorkflowState
from .support import unsupported
from .transitions import Report, Timer, TimerKind, Transitions
from .values import EMPTY
from .views import Summary, TraceEntry, Views, WorkflowView

if TYPE_CHECKING:
    import littleflow

#: Seconds for which a start is tried again while Redis cannot be reached.
START_PATIENCE = 10.0

#: Seconds between two looks at the state while waiting: a message of the end may get lost.
WAIT_POLL = 1.0


class Client:
    """Everything that programs do with workflows. Safe to share between threads.

    ``url`` such as ``redis://user:password@host:6379/0``; without it, and without ``redis``, the
    environment says where Redis is (REDIS_URL, or REDIS_HOST, REDIS_PORT, REDIS_USERNAME,
    REDIS_PASSWORD). Ids are accepted with and without ``workflow:``.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        redis: Redis | None = None,
        keys: Keys | None = None,
    ) -> None:
        self.redis = redis or connect(ConnectionSettings.from_environment(url=url))
        self.keys = keys or Keys()
        self.flows = Flows(self.redis, self.keys)
        self.transitions = Transitions(self.redis, self.keys)
        self.views = Views(self.redis, self.keys, self.flows)
        self.inputs = Inputs(self.redis, self.keys, self.flows)
        self.dead = DeadLetters(self.redis, self.keys, self.transitions)
        self._packer = Packer()
        self._stored: set[str] = set()

    def start(
        self,
        workflow: str | os.PathLike[str] | Flow | littleflow.Flow,
        input: Any = None,
        *,
        workflow_id: str | None = None,
    ) -> str:
        """Start a workflow and return its full id.

        ``workflow`` is a text, the path of a file (as path-like), or a compiled flow. ``input`` is
        a JSON value, merged over the flow's default input if both are objects. ``workflow_id`` is
        an idempotency key: the same id with the same text and input is the same workflow.

        Raises FlowError for a text that does not compile, UnsupportedFlow for what this version
        cannot run, IdConflict, InvalidId, BadValue for an input that is no JSON.
        """
        flow = as_flow(workflow)
        unsupported(flow)
        name = flow.name or ""
        id = self.keys.full_id(workflow_id or new_id(flow))
        text = first_input(flow, input)
        digest, fields = self._packer.pack(flow)
        same = hashlib.sha256(f"{digest}\n{text}".encode()).hexdigest()[:32]

        def start() -> Report:
            return self.transitions.start(
                id,
                digest=same,
                flow_digest=digest,
                nonce=secrets.token_hex(4),
                name=name,
                input=text,
                flow=() if digest in self._stored else fields,
            )

        # The id is drawn, so a start whose reply was lost is found again, not repeated.
        while (report := self._patiently(start)).outcome is Outcome.NEED_FLOW:
            self._stored.discard(digest)
        return self._started(id, digest, report)

    @staticmethod
    def _patiently(call: Callable[[], Report]) -> Report:
        """Call again while Redis cannot be reached; only for calls that may be repeated."""
        deadline = time.monotonic() + START_PATIENCE
        while True:
            try:
                return call()
            except (LostConnection, LostReply):
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.1)

    def _started(self, id: str, digest: str, report: Report) -> str:
        if report.outcome is Outcome.CONFLICT:
            raise IdConflict(
                f"{id} was started before with another text or input: give another workflow_id, "
                "or none"
            )
        self._stored.add(digest)
        self.settle(report)
        return id

    def settle(self, report: Report) -> list[Report]:
        """Fire the steps that a transition left ready, and those that follow; return the reports.

        Nothing is lost if this is not done, or not to the end: a timer fires them a second later.
        """
        return self.act(report.ready)

    def act(self, timers: Sequence[Timer]) -> list[Report]:
        """Act on these timers, and on those that follow at once; return the reports."""
        reports, waiting = [], list(timers)
        while waiting:
            done = [r for r in self.fire(waiting) if isinstance(r, Report)]
            reports += done
            waiting = [ready for r in done for ready in r.ready]
        return reports

    def fire(self, timers: Sequence[Timer]) -> list[Report | Exception]:
        """Act on these timers alone; return what came of each, or what its script raised."""
        return self.transitions.run([self._act(timer) for timer in timers])

    def _act(self, timer: Timer) -> Call:
        if timer.kind.fires:
            return self.transitions.fire(timer, self.inputs.firing(timer))
        return self.transitions.expire(timer, self._input(timer))

    def _input(self, timer: Timer) -> str:
        if timer.kind in (TimerKind.TIMEOUT, TimerKind.LAPSE):
            return EMPTY
        try:
            return self.inputs.text(timer.workflow, timer.index, timer.scope)
        except (LookupError, NewerVersion):
            # The workflow is gone, or a newer one's; the script finds the same.
            return EMPTY

    def state(self, workflow: str) -> WorkflowView:
        """The workflow and all its steps. Raises UnknownWorkflow."""
        return self.views.workflow(self.keys.full_id(workflow))

    def trace(self, workflow: str) -> Iterator[TraceEntry]:
        """Every change, oldest first. Raises UnknownWorkflow."""
        return self.views.trace(self.keys.full_id(workflow))

    def attempts(self, workflow: str) -> Sequence[AttemptView]:
        """Every attempt of every step, in the order in which they were handed out.

        Raises UnknownWorkflow.
        """
        return attempts(self.trace(workflow))

    def waits(self, workflow: str) -> Sequence[WaitView]:
        """What each step that has begun and is not over waits for. Raises UnknownWorkflow."""
        id = self.keys.full_id(workflow)
        return waits(self.redis, self.keys, id, self.views.trace(id))

    def list(
        self, state: str | WorkflowState | None = None, *, start: int = 0, size: int = 50
    ) -> list[Summary]:
        """Workflows, newest first; ``state`` limits them to one state."""
        return self.views.list(WorkflowState(state) if state else None, start, size)

    def wait(self, workflow: str, timeout: float | None = None) -> Any:
        """Wait for the end, ``timeout`` seconds at most, and return the final output.

        Raises WorkflowFailed, WorkflowTerminated, TimeoutError, UnknownWorkflow.
        """
        id = self.keys.full_id(workflow)
        deadline = None if timeout is None else time.monotonic() + timeout
        with self.redis.pubsub(ignore_subscribe_messages=True) as done:
            # Subscribe first: an end between the look and the subscription would go unseen.
            done.subscribe(self.keys.done + id)
            while not self.views.state(id).ended:
                left = WAIT_POLL if deadline is None else deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"{id} did not end within {timeout} s")
                done.get_message(timeout=min(left, WAIT_POLL))
        return self._outcome(self.views.workflow(id))

    @staticmethod
    def _outcome(view: WorkflowView) -> Any:
        if view.state is WorkflowState.FAILED:
            raise WorkflowFailed(view.id, view.reasons)
        if view.state is WorkflowState.TERMINATED:
            raise WorkflowTerminated(view.id)
        return view.output

    def terminate(self, workflow: str) -> WorkflowState:
        """Terminate a workflow and return its state.

        What nobody works on is cancelled; what runs may end, until a second call. A workflow that
        ended stays as it is. Raises UnknownWorkflow, NewerVersion.
        """
        id = self.keys.full_id(workflow)
        self._checked(self.transitions.terminate(id), id)
        return self.views.state(id)

    def restart(
        self,
        workflow: str,
        *,
        all: bool = False,
        from_steps: Sequence[int | str] = (),
        input: Any = None,
    ) -> WorkflowState:
        """Restart a workflow that FAILED or was TERMINATED where it stopped; return its state.

        What failed or was cancelled starts again as a new attempt with a fresh budget of retries,
        what was held fires. Attempts that somebody has taken and that still run are left alone,
        unless ``all``.

        ``from_steps``, indexes or names, begin anew with all that follows from them, whatever had
        become of it; this restarts a FINISHED workflow too. ``input`` replaces what the one step
        named gets from its predecessors, in its retries too.

        Raises UnknownWorkflow, NotRestartable, NewerVersion, BadValue.
        """
        id = self.keys.full_id(workflow)
        view = self.views.workflow(id)
        plan = rerun.plan(self.views.flow(id), view, from_steps, input)
        report = self.transitions.restart(id, secrets.token_hex(4), all=all, plan=plan)
        self._checked(report, id)
        if report.outcome is Outcome.UNCHANGED:
            raise NotRestartable(
                f"{id} is {view.state}: only a FAILED or TERMINATED workflow restarts, or a "
                "FINISHED one from a step"
            )
        self.settle(report)
        return self.views.state(id)

    def archive(self, workflow: str) -> dict[str, Any]:
        """Everything about a workflow as one JSON document, read at one moment: see ``archives``.

        It may run: what was open then is what a restored one begins with. Raises UnknownWorkflow,
        NewerVersion, BadArchive for a workflow too large for one document.
        """
        id = self.keys.full_id(workflow)
        outcome, reply = self.transitions.archive(id, archives.MAX_BYTES)
        self._checked(Report(outcome), id)
        if outcome is Outcome.TOO_LARGE:
            raise BadArchive(f"{id} has more than {archives.MAX_BYTES:,} bytes to archive")
        return archives.document(id, self.views.flow(id), reply)

    def restore(self, archive: Mapping[str, Any], *, workflow_id: str | None = None) -> str:
        """Restore a workflow from an archive, ours or upstream's, as TERMINATED; return its id.

        The id is a new one, or ``workflow_id``, which no other workflow may have. ``restart`` goes
        on where the archive was made. Raises BadArchive, UnsupportedFlow, IdConflict, InvalidId.
        """
        given = restoring.read(archive)
        id = self.keys.full_id(workflow_id or new_id(given.flow))
        nonce = secrets.token_hex(4)
        # The id is drawn: a restore whose reply was lost is found again, not repeated.
        report = self._patiently(lambda: self.transitions.restore(id, nonce, given))
        if report.outcome is Outcome.CONFLICT:
            raise IdConflict(f"{id} is another workflow: give another workflow_id, or none")
        return id

    def delete(self, workflow: str) -> None:
        """Delete a workflow and all it has. Raises UnknownWorkflow, InProgress."""
        id = self.keys.full_id(workflow)
        self._checked(self.transitions.delete(id), id)

    def dead_letters(self, start: str = "", size: int = 50) -> Sequence[DeadLetter]:
        """Events that could not be processed, newest first; ``start`` goes on after that id."""
        return self.dead.page(start, size)

    def retry_dead(self, id: str) -> str:
        """Send a dead letter's event again and remove the letter; return the new event's id.

        Raises UnknownDeadLetter, and CannotRetry for a task that has ended and for an event that
        was too large to be kept as a whole.
        """
        return self.dead.retry(id)

    def drop_dead(self, id: str) -> None:
        """Remove a dead letter for good. Raises UnknownDeadLetter."""
        self.dead.drop(id)

    @staticmethod
    def _checked(report: Report, id: str) -> None:
        if report.outcome is Outcome.UNKNOWN_WORKFLOW:
            raise UnknownWorkflow(id)
        if report.outcome is Outcome.IN_PROGRESS:
            raise InProgress(f"{id} is in progress: terminate it first")
        if report.outcome is Outcome.NEWER:
            raise NewerVersion(NewerVersion.__doc__)

    def send_event(
        self, kind: str, data: Mapping[str, Any] | None = None, workflow: str | None = None
    ) -> str:
        """Append an event of any kind to the stream; return its id.

        With ``workflow`` it reaches only that workflow's waits. Raises UnknownWorkflow.
        """
        event = message(dict(data or {}), kind=kind)
        if workflow is not None:
            id = self.keys.full_id(workflow)
            self.views.state(id)
            event[FOR_WORKFLOW] = id
        fields: Any = encode(event)
        added: Any = self.redis.xadd(self.keys.events, fields)
        return str(added.decode())


def as_flow(workflow: str | os.PathLike[str] | Flow | littleflow.Flow) -> Flow:
    """Compile a text or a file, or take a flow in either form. Raises FlowError, OSError."""
    if isinstance(workflow, Flow):
        return workflow
    if isinstance(workflow, str):
        return compile_text(workflow)
    if isinstance(workflow, os.PathLike):
        path = Path(workflow)
        return compile_text(path.read_text(encoding="utf-8"), filename=str(path))
    return from_littleflow(workflow)


def new_id(flow: Flow) -> str:
    """A new id: the flow's name, if it has one, and a random part."""
    name = (flow.name or "").replace(":", ".")[:160]
    return f"{name}-{uuid.uuid4()}" if name else str(uuid.uuid4())
