"""States of workflows and steps, and what a transition may come to: the words of every surface."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class WorkflowState(StrEnum):
    """State of a workflow. The last three are terminal: only a restart leaves them."""

    RUNNING = "RUNNING"
    TERMINATING = "TERMINATING"
    TERMINATED = "TERMINATED"
    FAILED = "FAILED"
    FINISHED = "FINISHED"

    @property
    def ended(self) -> bool:
        return self not in (WorkflowState.RUNNING, WorkflowState.TERMINATING)


class PublicationState(StrEnum):
    """The state of a publication: ``HELD`` by a worker that runs the task itself.

    A bridge has ``RECORDED`` that it is about to publish, then that it has ``PUBLISHED``. The
    attempt of a ``CLOSED`` one was closed before its task ended.
    """

    RECORDED = "recorded"
    PUBLISHED = "published"
    HELD = "held"
    CLOSED = "closed"


class StepState(StrEnum):
    """State of a step: that of its latest activation."""

    IDLE = "idle"
    READY = "ready"
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    RETRYING = "retrying"
    SKIPPED = "skipped"
    ENDED = "ended"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def done(self) -> bool:
        """Whether it needs no more work: ended or skipped. It is what counts as progress."""
        return self in DONE_STATES

    @property
    def over(self) -> bool:
        """Whether nothing changes it but a restart: done, failed or cancelled."""
        return self.done or self in (StepState.FAILED, StepState.CANCELLED)


#: The only place that says which states of a step count as done.
DONE_STATES = (StepState.ENDED, StepState.SKIPPED)


class Outcome(IntEnum):
    """The outcome of a script. The numbers are its return codes; ``sentence`` is for people."""

    APPLIED = 0
    EXISTS = 1
    CONFLICT = 2
    NEED_FLOW = 3
    UNKNOWN_WORKFLOW = 4
    BAD_INDEX = 5
    LATE = 6
    DUPLICATE = 7
    NOT_READY = 8
    HELD = 9
    NEWER = 10
    IN_PROGRESS = 11
    GONE = 12
    TAKEN_BY_OTHER = 13
    RECORDED = 14
    PUBLISHED = 15
    UNCHANGED = 16
    STOPPING = 17
    WORN_OUT = 18
    MATCHED = 19
    AGAIN = 20
    NEED_INPUT = 21
    TOO_MANY = 22
    TOO_LARGE = 23
    LOST_WORKFLOW = 24
    MAY_HAVE_RUN = 25

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES = {
    Outcome.APPLIED: "applied",
    Outcome.EXISTS: "the workflow was started before with the same text and input",
    Outcome.CONFLICT: "a workflow with this id was started with another text or input",
    Outcome.NEED_FLOW: "the flow is not stored yet",
    Outcome.UNKNOWN_WORKFLOW: "there is no such workflow",
    Outcome.BAD_INDEX: "the flow has no task with this index",
    Outcome.LATE: "the attempt was closed before",
    Outcome.DUPLICATE: "the event was applied before",
    Outcome.NOT_READY: "somebody else fired the step",
    Outcome.HELD: "the workflow does not run: the step is held for a restart",
    Outcome.NEWER: "the workflow was written by a newer version: upgrade this process",
    Outcome.IN_PROGRESS: "the workflow is in progress: terminate it first",
    Outcome.GONE: "the attempt is closed or its workflow does not run",
    Outcome.TAKEN_BY_OTHER: "another group has taken the attempt",
    Outcome.RECORDED: "taken before, but not known to be published",
    Outcome.PUBLISHED: "taken and published before",
    Outcome.UNCHANGED: "nothing to change",
    Outcome.STOPPING: "what runs may still end",
    Outcome.WORN_OUT: "it was taken too often by workers that died",
    Outcome.MATCHED: "an event and who waits for it were found",
    Outcome.AGAIN: "other fields are compared than was known",
    Outcome.NEED_INPUT: "the start-task is gone: its input has to be computed",
    Outcome.TOO_MANY: "too many different sets of fields are compared",
    Outcome.TOO_LARGE: "the workflow is too large for one archive",
    Outcome.LOST_WORKFLOW: "there is no such workflow, and none of this id was deleted lately: "
    "Redis has lost its data, or the end was meant for another Redis",
    Outcome.MAY_HAVE_RUN: "it may have run, and $on-lost: fail forbids another run",
}
