"""One call of a Celery task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

#: Message header that tells a task, Flower or a log which attempt of which workflow it is:
#: ``self.request.littleflow`` is an object with workflow, index and token.
HEADER = "littleflow"


@dataclass(frozen=True, slots=True)
class TaskCall:
    """A task to be sent: ``task`` is a registered name, ``id`` its Celery id."""

    id: str
    task: str
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    #: workflow, index and token.
    header: Mapping[str, Any] = field(default_factory=dict)
    #: What ``apply_async`` takes: queue, priority, expires (seconds), serializer, headers.
    options: Mapping[str, Any] = field(default_factory=dict)
