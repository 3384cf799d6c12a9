"""Commands on existing workflows: terminate, restart, archive, delete, and sending events."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from littleflow_redis.events.event_codec import encode, message

from ..archive import document, reader
from ..model.errors import BadArchive, IdConflict, NotRestartable
from ..model.json_values import ABSENT, BadValue
from ..model.script_results import Report
from ..model.states import Outcome, WorkflowState
from ..model.user_events import FOR_WORKFLOW, check_data, check_nesting, check_size
from ..store.dead_letters import DeadLetter
from . import restart_plan
from .base import ClientBase, new_id


class Commands(ClientBase):
    """Commands on workflows that were started."""

    def terminate(self, workflow: str) -> WorkflowState:
        """Terminate a workflow and return its state afterwards.

        Attempts that nobody works on are cancelled. Running ones may end, until a second call. An
        ended workflow stays as it is. Raises UnknownWorkflow, NewerVersion.
        """
        id = self.keys.full_id(workflow)
        report = self.when_writable(lambda: self.transitions.terminate(id))
        self._raise_for_outcome(report, id)
        return self._state_after(id, [report])

    def restart(
        self,
        workflow: str,
        *,
        all: bool = False,
        from_steps: Sequence[int | str] = (),
        input: Any = ABSENT,
    ) -> WorkflowState:
        """Restart a FAILED or TERMINATED workflow where it stopped; return its state afterwards.

        Failed and cancelled activations start again as new attempts with a fresh budget of
        retries. Held steps fire. Attempts that still run are left alone, unless ``all``.

        ``from_steps``: indexes or names of steps that begin anew, with all that follows from them,
        in whatever state. This restarts a FINISHED workflow too. ``input`` replaces the input of
        the one step named, in its retries too; None is null.

        Raises UnknownWorkflow, NotRestartable, NewerVersion, BadValue.
        """
        id = self.keys.full_id(workflow)
        # When memory is used up, Redis 6.2 refuses reads within a transaction, too.
        view = self.when_writable(lambda: self.views.workflow(id))
        plan = restart_plan.plan(self.views.flow(id), view, from_steps, input)
        nonce = secrets.token_hex(4)
        report = self.when_writable(lambda: self.transitions.restart(id, nonce, all=all, plan=plan))
        self._raise_for_outcome(report, id)
        if report.outcome is Outcome.UNCHANGED:
            first = "; terminate it first" if view.state is WorkflowState.RUNNING else ""
            raise NotRestartable(
                f"{id} is {view.state}: only a FAILED or TERMINATED workflow restarts, or a "
                f"FINISHED one from a step{first}"
            )
        return self._state_after(id, [report, *self.settle(report)])

    def _state_after(self, id: str, reports: Sequence[Report]) -> WorkflowState:
        """The state after these transitions, whatever a worker has made of it since."""
        states = [report.state for report in reports if report.state is not None]
        return states[-1] if states else self.views.state(id)

    def archive(self, workflow: str) -> dict[str, Any]:
        """Everything about a workflow as one JSON document, read at one moment: see ``archives``.

        It may run: what was open then is what a restored one begins with. Raises UnknownWorkflow,
        NewerVersion, BadArchive for a workflow too large for one document.
        """
        id = self.keys.full_id(workflow)
        outcome, reply = self.transitions.archive(id, document.MAX_BYTES)
        self._raise_for_outcome(Report(outcome), id)
        if outcome is Outcome.TOO_LARGE:
            raise BadArchive(f"{id} has more than {document.MAX_BYTES:,} bytes to archive")
        return document.document(id, self.views.flow(id), reply)

    def restore(self, archive: Mapping[str, Any], *, workflow_id: str | None = None) -> str:
        """Restore a workflow from an archive, ours or upstream's, as TERMINATED; return its id.

        The id is a new one, or ``workflow_id``, which no other workflow may have. ``restart`` goes
        on where the archive was made. Raises BadArchive, UnsupportedFlow, IdConflict, InvalidId.
        """
        given = reader.read(archive)
        id = self.keys.full_id(workflow_id or new_id(given.flow))
        nonce = secrets.token_hex(4)
        # The id is drawn: a restore whose reply was lost is found again, not repeated.
        report = self.patiently(lambda: self.transitions.restore(id, nonce, given))
        if report.outcome is Outcome.CONFLICT:
            raise IdConflict(f"{id} is another workflow: give another workflow_id, or none")
        return id

    def delete(self, workflow: str) -> None:
        """Delete a workflow and all it has. Raises UnknownWorkflow, InProgress."""
        id = self.keys.full_id(workflow)
        self._raise_for_outcome(self.when_writable(lambda: self.transitions.delete(id)), id)

    def dead_letters(self, start: str = "", size: int = 50) -> Sequence[DeadLetter]:
        """Events that could not be processed, newest first; ``start`` goes on after that id."""
        return self.dead.page(start, size)

    def retry_dead(self, id: str) -> str:
        """Send a dead letter's event again and remove the letter; return the new event's id.

        Raises UnknownDeadLetter, and CannotRetry for a task that has ended and for an event that
        was too large to be kept as a whole.
        """
        return self.when_writable(lambda: self.dead.retry(id))

    def drop_dead(self, id: str) -> None:
        """Remove a dead letter for good. Raises UnknownDeadLetter."""
        self.when_writable(lambda: self.dead.drop(id))

    def send_event(
        self, kind: str, data: Mapping[str, Any] | None = None, workflow: str | None = None
    ) -> str:
        """Append an event of any kind to the stream; return its id.

        With ``workflow`` it reaches only that workflow's waits.

        Raises UnknownWorkflow. Raises BadValue for fields that are reserved
        (``user_events.RESERVED_FIELDS``), that are no JSON, or that are nested more than 200 levels
        deep. Raises EventTooLarge for a user's event of more than 1,000,000 bytes.
        """
        check_data(data or {})
        event = message(data, kind=kind)
        if workflow is not None:
            id = self.keys.full_id(workflow)
            self.views.state(id)
            event[FOR_WORKFLOW] = id
        try:
            fields: Any = encode(event)
        except (TypeError, ValueError, RecursionError) as error:
            raise BadValue(str(error)) from error
        check_size(kind, fields)
        check_nesting(event)
        added: Any = self.when_writable(lambda: self.redis.xadd(self.keys.events, fields))
        return str(added.decode())
