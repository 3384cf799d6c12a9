"""Typed wrappers of the scripts that change one workflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import redis
from msgpack import packb

from littleflow_redis.events.script_batch import Call, run_batch

from ..model import json_values, records
from ..model.script_results import Firing as Firing
from ..model.script_results import LatchAction as LatchAction
from ..model.script_results import Publication as Publication
from ..model.script_results import Receipt as Receipt
from ..model.script_results import Report as Report
from ..model.states import Outcome, WorkflowState
from ..model.task_events import EndTask, StartTask
from ..model.timers import Timer as Timer
from ..model.timers import TimerKind as TimerKind
from . import contracts
from .arguments import Arguments
from .handing import handed_over
from .keys import Keys
from .maintenance import Maintenance
from .restored_state import RestoredState


class Transitions(Maintenance):
    """Builds the calls of the scripts and reads their replies. Holds no state of its own."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        super().__init__(client, keys)
        #: The newest form that this process knows.
        self.version = records.VERSION

    def start(
        self,
        workflow: str,
        *,
        digest: str,
        flow_digest: str,
        nonce: str,
        name: str,
        input: str,
        flow: bytes = b"",
        alone: bool = False,
    ) -> Call:
        """Start a workflow; ``flow`` is the packed flow, to be given if it is not stored.

        Starts of one flow that follow each other share a call, unless they go ``alone``.
        """
        args = contracts.Start(
            flow_digest=flow_digest,
            name=name,
            form=self.version,
            flow=flow,
            digest=digest,
            nonce=nonce,
            input=input,
        )
        return self._call(args, workflow, alone=alone)

    def apply_ends(
        self, ends: Sequence[tuple[EndTask, str]], group: str, serving: bytes = b""
    ) -> list[Call]:
        """Apply ends, each with its output as JSON text, wherever that was handed over.

        Each is a transition of its own; some share a call. With ``serving``, a packed
        :class:`~.handing.Serving`, attempts that follow are handed over in the reports.
        """
        return [self._apply_end(end, output, group, serving) for end, output in ends]

    def _apply_end(self, end: EndTask, output: str, group: str, serving: bytes) -> Call:
        args = contracts.ApplyEnds(
            group=group,
            serving=serving,
            event=end.event,
            index=end.index,
            token=end.token,
            status="SUCCESS" if end.success else "FAILURE",
            output=output,
            reason=end.reason,
            detail=end.detail,
            final=end.final,
            classes=json_values.dump(end.classes) if end.classes else "",
        )
        return self._call(args, end.workflow)

    def fire_ready(self, ready: Timer, firing: Firing) -> Call:
        """Fire a ready step as was decided, or emit a retry that is due."""
        args = contracts.FireReady(
            member=str(ready),
            action=firing.action,
            input=firing.input,
            reason=firing.reason,
            items=firing.items,
        )
        return self._call(args, ready.workflow)

    def expire_timer(self, timer: Timer, input: str = "", missing: str = "") -> Call:
        """Act on the due timer of an open attempt.

        If the reply says NEED_INPUT, call again with the step's ``input`` as JSON text, or with why
        it is ``missing``: then the step fails.
        """
        args = contracts.ExpireTimer(member=str(timer), given=input, missing=missing)
        return self._call(args, timer.workflow)

    def wait_delay(
        self, task: StartTask, group: str, *, ms: int | None = None, until: int = 0
    ) -> Call:
        """Take up a start-task as a wait of ``ms``, or until a time in ms since 1970."""
        args = contracts.WaitDelay(
            event=task.event, group=group, index=task.index, token=task.token, ms=ms, at=until
        )
        return self._call(args, task.workflow)

    def wait_latch(self, task: StartTask, group: str, action: LatchAction, name: str) -> Call:
        """Take up a start-task that works on the latch ``name``; its output is its input."""
        args = contracts.WaitLatch(
            event=task.event,
            group=group,
            index=task.index,
            token=task.token,
            action=action,
            name=name,
            input=task.value.text(),
        )
        return self._call(args, task.workflow)

    def mark_started_by_receipts(self, started: Mapping[str, str], group: str) -> dict[str, Call]:
        """Calls that mark attempts started; ``started``: start-task → receipt.

        They are those of the receipts whose start-task is open, by receipt, and acknowledge it.
        """
        found: Any = self.client.hmget(self.keys.open_attempts, list(started)) if started else []
        calls = {}
        for receipt, address in zip(started.values(), found, strict=True):
            if address:
                workflow, field, token = address.decode().split("|")
                index = int(field.partition("@")[0])
                args = contracts.MarkStarted(index=index, token=token, receipt=receipt, group=group)
                calls[receipt] = self._call(args, workflow)
        return calls

    def mark_started(self, task: StartTask, worker: str) -> Call:
        """Note a sign of start that came without a receipt; ``worker`` is for people."""
        args = contracts.MarkStarted(index=task.index, token=task.token, worker=worker)
        return self._call(args, task.workflow)

    def note_progress(self, task: StartTask, text: str, retries: int | str = "") -> Call:
        """Note for people how far an open attempt is.

        ``retries`` are those of its worker: ``+`` for one more than is known, a number for at least
        so many, empty for none.
        """
        args = contracts.NoteProgress(
            index=task.index, token=task.token, text=text, retried=retries
        )
        return self._call(args, task.workflow)

    def claim_attempt(
        self,
        task: StartTask,
        owner: str,
        worker: str = "",
        publication: Publication | None = None,
        most: int = 0,
        *,
        queued: bool = False,
        hold: bool = False,
    ) -> Call:
        """Claim an attempt before any work is done for it; ``owner`` is the group's name.

        ``most`` is how often it may be claimed by those who do not end it, 0 for no limit. With
        ``queued`` it goes into a queue, and :meth:`mark_started` says when a worker starts it. With
        ``hold`` this process runs the task of ``publication`` itself, and the start-task is
        acknowledged.
        """
        args = contracts.ClaimAttempt(
            index=task.index,
            token=task.token,
            group=owner,
            worker=worker,
            category=publication.category if publication else "",
            task=publication.task if publication else "",
            most=most,
            queued=queued,
            event=task.event if hold else "",
        )
        return self._call(args, task.workflow)

    def admit_publications(
        self, category: str, wanted: int, most: int, interval: int, at_once: int
    ) -> tuple[int, float]:
        """How many of ``wanted`` tasks may be published now, and seconds until asking again.

        ``most`` may be in flight, 0 for no limit; ``interval`` is in microseconds, 0 for no rate;
        a rate lets ``at_once`` go together.
        """
        args = contracts.AdmitPublications(
            category=category, wanted=wanted, most=most, interval=interval, burst=at_once
        )
        count, wait = self._scripts.run(self.client, args)
        return int(count), int(wait) / 1000

    def mark_published(self, group: str, publications: Sequence[tuple[Publication, str]]) -> int:
        """Mark tasks of one category as published and acknowledge their start-task events."""
        if not publications:
            return 0
        each = [text for one, event in publications for text in (one.task, event, one.follows)]
        args = contracts.MarkPublished(
            group=group, category=publications[0][0].category, publications=each
        )
        return int(self._scripts.run(self.client, args, self.keys.events))

    def terminate(self, workflow: str) -> Report:
        return self._report_of(contracts.Terminate(), workflow)

    def restart(
        self, workflow: str, nonce: str, *, all: bool, plan: Mapping[str, Any] | None = None
    ) -> Report:
        """Restart; ``plan`` names the steps that begin anew, see ``restart_plan``."""
        args = contracts.Restart(nonce=nonce, all=all, plan=packb(plan) if plan else None)
        return self._report_of(args, workflow)

    def archive(self, workflow: str, most: int) -> tuple[Outcome, Sequence[Any]]:
        """Everything that a workflow has, ``most`` bytes of it; see ``archive.document``."""
        reply = self._scripts.run(self.client, contracts.Archive(most=most), workflow)
        return Outcome(reply[0]), reply

    def restore(self, workflow: str, nonce: str, given: RestoredState) -> Report:
        """Store what an archive has, TERMINATED."""
        detail = f"restored from {given.origin}" if given.origin else "restored"
        args = contracts.Restore(
            digest=given.digest,
            flow_digest=given.flow_digest,
            nonce=nonce,
            name=given.flow.name or "",
            form=given.form,
            done=given.done,
            input=given.input,
            steps=_packed(given.steps),
            items=_packed(given.items),
            outputs=_packed(given.outputs),
            types=_packed(given.types),
            trace=_packed(given.trace),
            detail=detail,
            flow=given.packed_flow,
        )
        return self._report_of(args, workflow)

    def delete(self, workflow: str) -> Report:
        return self._report_of(contracts.Delete(), workflow)

    def retire(self, workflow: str, state: WorkflowState, seconds: float) -> Call:
        """Delete a workflow if it is in this state and ended so many seconds ago, or earlier."""
        args = contracts.Delete(state=state, age=round(seconds * 1000))
        return self._call(args, workflow)

    def run(self, calls: Sequence[Call]) -> list[Report | Exception]:
        """Send the calls in one round trip; a call that raised has its exception as result."""
        return run_batch(self.client, calls)

    def _call(self, args: Arguments, workflow: str, *, alone: bool = False) -> Call:
        read = partial(self.read_report, workflow)
        return self._scripts.call(args, workflow, read=read, alone=alone)

    def _report_of(self, args: Arguments, workflow: str) -> Report:
        return self.read_report(workflow, self._scripts.run(self.client, args, workflow))

    def read_report(self, workflow: str, reply: Sequence[Any]) -> Report:
        """Read a script's reply."""
        if len(reply) < 3:
            return Report(Outcome(reply[0]), workflow)
        ready = tuple(Timer.read(item) for item in reply[3:] if isinstance(item, bytes))
        handed = tuple(handed_over(workflow, item) for item in reply[3:] if isinstance(item, list))
        state = WorkflowState(reply[1].decode()) if reply[1] else None
        reason = reply[2].decode("utf-8", "replace")
        return Report(Outcome(reply[0]), workflow, state, reason, ready, handed)


def _packed(flat: Sequence[Any]) -> bytes:
    # The scripts' msgpack knows no type for bytes.
    packed: bytes = packb(flat, use_bin_type=False)
    return packed
