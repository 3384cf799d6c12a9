"""A flow in this process: the engine's transitions on plain dictionaries, one task after another.

Its transitions have the order and the names of the scripts in ``engine/store/lua``, so that a flow
behaves the same in a test. Attempts are never late, lost or claimed by another process here: all of
that is left out.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from typing import Any

from littleflow_redis.engine.model import json_values, limits
from littleflow_redis.engine.model.task_events import StartTask
from littleflow_redis.engine.model.typed_values import read
from littleflow_redis.engine.store.flow_codec import CONCURRENCY, depth, iterates
from littleflow_redis.engine.store.gathering import joined, sources
from littleflow_redis.engine.store.inputs import firing_of
from littleflow_redis.language import Flow, Step, StepKind

from .functions import TaskFailed
from .localfailures import may_retry, output_of
from .localrecords import LocalAttempt, LocalPlace, LocalStep, Stopped

#: Runs a task; returns its output as JSON text.
Play = Callable[[StartTask], str]


class LocalRun:
    """One run of one flow. ``play`` is called in the order in which the engine hands tasks out.

    It raises TaskFailed for a task that fails.
    """

    def __init__(self, flow: Flow, play: Play) -> None:
        self._flow = flow
        self._play = play
        self._records: defaultdict[LocalPlace, LocalStep] = defaultdict(LocalStep)
        self._outputs: dict[LocalPlace, str] = {}
        self._arrived: deque[LocalPlace] = deque()
        self._ready: deque[tuple[LocalPlace, bool]] = deque()
        self._attempts: deque[LocalAttempt] = deque()
        self._result: str | None = None
        self._bytes = self._fired = 0

    def run(self, input: str) -> str:
        """Run to the first firing of the end; return its output. Both are JSON texts.

        Raises Stopped; its cause is the TaskFailed, if a task failed.
        """
        self._outputs[LocalPlace(-1, ())] = input
        self._fire(LocalPlace(0, ()), round=False)
        self._settle()
        while self._result is None:
            if self._ready:
                self._decide(*self._ready.popleft())
            elif self._attempts:
                self._work(self._attempts.popleft())
            else:
                raise Stopped(self._stall_reason())
            self._settle()
        return self._result

    def _work(self, attempt: LocalAttempt) -> None:
        place = attempt.place
        try:
            text = self._play(self._task(attempt))
        except TaskFailed as failure:
            if may_retry(self._flow[place.step], attempt.number, failure):
                self._attempts.append(attempt._replace(number=attempt.number + 1))
                return
            self._records[place].open -= 1
            self._fail(place, failure.reason, failure)
        else:
            self._records[place].open -= 1
            self._complete(place, text)
        # Firings beyond `$concurrency` have room now.
        self._arrived.append(place)

    def _task(self, attempt: LocalAttempt) -> StartTask:
        """The task as whoever runs it on Redis reads it: values of its own."""
        step, scope = self._flow[attempt.place.step], attempt.place.scope
        path = "".join(f".{item}" for item in scope)
        return StartTask(
            event="",
            workflow="",
            index=step.index,
            name=step.name,
            base=step.base,
            token=f"{attempt.activation}.{attempt.number}{path}-local",
            parameters=_copy({} if step.parameters is None else step.parameters),
            input=json_values.load(attempt.input),
            options=_copy(dict(step.options)),
            bind="auto",
            begins=self._flow.at_start(step.index),
        )

    def _settle(self) -> None:
        """Fire whatever has its tokens."""
        while self._arrived and self._result is None:
            place = self._arrived.popleft()
            step, record = self._flow[place.step], self._records[place]
            while self._result is None and self._has_room(step, record):
                round = bool(step.back) and record.backs >= len(step.back)
                if round:
                    record.backs -= len(step.back)
                elif record.tokens >= max(step.threshold, 1):
                    record.tokens -= max(step.threshold, 1)
                else:
                    break
                self._fire(place, round)
        self._bytes = self._fired = 0

    def _has_room(self, step: Step, record: LocalStep) -> bool:
        if step.iterate:
            return record.done == len(record.items) and not record.ready
        return record.open < _concurrency(step)

    def _fire(self, place: LocalPlace, round: bool) -> None:
        self._fired += 1
        if self._fired > limits.FIRED:
            raise Stopped("a loop without a task in it")
        step, record = self._flow[place.step], self._records[place]
        record.activations += 1
        if step.merge or step.guard or step.iterate:
            record.ready = True
            self._ready.append((place, round))
        elif step.kind is StepKind.LITERAL:
            self._run(place, json_values.dump(step.value))
        else:
            texts = self._gather(place, round)
            self._bytes += sum(map(len, texts))
            if self._bytes > limits.GATHERED:
                self._fail(place, "its inputs are larger than 64 MB together")
                return
            several = f"[{','.join(texts)}]"
            self._run(place, several if len(texts) > 1 else "".join(texts) or json_values.EMPTY)

    def _gather(self, place: LocalPlace, round: bool) -> list[str]:
        """The outputs of the predecessors."""
        froms = [
            LocalPlace(source, place.scope) for source in sources(self._flow[place.step], round)
        ]
        return [self._outputs.get(source, json_values.EMPTY) for source in froms]

    def _decide(self, place: LocalPlace, round: bool) -> None:
        """Fire a step with a merge, a guard or an iteration."""
        step = self._flow[place.step]
        self._records[place].ready = False
        firing = firing_of(step, joined(list(map(read, self._gather(place, round)))))
        match firing.action:
            case "fail":
                self._fail(place, firing.reason)
            case "items":
                self._start_items(place, firing.items)
            case "skip":
                whole = step.kind is StepKind.SUBFLOW_START
                index = step.partner if whole else place.step
                self._complete(LocalPlace(index, place.scope), firing.input)
            case _:
                self._run(place, firing.input)

    def _run(self, place: LocalPlace, text: str) -> None:
        """Run the step with its input: tasks are queued, all else is over at once."""
        if self._flow[place.step].kind is StepKind.TASK:
            self._emit(place, text)
        else:
            self._complete(place, text)

    def _emit(self, place: LocalPlace, text: str) -> None:
        record = self._records[place]
        record.open += 1
        self._attempts.append(LocalAttempt(place, record.activations, 1, text))

    def _complete(self, place: LocalPlace, text: str) -> None:
        """The step is over with this output: give each successor its token."""
        step = self._flow[place.step]
        if len(step.successors) > limits.SUCCESSORS:
            raise self._failure(place, f"it has more than {limits.SUCCESSORS} successors")
        self._outputs[place] = text
        if step.kind is StepKind.END:
            self._result = text
        elif self._is_item(place):
            self._item_done(place)
        else:
            self._deliver(place)

    def _deliver(self, place: LocalPlace) -> None:
        for successor in self._flow[place.step].successors:
            target = LocalPlace(successor, place.scope)
            if place.step in self._flow[successor].back:
                self._records[target].backs += 1
            else:
                self._records[target].tokens += 1
            self._arrived.append(target)

    def _is_item(self, place: LocalPlace) -> bool:
        """Whether this is one item of an iterating step: its scope is deeper than the step lies."""
        step = self._flow[place.step]
        return iterates(self._flow, step) and len(place.scope) > depth(self._flow, step)

    def _start_items(self, place: LocalPlace, items: Sequence[str]) -> None:
        """Begin an iteration: start a slice, keep the rest."""
        record = self._records[place]
        first = min(len(items), _concurrency(self._flow[place.step]))
        record.items, record.started, record.done = items, first, 0
        for number in range(record.started):
            self._start_item(place, number, items[number])

    def _start_item(self, place: LocalPlace, number: int, text: str) -> None:
        inner = LocalPlace(place.step, (*place.scope, number))
        self._records[inner].activations = self._records[place].activations
        if self._flow[place.step].kind is StepKind.TASK:
            self._emit(inner, text)
        else:
            self._outputs[inner] = text
            self._deliver(inner)

    def _item_done(self, last: LocalPlace) -> None:
        """An item's last step has ended: start the next item, or end the iteration."""
        outer = self._outer(last)
        record = self._records[outer]
        record.done += 1
        if record.started < len(record.items):
            record.started += 1
            self._start_item(outer, record.started - 1, record.items[record.started - 1])
        if record.done < len(record.items):
            return
        texts = [
            self._outputs[LocalPlace(last.step, (*outer.scope, number))]
            for number in range(len(record.items))
        ]
        whole = LocalPlace(last.step, outer.scope)
        self._bytes += sum(map(len, texts))
        if self._bytes > limits.GATHERED:
            raise self._failure(whole, "the outputs of its items are larger than 64 MB together")
        self._complete(whole, f"[{','.join(texts)}]")
        self._arrived.append(outer)

    def _fail(self, place: LocalPlace, reason: str, failure: TaskFailed | None = None) -> None:
        """The step fails: that is its output if it says so, else the end."""
        output = output_of(self._flow[place.step], reason, failure.error if failure else None)
        if output is None:
            raise self._failure(place, reason) from failure
        self._complete(place, output)

    def _failure(self, place: LocalPlace, reason: str) -> Stopped:
        while self._is_item(place):
            reason = f"item {place.scope[-1]}: {reason}"
            place = self._outer(place)
        if place.scope:
            reason = f"item {'.'.join(map(str, place.scope))}: {reason}"
        step = self._flow[place.step]
        return Stopped(f"step {step.index} ({step.label}): {reason}", step)

    def _outer(self, last: LocalPlace) -> LocalPlace:
        """The iteration whose item ends, or fails, here."""
        step = self._flow[last.step]
        index = step.partner if step.kind is StepKind.SUBFLOW_END else step.index
        return LocalPlace(index, last.scope[:-1])

    def _stall_reason(self) -> str:
        waiting = [place for place, record in self._records.items() if record.tokens]
        if not waiting:
            return "stalled: nothing runs and the end was not reached"
        place = min(waiting)
        step, count = self._flow[place.step], self._records[place].tokens
        name = "end" if step.kind is StepKind.END else step.name
        return f"stalled: step {step.index} ({name}) has {count} of {step.threshold} inputs"


def _concurrency(step: Step) -> int:
    limit: Any = step.options.get("$concurrency", CONCURRENCY)
    return int(limit)


def _copy(value: Any) -> Any:
    return json_values.load(json_values.dump(value))
