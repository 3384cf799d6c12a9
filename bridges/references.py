"""Tasks that return other tasks: ``return other.delay()``, or a chain, a group, a chord.

Celery stores the ids of what was returned, and the task has succeeded. The step has not: it ends as
these end, with their output. Until then nothing is told of it, and they are looked up again and
again; the stored ids are the memory, so any bridge can go on with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from celery import states

from littleflow_redis.bridges.flights import Flights
from littleflow_redis.bridges.records import UNREADABLE, Result, TaskError
from littleflow_redis.bridges.results import Results, ResultsUnreachable
from littleflow_redis.bridges.returned import Returned
from littleflow_redis.engine.values import BadValue, output_text
from littleflow_redis.events.process import Pace

#: Seconds between two looks at what was returned: nobody tells of it.
LOOK_EVERY = 1.0

#: Tasks that return tasks that return tasks: more is a circle.
MOST_LEVELS = 20

#: The state that people are shown meanwhile.
WAITS = "RETURNED"


class References:
    """Resolves references among results; one thread works with it."""

    def __init__(self, results: Results, flights: Flights) -> None:
        self._results = results
        self._flights = flights
        self._pace = Pace(LOOK_EVERY)
        self._open: dict[str, Result] = {}

    def resolve(self, results: Sequence[Result]) -> list[Result]:
        """The same results; those that refer to others with the ends of these.

        One whose others have not ended has not ended either.
        """
        return [self._resolved(result) if result.returned else result for result in results]

    def again(self) -> list[Result]:
        """What has ended since of those that were left open."""
        if not self._open or not self._pace.due():
            return []
        waiting = [result for id, result in self._open.items() if self._flights.to_tell(id)]
        self._open.clear()
        return [result for result in self.resolve(waiting) if result.ended]

    def _resolved(self, result: Result) -> Result:
        if result.returned is None or not self._flights.to_tell(result.id):
            return result
        try:
            end = _End(self._results).of(result.returned, MOST_LEVELS)
        except ResultsUnreachable:
            end = None
        except BadValue as error:
            end = TaskError(UNREADABLE, str(error))
        match end:
            case None:
                self._open[result.id] = result
                return Result(result.id, WAITS, meta=f"waits for {result.returned}")
            case TaskError():
                return Result(result.id, states.FAILURE, error=end)
            case output:
                return replace(result, output=output, returned=None)


@dataclass(frozen=True, slots=True)
class _End:
    """Looks up how returned tasks ended: JSON text, an error, or None if they have not."""

    results: Results

    def of(self, returned: Returned, levels: int) -> str | TaskError | None:
        """Raises ResultsUnreachable, and BadValue if the output cannot be one."""
        if not levels:
            raise BadValue(f"it returned tasks that return tasks, {MOST_LEVELS} times")
        found = {result.id: result for result in self.results.fetch(sorted(returned.ids))}
        for result in found.values():
            if result.error is not None and result.ended:
                error = result.error
                message = f"{error.message} (in {result.id}, which it returned)".strip()
                return replace(error, message=message)
        return self._output(returned, found, levels)

    def _output(
        self, returned: Returned, found: Mapping[str, Result], levels: int
    ) -> str | TaskError | None:
        if returned.members is None:
            return self._single(found.get(returned.id), levels)
        outputs: list[str] = []
        for member in returned.members:
            match self._output(member, found, levels):
                case str(text):
                    outputs.append(text)
                case other:
                    return other
        return output_text(f"[{','.join(outputs)}]")

    def _single(self, result: Result | None, levels: int) -> str | TaskError | None:
        if result is None or not result.ended:
            return None
        if result.returned:
            return self.of(result.returned, levels - 1)
        return result.output
