"""The arguments of every script, by name, compared with what the files declare at import."""

from __future__ import annotations

from collections.abc import Sequence

from littleflow_redis.events.script_batch import Argument

from .arguments import Arguments
from .declarations import script_names
from .held_contracts import HoldLease as HoldLease
from .held_contracts import HoldPublished as HoldPublished
from .held_contracts import ReleaseAttempt as ReleaseAttempt

#: By msgpack.
Packed = bytes
#: Values of changing number, such as fields and values in turn.
Rest = Sequence[Argument]


class AdmitPublications(Arguments):
    category: str
    wanted: int
    most: int
    interval: int
    burst: int


class ApplyEnds(Arguments):
    group: str
    serving: Packed
    event: str
    index: int
    token: str
    status: str
    output: str
    reason: str
    detail: str
    final: bool
    classes: str


class Archive(Arguments):
    most: int


class ClaimAttempt(Arguments):
    index: int
    token: str
    group: str
    worker: str
    category: str
    task: str
    most: int
    queued: bool
    event: str


class Delete(Arguments):
    state: str | None = None
    age: int | None = None


class DueTimers(Arguments):
    count: int


class ExpireTimer(Arguments):
    member: str
    given: str
    missing: str


class FailPermanently(Arguments):
    event: str
    group: str
    reason: str
    end_task: Rest


class FindLostAttempts(Arguments):
    takers: Packed
    addresses: Rest


class FireReady(Arguments):
    member: str
    action: str
    input: str
    reason: str
    items: Rest


class IndexMailbox(Arguments):
    digests: Rest


class WaitLatch(Arguments):
    event: str
    group: str
    index: int
    token: str
    action: str
    name: str
    input: str


class ListWorkflows(Arguments):
    order: str
    earliest: str
    latest: str
    after: str
    after_id: str
    most: int
    named: bool


class MarkPublished(Arguments):
    group: str
    category: str
    publications: Rest


class MarkStarted(Arguments):
    index: int
    token: str
    receipt: str | None = None
    group: str | None = None
    worker: str | None = None


class MoveToDeadLetters(Arguments):
    event: str
    group: str
    reason: str


class NoteProgress(Arguments):
    index: int
    token: str
    text: str
    retried: int | str


class PrunePending(Arguments):
    group: str
    position: str
    count: int


class ReadGroups(Arguments):
    most: int
    looked_at: int


class ReadReceipts(Arguments):
    group: str
    consumer: str
    count: int


class ReceiptMailbox(Arguments):
    receipts: Rest


class ReissueStartTask(Arguments):
    field: str
    token: str
    event: str
    given: str
    lost: str
    takers: Packed
    missing: str


class RepublishUnpublished(Arguments):
    field: str
    token: str
    input: str
    after: int
    missing: str


class Restart(Arguments):
    nonce: str
    all: bool
    plan: Packed | None


class Restore(Arguments):
    digest: str
    flow_digest: str
    nonce: str
    name: str
    form: int
    done: int
    input: str
    steps: Packed
    items: Packed
    outputs: Packed
    types: Packed
    trace: Packed
    detail: str
    flow: Packed


class RetryDeadLetter(Arguments):
    id: str


class Start(Arguments):
    flow_digest: str
    name: str
    form: int
    flow: Packed
    digest: str
    nonce: str
    input: str


class SweepStream(Arguments):
    position: str
    count: int
    grace: int
    retention: int


class Terminate(Arguments): ...


class IndexEnded(Arguments): ...


class WaitDelay(Arguments):
    event: str
    group: str
    index: int
    token: str
    ms: int | None
    at: int


class WaitEventDeliver(Arguments):
    id: str
    group: str
    start: str
    field: str
    token: str
    receipt: bool
    output: str
    missing: str


class WaitEventReceive(Arguments):
    id: str
    group: str
    kind: str
    meant: str
    fields: str
    finish: bool
    digests: Rest


class WaitEventRegister(Arguments):
    start: str
    group: str
    index: int
    token: str
    kind: str
    shape: str
    digest: str
    receipt: bool
    ms: int | None
    shown: str
    indexed: str


if lacking := {*script_names()} - {kind.script for kind in Arguments.__subclasses__()}:
    raise TypeError(f"lua/{lacking.pop()}.lua has no class here")
