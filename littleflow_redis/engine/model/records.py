"""The packed records that Python and Lua share: msgpack arrays whose fields are named here once.

The scripts write the same names, so neither side can drift from the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum, IntFlag
from typing import Any

import msgpack

from .states import StepState

#: Form of stored data and of the scripts; a process leaves data of a newer form alone.
#: In form 2 a join is a list with a value per predecessor, null is a value, and Celery's types
#: travel beside the outputs. Runs of form 1 keep its rules to their end.
VERSION = 2


class KindCode(IntEnum):
    """The effect of firing a step, by kind."""

    START = 0
    END = 1
    TASK = 2
    LITERAL = 3
    SUBFLOW_START = 4
    SUBFLOW_END = 5
    LOAD = 6
    STORE = 7


class Flag(IntFlag):
    """``READY``: Python computes the input (merge, guard, iteration) before the step can run.

    ``ITERATE``: it runs once per item; of a subflow both its start and its end have the flag.
    """

    READY = 1
    ITERATE = 2


class Static(IntEnum):
    """A step of a flow. ``SOURCE`` is the only predecessor, else -1; ``BACK`` the predecessors that
    lead back from within. ``DEPTH``: how many iterations enclose it, its own not counted.
    ``CONCURRENCY``: how many attempts or items may be open. Name to value are JSON text. ``RETRY``
    is a policy or empty, ``TIMEOUT`` and ``QUEUE_TIMEOUT`` are in ms, 0 for none. ``CONTINUE`` is 1
    if a failure is an output, ``LOOPED`` if the flow has loops. ``BEGINS`` is 1 if the step stands
    at its start (see ``Flow.at_start``). ``ON_LOST``: see :class:`OnLost`.
    """

    KIND = 1
    THRESHOLD = 2
    FLAGS = 3
    PARTNER = 4
    SUCCESSORS = 5
    SOURCE = 6
    NAME = 7
    BASE = 8
    PARAMETERS = 9
    OPTIONS = 10
    VALUE = 11
    BACK = 12
    DEPTH = 13
    CONCURRENCY = 14
    RETRY = 15
    TIMEOUT = 16
    QUEUE_TIMEOUT = 17
    CONTINUE = 18
    LOOPED = 19
    BEGINS = 20
    ON_LOST = 21


class OnLost(IntEnum):
    """Whether an attempt that may have run is run again when its process is lost."""

    UNSET = 0
    RETRY = 1
    FAIL = 2


class Retry(IntEnum):
    """A retry policy: number, delay in ms, its factor, its limit in ms, its random part.

    ``ON`` holds the exception types that are retried (empty: all), ``EXCEPT`` those that are not.
    """

    LIMIT = 1
    DELAY = 2
    BACKOFF = 3
    MAX_DELAY = 4
    JITTER = 5
    ON = 6
    EXCEPT = 7


class Default(IntEnum):
    """The options of a category: times in ms, 0 for none, a retry policy or empty, an OnLost."""

    TIMEOUT = 1
    QUEUE_TIMEOUT = 2
    RETRY = 3
    ON_LOST = 4


class Begun(IntEnum):
    """Queue statistics of one base: its attempts with a `$queue-timeout`; times in ms.

    ``FRONTIER``: the latest time at which a started attempt was queued. ``LAST``: when one last
    started. ``PROBED``: when one was emitted again because none started, ``PROBES`` how often.
    """

    FRONTIER = 1
    LAST = 2
    PROBED = 3
    PROBES = 4


class Dynamic(IntEnum):
    """A step of a workflow under one scope. Times in ms since 1970 by Redis' clock, 0 for none.

    ``OPEN`` holds its open attempts, oldest first. Of an iteration, ``ITEMS`` counts the items,
    ``NEXT`` those that were started, ``DONE`` those that have ended. ``RETRIES`` and ``REQUEUES``
    are those of the latest activation; ``ROUND`` is 1 if that was a round (`→ :start`). ``OWED``
    holds failed and cancelled activations, each with the kind of timer by which a restart begins
    it again. In a loop the state alone does not show them: others may have ended since.
    """

    STATE = 1
    ACTIVATIONS = 2
    ATTEMPTS = 3
    QUEUED = 4
    STARTED = 5
    ENDED = 6
    REASON = 7
    OPEN = 8
    ITEMS = 9
    NEXT = 10
    DONE = 11
    RETRIES = 12
    REQUEUES = 13
    ROUND = 14
    OWED = 15


#: The record of a step that nothing has reached yet.
UNTOUCHED: Sequence[Any] = (StepState.IDLE.value, 0, 0, 0, 0, 0, "", [], 0, 0, 0, 0, 0, 0, [])


#: Upper bounds of the buckets in which durations are counted, in ms: from the cost of a stream to a
#: day. Longer ones fall into one more. Changing them loses the counts.
BUCKETS = (10, 50, 100, 500, 1000, 5000, 10_000, 60_000, 300_000, 1_800_000, 3_600_000, 86_400_000)


class AttemptRecord(IntEnum):
    """An open attempt.

    ``EVENT`` is the id of its start-task, ``FLIGHT`` a bridge's category, ``TIMERS`` the timers
    that end with it, ``TAKES`` how often a worker claimed it. ``WAIT`` is there while the engine
    waits for something. ``NOTE`` is the progress that its worker reported: retries, and a text.
    ``ONCE`` is there if it must not run twice: the process that claimed it, empty before.
    """

    TOKEN = 1
    ACTIVATION = 2
    NUMBER = 3
    EVENT = 4
    QUEUED = 5
    OWNER = 6
    TAKEN = 7
    FLIGHT = 8
    TASK = 9
    TIMERS = 10
    TAKES = 11
    WAIT = 12
    NOTE = 13
    ONCE = 14


class Wait(IntEnum):
    """The wait of an attempt: until ``DUE`` (ms, 0: for ever), for an event or a latch.

    ``KIND`` and ``LATCH`` are both empty if it waits only for the time. ``MATCH`` shows people the
    fields that the event must match; ``SHAPE`` is JSON text, ``RECEIPT`` is '1' or empty.
    """

    DUE = 1
    KIND = 2
    MATCH = 3
    DIGEST = 4
    SHAPE = 5
    RECEIPT = 6
    LATCH = 7


class MailboxEntry(IntEnum):
    """An event in the mailbox: ``MEANT`` is the workflow it is for, empty for all."""

    KIND = 1
    MEANT = 2
    DIGESTS = 3


class PublicationRecord(IntEnum):
    """A publication by a bridge, one about to be made, or a task that a worker runs itself.

    ``STEP`` is the step's field. ``FOLLOWS``, a text of the bridge's, is there if results end it:
    those of the tasks that it names, or its own.
    """

    WORKFLOW = 1
    STEP = 2
    TOKEN = 3
    EVENT = 4
    OWNER = 5
    STATE = 6
    SINCE = 7
    FOLLOWS = 8


class Change(IntEnum):
    """An entry of the trace: when (ms), what, which step, activation, attempt, and JSON detail."""

    AT = 1
    WHAT = 2
    STEP = 3
    ACTIVATION = 4
    ATTEMPT = 5
    DETAIL = 6


#: The records, whose fields the scripts name alike.
RECORDS: tuple[type[IntEnum] | type[IntFlag], ...] = (
    KindCode,
    Flag,
    Static,
    OnLost,
    Retry,
    Default,
    Begun,
    Dynamic,
    AttemptRecord,
    Wait,
    MailboxEntry,
    PublicationRecord,
    Change,
)


class Record:
    """Reads a packed record by field name. Fields that an older form lacks read as None."""

    __slots__ = ("_values",)

    def __init__(self, packed: bytes) -> None:
        self._values: Sequence[Any] = msgpack.unpackb(packed, strict_map_key=False)

    @classmethod
    def of(cls, values: Sequence[Any]) -> Record:
        """A record of values that are unpacked already."""
        made = cls.__new__(cls)
        made._values = values
        return made

    def __getitem__(self, field: IntEnum) -> Any:
        return self._values[field - 1] if field <= len(self._values) else None
