"""The reads that gather a step's input, and the value that is made of their replies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self

from littleflow_redis.events.script_batch import Command
from littleflow_redis.language import Flow, Step

from ..model.records import VERSION
from ..model.typed_values import TypedValue, listed, read, stored
from .keys import ITEMS, OUTPUT, TYPES


@dataclass(frozen=True, slots=True)
class Gathering:
    """The input of one activation: the output of one predecessor, or the list of several.

    An input that was kept when this activation fired, or that a restart gave, replaces them: see
    ``lua/lib/input.lua``.
    """

    workflow: str
    step: Step
    #: The form by whose rules the workflow runs.
    form: int
    suffix: str
    activation: int
    #: The fields of the predecessors' outputs.
    fields: Sequence[str]

    @classmethod
    def of(
        cls,
        run: tuple[Flow, int],
        workflow: str,
        index: int,
        scope: str,
        activation: int,
        round: bool = False,
    ) -> Self:
        """``run``: see ``Flows.of_run``. In a ``round`` the inputs are those that came back."""
        flow, form = run
        step = flow[index]
        suffix = f"@{scope}" if scope else ""
        fields = [f"{source}{suffix}" for source in sources(step, round)]
        return cls(workflow, step, form, suffix, activation, fields)

    def reads(self) -> list[Command]:
        """The commands that read all of it."""
        own = f"i{self.step.index}{self.suffix}"
        kept = [f"{own}#{self.activation}", own, *(f"o{field}" for field in self.fields)]
        reads = [Command(["HMGET", self.workflow + ITEMS, *kept])]
        if self.fields:
            outputs = [f"{self.workflow}{OUTPUT}{field}" for field in self.fields]
            reads.append(Command(["MGET", *outputs]))
            reads.append(Command(["HMGET", self.workflow + TYPES, *self.fields]))
        return reads

    def value(self, replies: Iterator[Any]) -> TypedValue:
        """Take the replies to ``reads`` and make the input of them. Raises BadValue, RedisError."""
        mine = [*islice(replies, len(self.reads()))]
        for reply in mine:
            if isinstance(reply, Exception):
                raise reply
        (kept, given, *before), *found = mine
        for text in (kept, given):
            if text is not None:
                return read(text)
        latest = map(stored, *found) if found else ()
        outputs = zip(before, latest, strict=True)
        return joined([new if old is None else read(old) for old, new in outputs], self.form)


def joined(outputs: Sequence[TypedValue], form: int = VERSION) -> TypedValue:
    """Outputs of predecessors as one input: of one itself, of several a list with all of them.

    Runs of form 1 leave out those that are ``{}``.
    """
    if form < 2:
        outputs = [output for output in outputs if output.data != {}]
    if len(outputs) < 2:
        return outputs[0] if outputs else TypedValue({})
    return listed(outputs)


def sources(step: Step, round: bool) -> Sequence[int]:
    """The steps whose outputs the next activation reads, -1 for the workflow's input.

    In a ``round`` those are the steps that lead back.
    """
    if round:
        return step.back
    if step.index == 0:
        return (-1,)
    return [source for source in step.predecessors if source not in step.back]
