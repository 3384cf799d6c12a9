"""Typed wrappers of the scripts: here alone stands in which order they take their arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import redis
from msgpack import packb
from redis.exceptions import ResponseError

from littleflow_redis.events.script_batch import TOGETHER, Argument, Call, run_batch

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
from .handing import Serving, handed_over
from .keys import Keys
from .maintenance import Maintenance
from .restored_state import RestoredState


class Transitions(Maintenance):
    """Builds the calls of the scripts and reads their replies. Holds no state of its own."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        super().__init__(client, keys)
        #: The newest form that this process knows.
        self.version = records.VERSION
        self.serving: Serving | None = None
        self._serving = b""

    def serve(self, serving: Serving) -> None:
        """Have attempts of these categories handed over: in reports of ends and of timers."""
        self.serving, self._serving = serving, serving.packed()

    def start(
        self,
        workflow: str,
        *,
        digest: str,
        flow_digest: str,
        nonce: str,
        name: str,
        input: str,
        flow: Sequence[Argument] = (),
    ) -> Report:
        """Start a workflow; ``flow`` holds fields and values, to be given if it is not stored."""
        args = (digest, flow_digest, nonce, name, input, self.version, "", *flow)
        return self.report(workflow, self._scripts.start.run(self.client, [workflow], args))

    def ends(self, ends: Sequence[tuple[EndTask, str]], group: str) -> list[Call]:
        """Apply ends, each with its output as JSON text, wherever that was handed over.

        Each is a transition of its own; some share a call. See :meth:`reports`.
        """
        return [
            self._ends(ends[start : start + TOGETHER], group)
            for start in range(0, len(ends), TOGETHER)
        ]

    def _ends(self, ends: Sequence[tuple[EndTask, str]], group: str) -> Call:
        args: list[Argument] = [group, "", self._serving]
        for end, output in ends:
            status = "SUCCESS" if end.success else "FAILURE"
            final = "final" if end.final else ""
            args += (end.event, end.index, end.token, status)
            classes = json_values.dump(end.classes) if end.classes else ""
            args += (output, end.reason, end.detail, final, classes)
        return Call(self._scripts.end, [end.workflow for end, _ in ends], args)

    def reports(self, calls: Sequence[Call], replies: Sequence[Any]) -> list[Report | Exception]:
        """Read the replies to calls made by :meth:`ends`: a report, or what it raised, per end."""
        found: list[Report | Exception] = []
        for call, reply in zip(calls, replies, strict=True):
            if isinstance(reply, Exception):
                found += [reply] * len(call.keys)
                continue
            for workflow, one in zip(call.keys, reply, strict=True):
                raised = isinstance(one, bytes)
                found.append(
                    ResponseError(one.decode("utf-8", "replace"))
                    if raised
                    else self.report(workflow, one)
                )
        return found

    def fire(self, ready: Timer, firing: Firing) -> Call:
        """Fire a ready step as was decided, or emit a retry that is due."""
        head = (str(ready), firing.action, firing.input, firing.reason, "", self._serving)
        args: list[Argument] = [*head, *firing.items]
        return Call(self._scripts.fire, [ready.workflow], args)

    def expire(self, timer: Timer, input: str = "", missing: str = "") -> Call:
        """Act on the due timer of an open attempt.

        If the reply says NEED_INPUT, call again with the step's ``input`` as JSON text, or with why
        it is ``missing``: then the step fails.
        """
        args = (str(timer), input, "", self._serving, missing)
        return Call(self._scripts.expire, [timer.workflow], args)

    def wait(self, task: StartTask, group: str, *, ms: int | None = None, until: int = 0) -> Call:
        """Take up a start-task as a wait of ``ms``, or until a time in ms since 1970."""
        args = (task.event, group, task.index, task.token, "" if ms is None else ms, until, "")
        return Call(self._scripts.wait, [task.workflow], args)

    def latch(self, task: StartTask, group: str, action: LatchAction, name: str) -> Call:
        """Take up a start-task that works on the latch ``name``; its output is its input."""
        args = (
            task.event, group, task.index, task.token, action, name, task.value.text(), "",
        )  # fmt: skip
        return Call(self._scripts.latch, [task.workflow], args)

    def signs(self, taken: Mapping[str, str], group: str) -> dict[str, Call]:
        """Calls that note signs of start; ``taken`` says of which start-task which receipt tells.

        They are those of the receipts whose start-task is open, by receipt, and acknowledge it.
        """
        found: Any = self.client.hmget(self.keys.open, list(taken)) if taken else []
        calls = {}
        for receipt, address in zip(taken.values(), found, strict=True):
            if address:
                workflow, field, token = address.decode().split("|")
                args = (field.partition("@")[0], token, receipt, group, "", "")
                calls[receipt] = Call(self._scripts.sign, [workflow], args)
        return calls

    def begun(self, task: StartTask, worker: str) -> Call:
        """Note a sign of start that came without a receipt; ``worker`` is for people."""
        args = (task.index, task.token, "", "", "", worker)
        return Call(self._scripts.sign, [task.workflow], args)

    def progress(self, task: StartTask, text: str, retries: int | str = "") -> Call:
        """Note for people how far an open attempt is.

        ``retries`` are those of its worker: ``+`` for one more than is known, a number for at least
        so many, empty for none.
        """
        args = (task.index, task.token, text, retries, "")
        return Call(self._scripts.progress, [task.workflow], args)

    def take(
        self,
        task: StartTask,
        owner: str,
        worker: str = "",
        flight: Publication | None = None,
        most: int = 0,
        *,
        queued: bool = False,
    ) -> Call:
        """Take an attempt before any work is done for it; ``owner`` is the group's name.

        ``most`` is how often it may be taken by those who do not end it, 0 for no limit. With
        ``queued`` it goes into a queue, and :meth:`begun` will tell when it is taken up there.
        """
        category, id = (flight.category, flight.task) if flight else ("", "")
        way = "queued" if queued else ""
        args = (task.index, task.token, owner, worker, category, id, "", most, way)
        return Call(self._scripts.take, [task.workflow], args)

    def admit(
        self, category: str, wanted: int, most: int, interval: int, at_once: int
    ) -> tuple[int, float]:
        """How many of ``wanted`` tasks may be published now, and seconds until asking again.

        ``most`` may be in flight, 0 for no limit; ``interval`` is in microseconds, 0 for no rate;
        a rate lets ``at_once`` go together.
        """
        args = (category, wanted, most, interval, at_once, "")
        count, wait = self._scripts.admit.run(self.client, [], args)
        return int(count), int(wait) / 1000

    def published(self, group: str, flights: Sequence[tuple[Publication, str]]) -> int:
        """Mark flights of one category as published and acknowledge their start-task events."""
        if not flights:
            return 0
        each = [text for flight, event in flights for text in (flight.task, event, flight.follows)]
        args = (group, flights[0][0].category, "", *each)
        return int(self._scripts.published.run(self.client, [self.keys.events], args))

    def terminate(self, workflow: str) -> Report:
        reply = self._scripts.terminate.run(self.client, [workflow], ("",))
        return self.report(workflow, reply)

    def restart(
        self, workflow: str, nonce: str, *, all: bool, plan: Mapping[str, Any] | None = None
    ) -> Report:
        """Restart; ``plan`` names the steps that begin anew, see ``rerun.plan``."""
        args = (nonce, "all" if all else "", "", packb(plan) if plan else "")
        return self.report(workflow, self._scripts.restart.run(self.client, [workflow], args))

    def archive(self, workflow: str, most: int) -> tuple[Outcome, Sequence[Any]]:
        """Everything that a workflow has, ``most`` bytes of it; see ``archives.document``."""
        reply = self._scripts.archive.run(self.client, [workflow], (most,))
        return Outcome(reply[0]), reply

    def restore(self, workflow: str, nonce: str, given: RestoredState) -> Report:
        """Store what an archive has, TERMINATED."""
        detail = f"restored from {given.origin}" if given.origin else "restored"
        args = (
            given.digest, given.flow_digest, nonce, given.flow.name or "", given.form,
            given.done, "", given.input, _packed(given.steps), _packed(given.items),
            _packed(given.outputs), _packed(given.types), _packed(given.trace), detail,
            *given.flow_fields,
        )  # fmt: skip
        return self.report(workflow, self._scripts.restore.run(self.client, [workflow], args))

    def delete(self, workflow: str) -> Report:
        reply = self._scripts.delete.run(self.client, [workflow], ("", 0))
        return self.report(workflow, reply)

    def retire(self, workflow: str, state: WorkflowState, seconds: float) -> Call:
        """Delete a workflow if it is in this state and ended so many seconds ago, or earlier."""
        return Call(self._scripts.delete, [workflow], (state, round(seconds * 1000)))

    def run(self, calls: Sequence[Call]) -> list[Report | Exception]:
        """Send the calls in one round trip; a call that raised has its exception as result."""
        return [
            reply if isinstance(reply, Exception) else self.report(str(call.keys[0]), reply)
            for call, reply in zip(calls, run_batch(self.client, calls), strict=True)
        ]

    def report(self, workflow: str, reply: Sequence[Any]) -> Report:
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
