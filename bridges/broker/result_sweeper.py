"""The sweep: every publication that Redis holds is looked up among the results that are stored.

It finds results that nobody heard of, and adopts the publications of bridges that are gone. It
revokes the tasks of workflows that are being terminated, and those whose attempts were closed
before (see :mod:`.abandoned`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from redis.exceptions import ResponseError

from littleflow_redis.engine.model.records import PublicationRecord, Record
from littleflow_redis.engine.model.states import PublicationState, WorkflowState
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.operations.reconcile import republish_unpublished
from littleflow_redis.engine.store.keys import STATE
from littleflow_redis.events.streams import is_group_missing

from ..ends.result_tuples import read_substitute
from ..ends.task_result import TaskResult
from .abandoned import AbandonedPublications
from .bridge_context import BridgeContext
from .references import References
from .revoke import Revoker

#: Publications looked at in one go; between two, what was heard meanwhile is reported.
PAGE = 256

_TERMINATING = WorkflowState.TERMINATING.encode()


class ResultSweeper:
    """Looks at the publications of a bridge, and at the unwanted tasks for ``revoker``.

    The publications of another consumer are left to it unless it was silent for ``claim_idle``
    seconds. ``followed``: it looks at those alone that no message ends.
    """

    def __init__(self, bridge: BridgeContext, revoker: Revoker, *, followed: bool = False) -> None:
        self._engine = bridge.engine
        self._results = bridge.results
        self._publications = bridge.publications
        self._groups = bridge.groups
        self._consumer = bridge.consumer
        self._silence = bridge.settings.claim_idle
        self._revoker = revoker
        self._followed = followed
        self.closed = AbandonedPublications(
            bridge.engine, bridge.groups, self._task, bridge.settings.revoke_for
        )
        self.references = References(bridge.results, bridge.publications, self.closed)

    def pages(self) -> Iterator[list[TaskResult]]:
        """Look once at all; yield, page by page, the results of what has not ended yet.

        Raises RedisError and ResultsUnreachable.
        """
        known, seen, unwanted = self._publications.ids, set[str](), set[str]()
        for category, group in self._groups.items():
            for page in self._scan(category):
                if not page:
                    yield []
                    continue
                # Asked after the page was read: who made a publication in it was a consumer before.
                others = self._others(group)
                seen.update(page)
                self._adopt(page, others)
                self._republish_unpublished(page, others)
                due = [id for id in page if self._publications.end_to_report(id)]
                yield from self._results.pages(due)
                unwanted |= self._unwanted(page)
        gone = known - seen
        answered = self._publications.answered(gone)
        self._publications.forget(gone)
        self.closed.look()
        # Their ends came too late, but were reported.
        self.closed.settle(answered)
        yield from self._results.pages(list(self.closed.ids))
        # What the page that was yielded just now said has been reported meanwhile.
        unwanted = {id for id in unwanted if self._publications.end_to_report(id)}.union(
            self.closed.ids
        )
        self._revoker.turn(unwanted | self.references.behind(unwanted))

    def _scan(self, category: str) -> Iterator[dict[str, bytes]]:
        key, cursor = self._engine.keys.publications + category, 0
        while True:
            cursor, page = self._engine.redis.hscan(key, cursor, count=PAGE)
            packed = cast("Mapping[bytes, bytes]", page)
            yield {
                id.decode(): record
                for id, record in packed.items()
                if self._is_ours(Record(record))
            }
            if not cursor:
                return

    def _is_ours(self, record: Record) -> bool:
        # Workers that run tasks themselves look after what they hold.
        held = record[PublicationRecord.STATE] == PublicationState.HELD
        return not held and bool(record[PublicationRecord.FOLLOWS] or not self._followed)

    def _adopt(self, page: Mapping[str, bytes], others: set[str]) -> None:
        for id, packed in page.items():
            record = Record(packed)
            if id not in self._publications:
                task = None if record[PublicationRecord.OWNER] in others else self._task(record)
                if task is not None:
                    self._publications.add(id, task)
            # Whoever adopted it before it was published could not know.
            if id in self._publications and (
                returned := read_substitute(record[PublicationRecord.FOLLOWS] or "")
            ):
                self._publications.follow(id, returned)

    def _republish_unpublished(self, page: Mapping[str, bytes], others: set[str]) -> None:
        """Write the start-tasks of what was handed to a bridge and not published: it died before
        that, or never had the reply. Bridges before the first release were handed
        attempts so.
        """
        for packed in page.values():
            record = Record(packed)
            if record[PublicationRecord.STATE] != PublicationState.RECORDED:
                continue
            if record[PublicationRecord.EVENT]:
                continue
            if record[PublicationRecord.OWNER] not in others:
                where = (
                    record[PublicationRecord.WORKFLOW],
                    record[PublicationRecord.STEP],
                    record[PublicationRecord.TOKEN],
                )
                republish_unpublished(self._engine, *where, self._silence)

    def _unwanted(self, page: Mapping[str, bytes]) -> set[str]:
        """Those of workflows that are being terminated: what has not begun need not begin."""
        workflows = {id: Record(packed)[PublicationRecord.WORKFLOW] for id, packed in page.items()}
        ids = sorted(set(workflows.values()))
        states = self._engine.redis.mget([id + STATE for id in ids]) if ids else []
        ending = {id for id, state in zip(ids, states, strict=True) if state == _TERMINATING}
        return {id for id, workflow in workflows.items() if workflow in ending}

    def _task(self, record: Record) -> StartTask | None:
        """The task of a publication; None if its workflow was deleted just now."""
        workflow, index = (
            record[PublicationRecord.WORKFLOW],
            int(record[PublicationRecord.STEP].partition("@")[0]),
        )
        try:
            step = self._engine.flows.of(workflow).steps[index]
        except LookupError:
            return None
        return StartTask(
            event=record[PublicationRecord.EVENT],
            workflow=workflow,
            index=index,
            name=step.name,
            base=step.base,
            token=record[PublicationRecord.TOKEN],
            parameters=None,
            input=None,
            options={},
        )

    def _others(self, group: str) -> set[str]:
        """The other consumers that are at work: they report the ends of what they published."""
        try:
            consumers = self._engine.redis.xinfo_consumers(self._engine.keys.events, group)
        except ResponseError as error:
            if not is_group_missing(error) and "no such key" not in str(error):
                raise
            return set()  # Whoever reads the group makes it anew.
        silent = self._silence * 1000
        rows = cast("Sequence[Mapping[str, Any]]", consumers)
        return {row["name"].decode() for row in rows if row["idle"] < silent} - {self._consumer}
