"""Tasks that return other tasks: ``return other.delay()``, or a chain, a group, a chord.

Celery stores the ids of what was returned, and the task has succeeded. The step has not: it ends as
these end, with their output. Until then nothing is reported of it, and they are looked up again and
again. The stored ids are the memory, so any bridge can go on with it. When its attempt is closed
before, they are revoked as the task itself would be.

Tasks that ``apply_async`` returned instead of sending one are followed in the same way. The
publication names them, and they are not revoked: they are somebody else's.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, replace

from celery import states

from littleflow_redis.engine.model.json_values import BadValue
from littleflow_redis.engine.model.typed_values import listed, output_text, read
from littleflow_redis.events.shutdown import Pace

from ..ends.result_tuples import ReturnedIds
from ..ends.task_error import unusable_error
from ..ends.task_result import TaskResult
from .publications import Publications
from .results import Results, ResultsUnreachable

#: Seconds between two looks at what was returned: nobody reports it.
LOOK_EVERY = 1.0

#: Tasks that return tasks that return tasks: more is a circle.
MOST_LEVELS = 20

#: The state that people are shown meanwhile.
WAITS = "RETURNED"


class References:
    """Resolves references among results; one thread works with it.

    Those of other bridges are left alone: ours are ``publications``, and attempts that
    were ``closed``.
    """

    def __init__(
        self, results: Results, publications: Publications, closed: Container[str]
    ) -> None:
        self._results = results
        self._publications = publications
        self._closed = closed
        self._pace = Pace(LOOK_EVERY)
        self._open: dict[str, TaskResult] = {}

    def resolve(self, results: Sequence[TaskResult]) -> list[TaskResult]:
        """The same results; those that refer to others with the ends of these.

        One whose others have not ended has not ended either.
        """
        return [self._resolved(result) if result.returned else result for result in results]

    def again(self) -> list[TaskResult]:
        """The results to report, of those left open and of publications that follow others."""
        followed = self._publications.followed
        if not (self._open or followed) or not self._pace.due():
            return []
        waiting = {id: TaskResult(id, states.SUCCESS, returned=one) for id, one in followed.items()}
        waiting |= self._open
        self._open.clear()
        return [one for one in self.resolve(list(waiting.values())) if one.returned is None]

    def behind(self, ids: Collection[str]) -> set[str]:
        """The tasks that these started, and for whose ends they wait."""
        waiting = (self._open[id].returned for id in self._open.keys() & ids)
        return set().union(*(one.ids for one in waiting if one and not one.substitute))

    def _resolved(self, result: TaskResult) -> TaskResult:
        ours = self._publications.end_to_report(result.id) or result.id in self._closed
        if result.returned is None or not ours:
            return result
        try:
            end = _End(self._results).of(result.returned, MOST_LEVELS)
        except ResultsUnreachable:
            end = None
        except BadValue as error:
            end = TaskResult("", states.FAILURE, error=unusable_error(str(error)))
        match end:
            case None:
                self._open[result.id] = result
                return TaskResult(result.id, WAITS, meta=f"waits for {result.returned}")
            case TaskResult():
                return replace(end, id=result.id)
            case output:
                return replace(result, output=output, returned=None)


@dataclass(frozen=True, slots=True)
class _End:
    """Looks up how returned tasks ended: JSON text, one that failed, or None if they have not."""

    results: Results

    def of(self, returned: ReturnedIds, levels: int) -> str | TaskResult | None:
        """Raises ResultsUnreachable, and BadValue if the output cannot be one."""
        if not levels:
            raise BadValue(f"it returned tasks that return tasks, {MOST_LEVELS} times")
        found = {result.id: result for result in self.results.fetch(sorted(returned.ids))}
        for result in found.values():
            if result.error is not None and result.ended:
                message = f"{result.error.message} (in {result.id}, {returned.origin})".strip()
                return replace(result, error=replace(result.error, message=message))
        return self._output(returned, found, levels)

    def _output(
        self, returned: ReturnedIds, found: Mapping[str, TaskResult], levels: int
    ) -> str | TaskResult | None:
        if returned.members is None:
            return self._single(found.get(returned.id), levels)
        outputs: list[str] = []
        for member in returned.members:
            match self._output(member, found, levels):
                case str(text):
                    outputs.append(text)
                case other:
                    return other
        return output_text(listed([read(text) for text in outputs]))

    def _single(self, result: TaskResult | None, levels: int) -> str | TaskResult | None:
        if result is None or not result.ended:
            return None
        if result.returned:
            return self.of(result.returned, levels - 1)
        return result.output
