"""Keeping the stream: what is due, dead, missing, receipted, or needed no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import redis

from littleflow_redis.events.group import GroupReader
from littleflow_redis.events.script_batch import Call, Command

from ..model.script_results import HeldAttempt, Receipt, Swept
from ..model.states import Outcome
from ..model.task_events import StartTask
from . import contracts
from .arguments import Arguments
from .keys import Keys
from .script_loader import scripts_for

#: Milliseconds until a timer that this process cannot fire is looked at again.
POSTPONEMENT = 5000


class Maintenance:
    """The scripts that look after the stream and the timers, rather than after one workflow."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self.client = client
        self.keys = keys
        self._scripts = scripts_for(keys)

    def move_to_dead_letters(self, event: str, group: str, reason: str) -> str | None:
        """Move an event to the dead letters and return its id there, None if it is gone."""
        args = contracts.MoveToDeadLetters(event=event, group=group, reason=reason)
        id = self._run(args)
        return id.decode() if id else None

    def fail_permanently(
        self, task: StartTask, group: str, reason: str, end: Mapping[str, str]
    ) -> bool:
        """Make a dead letter of a start-task and end its attempt with these encoded fields.

        False if its event was acknowledged before: then nothing is done.
        """
        fields = [text for pair in end.items() for text in pair]
        args = contracts.FailPermanently(
            event=task.event, group=group, reason=reason, end_task=fields
        )
        return bool(self._run(args))

    def retry_dead_letter(self, id: str) -> tuple[Outcome, str]:
        """Send a dead letter's event again: what came of it, and the id that the event has."""
        code, event = self._run(contracts.RetryDeadLetter(id=id))
        return Outcome(code), event.decode()

    def reissue_start_task(
        self,
        workflow: str,
        field: str,
        token: str,
        event: str,
        input: str,
        lost: str,
        takers: bytes,
        missing: str = "",
    ) -> Outcome:
        """Write the start-task of an open attempt again if the attempt is still lost in this way.

        The step of one that must not run twice and may have begun fails instead: MAY_HAVE_RUN.
        ``takers``: the groups that claim each category, see ``lib/lost_attempt.lua``. Without an
        ``input``, JSON text, its step fails; ``missing`` is the reason.
        """
        args = contracts.ReissueStartTask(
            field=field,
            token=token,
            event=event,
            given=input,
            lost=lost,
            takers=takers,
            missing=missing,
        )
        return Outcome(self._scripts.run(self.client, args, workflow)[0])

    def republish_unpublished(
        self, workflow: str, field: str, token: str, input: str, after: float, missing: str = ""
    ) -> Outcome:
        """Write the start-task of an attempt that was handed over ``after`` seconds ago at least,
        and not published since. Without an ``input`` as in :meth:`reissue_start_task`.
        """
        args = contracts.RepublishUnpublished(
            field=field, token=token, input=input, after=round(after * 1000), missing=missing
        )
        return Outcome(self._scripts.run(self.client, args, workflow)[0])

    def release_attempt(
        self,
        held: HeldAttempt,
        input: str,
        missing: str = "",
        *,
        fenced: bool = False,
        died: bool = False,
    ) -> Outcome:
        """Write the start-task of an attempt anew that a process holds and will not run.

        With ``fenced`` only if its heartbeat has stopped; ``died`` as in `HeldAttempts.release`.
        Without an ``input`` as in :meth:`reissue_start_task`.
        """
        args = contracts.ReleaseAttempt(
            field=held.field,
            token=held.token,
            task=held.task,
            holder=held.holder,
            fenced=fenced,
            died=died,
            input=input,
            missing=missing,
        )
        return Outcome(self._scripts.run(self.client, args, held.workflow)[0])

    def due_timers(self, count: int) -> Call:
        """Ask for the timers that are due, ``count`` at most; see :meth:`read_due_timers`."""
        return self._scripts.call(contracts.DueTimers(count=count), self.keys.timers)

    def acknowledge(self, group: str, events: Sequence[str]) -> Command:
        """Acknowledge events that need nothing else."""
        return Command(("XACK", self.keys.events, group, *events))

    @staticmethod
    def read_due_timers(reply: Sequence[Any]) -> tuple[float | None, Sequence[bytes]]:
        """Read a reply to :meth:`due_timers`: seconds until the next one, if any, and those due."""
        return (None if reply[0] < 0 else reply[0] / 1000), reply[1:]

    def postpone_timers(self, members: Sequence[bytes]) -> None:
        """Postpone timers that this process cannot fire."""
        if not members:
            return
        now: Any = self.client.time()
        due = now[0] * 1000 + POSTPONEMENT
        self.client.zadd(self.keys.timers, dict.fromkeys(members, due), xx=True, gt=True)

    def find_lost_attempts(
        self, attempts: Mapping[bytes, bytes], takers: bytes
    ) -> list[tuple[bytes, str]]:
        """Those open attempts (event to address) that nobody works on, each with how it is lost:
        ``missing`` or ``dropped``; ``takers``: see ``lua/lib/lost_attempt.lua``.
        """
        if not attempts:
            return []
        addresses = [text for pair in attempts.items() for text in pair]
        found = self._run(contracts.FindLostAttempts(takers=takers, addresses=addresses))
        pairs = zip(attempts, found, strict=True)
        return [(event, how.decode()) for event, how in pairs if how]

    def read_receipts(self, group: str, consumer: str, count: int) -> tuple[int, list[Receipt]]:
        """Take up new receipts: how many entries were read, and the receipts among them."""
        reply = self._run(contracts.ReadReceipts(group=group, consumer=consumer, count=count))
        found = [
            Receipt(_fields(reply[i]), _fields(reply[i + 1]) if reply[i + 1] else None)
            for i in range(1, len(reply), 2)
        ]
        return int(reply[0]), found

    def sweep_stream(self, position: str, count: int, *, grace: float, retention: float) -> Swept:
        """Delete what nobody needs among ``count`` entries from ``position`` on; times in s."""
        args = contracts.SweepStream(
            position=position,
            count=count,
            grace=round(grace * 1000),
            retention=round(retention * 1000),
        )
        more, last, seen, deleted = self._run(args)
        position = f"({last.decode()}" if last else position
        return Swept(bool(more), position, int(seen), int(deleted))

    def prune_pending(self, group: str, position: str, count: int) -> tuple[str, int]:
        """Acknowledge pending ids without an entry; return where to go on, and how many."""
        reply = self._run(contracts.PrunePending(group=group, position=position, count=count))
        return reply[0].decode(), int(reply[1])

    def _run(self, args: Arguments) -> Any:
        """Run a script whose key is the stream."""
        return self._scripts.run(self.client, args, self.keys.events)

    def groups(self) -> list[str]:
        """The consumer groups of the stream."""
        return [group["name"].decode() for group in self.client.xinfo_groups(self.keys.events)]

    def ensure_group(self, group: str) -> None:
        """Make the stream and the group where they are missing, at id 0."""
        GroupReader(self.client, self.keys.events, group).ensure()


def _fields(flat: Sequence[bytes]) -> Mapping[bytes, bytes]:
    return dict(zip(flat[::2], flat[1::2], strict=True))
