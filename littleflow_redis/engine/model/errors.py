"""The exceptions of the engine.

LittleflowError
├── InvalidId           an id or namespace that can be none
├── UnknownWorkflow     no workflow has this id
├── UnknownStep         the workflow has no such step
├── NoSource            its flow was not made of a text
├── IdConflict          the id belongs to a workflow of another text or input
├── InProgress          not while the workflow runs
├── NotRestartable      only FAILED and TERMINATED workflows restart
├── BadQuery            a filter, order or cursor that cannot be
├── BadArchive          an archive that cannot be read or made
├── EventTooLarge       an event that no wait could take
├── UnsupportedFlow     the flow needs what this version cannot run
├── UnknownDeadLetter   no dead letter has this id
├── CannotRetry         the dead letter's event cannot be sent again
├── NewerVersion        written by a newer version of this package
├── WorkflowFailed      `wait`: it ended as FAILED
└── WorkflowTerminated  `wait`: it ended as TERMINATED
"""

from __future__ import annotations


class LittleflowError(Exception):
    """Something went wrong in the workflow engine."""


class InvalidId(LittleflowError, ValueError):
    """This cannot be a workflow id."""


class UnknownWorkflow(LittleflowError, LookupError):
    """There is no such workflow."""

    def __init__(self, workflow: str) -> None:
        super().__init__(f"there is no workflow {workflow!r}: `list` shows those there are")
        self.workflow = workflow


class UnknownStep(LittleflowError, LookupError):
    """The workflow has no such step."""


class NoSource(LittleflowError, LookupError):
    """The text of the flow is not known."""

    def __init__(self, workflow: str) -> None:
        super().__init__(f"{workflow} was not started from a text, or restored without it")


class IdConflict(LittleflowError, ValueError):
    """A workflow with this id was started with another text or input."""


class InProgress(LittleflowError):
    """The workflow is in progress."""


class NotRestartable(LittleflowError):
    """The workflow neither failed nor was terminated."""


class BadQuery(LittleflowError, ValueError):
    """Nothing can be looked for in this way."""


class BadArchive(LittleflowError, ValueError):
    """This is no archive of a workflow that can be restored."""


class EventTooLarge(LittleflowError, ValueError):
    """The event has more bytes than a workflow may be handed."""

    def __init__(self, size: int, most: int) -> None:
        super().__init__(
            f"the event has {size:,} bytes, more than {most:,}: store its data elsewhere and send "
            "the address"
        )


class UnsupportedFlow(LittleflowError, ValueError):
    """The flow needs something that this version cannot run."""


class UnknownDeadLetter(LittleflowError, LookupError):
    """There is no such dead letter."""

    def __init__(self, id: str) -> None:
        super().__init__(f"there is no dead letter {id[:80]!r}: `dead list` shows those there are")


class CannotRetry(LittleflowError):
    """The event of this dead letter cannot be sent again."""


class NewerVersion(LittleflowError):
    """The workflow was written by a newer version of littleflow_redis: upgrade this process."""


class WorkflowFailed(LittleflowError):
    """The workflow ended as FAILED; ``reasons`` says why, a sentence each."""

    def __init__(self, workflow: str, reasons: tuple[str, ...]) -> None:
        super().__init__(f"{workflow} failed: {'; '.join(reasons) or 'no reason was given'}")
        self.workflow = workflow
        self.reasons = reasons


class WorkflowTerminated(LittleflowError):
    """The workflow was terminated before it finished."""

    def __init__(self, workflow: str) -> None:
        super().__init__(f"{workflow} was terminated before it finished")
        self.workflow = workflow
