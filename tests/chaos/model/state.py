"""What Redis, the broker and the processes hold, as a tuple of values, and small changes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple


class Hand(NamedTuple):
    """What a process has in its memory: the attempt (0: nothing), how far it is, how it ended."""

    token: int = 0
    at: str = "idle"
    success: bool = False


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far to look. Without ``timeouts`` Celery must not lose a message that it has; with them
    it may. ``native``: listeners do the work themselves, instead of bridges that publish it.
    """

    attempts: int = 2
    bridges: int = 2
    workers: int = 2
    crashes: int = 2
    #: How often an operator deletes the stream.
    losses: int = 0
    timeouts: bool = True
    failures: bool = True
    native: bool = False
    #: Whether the step says `$on-lost: fail`. Celery acknowledges its message before it begins.
    once: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What the code does."""

    #: An end is applied only to the attempt that its token names, while that is open.
    fenced: bool = True
    #: An end is acknowledged in the script that applies it, not before.
    acknowledged_with_state: bool = True
    #: The timer of a retry is set in the script that closes the attempt.
    timer_with_state: bool = True
    #: A flight is recorded before its task is published.
    recorded_before_published: bool = True
    #: A start-task is acknowledged after its task was published.
    acknowledged_after_published: bool = True
    #: A listener sends the end and acknowledges the start-task in one.
    told_with_acknowledgement: bool = True
    #: The script that closes an attempt removes its flight.
    flight_goes_with_attempt: bool = True
    #: Results of flights are looked for again and again.
    swept: bool = True
    #: `take` asks whether the attempt is open before work is done.
    taken_if_open: bool = True
    #: What was taken and is nobody's any more is emitted again.
    strays_reemitted: bool = True
    #: What must not run twice and was taken by somebody else fails.
    lost_fails: bool = True


class State(NamedTuple):
    """Tokens are the attempts' numbers."""

    # The workflow: the open attempt or 0, attempts so far, whether a retry's timer is set, how it
    # ended, which ends were applied, how often what follows was started.
    open: int
    attempts: int
    retrying: bool
    outcome: str
    applied: tuple[int, ...]
    followed: int
    # The stream: start-tasks that no bridge has read, those pending, ends unread, ends pending.
    starts: tuple[int, ...]
    pending: tuple[int, ...]
    ends: tuple[tuple[int, bool], ...]
    unapplied: tuple[tuple[int, bool], ...]
    # What was taken: token to whether its flight is marked as published.
    flights: tuple[tuple[int, bool], ...]
    # Celery: messages, tasks that run, results (the first one stays), and work done.
    queue: tuple[int, ...]
    running: tuple[int, ...]
    results: tuple[tuple[int, bool], ...]
    effects: tuple[int, ...]
    # Processes.
    bridges: tuple[Hand, ...]
    workers: tuple[Hand, ...]
    # What may still go wrong.
    crashes: int
    losses: int


Steps = Iterator[tuple[str, State]]


def begin(bounds: Bounds) -> State:
    """The workflow was started: its first attempt is open, its start-task in the stream."""
    idle = Hand()
    return State(
        1, 1, False, "", (), 0, (1,), (), (), (), (), (), (), (), (),
        (idle,) * bounds.bridges, (idle,) * bounds.workers, bounds.crashes, bounds.losses,
    )  # fmt: skip


def tell(s: State, token: int) -> State:
    return s._replace(ends=more(s.ends, (token, dict(s.results)[token])))


def with_bridge(s: State, n: int, hand: Hand) -> State:
    # Bridges are alike: their order does not matter.
    return s._replace(bridges=tuple(sorted((*s.bridges[:n], hand, *s.bridges[n + 1 :]))))


def with_worker(s: State, n: int, hand: Hand) -> State:
    return s._replace(workers=tuple(sorted((*s.workers[:n], hand, *s.workers[n + 1 :]))))


def acknowledge(s: State, token: int) -> State:
    return s._replace(pending=less(s.pending, token)) if token in s.pending else s


def work(s: State, token: int, bounds: Bounds) -> State:
    """The work of an attempt was done; of one that must not run twice all times count."""
    if bounds.once:
        return s._replace(effects=more(s.effects, token))
    return s._replace(effects=tuple(sorted({*s.effects, token})))


def more(items: tuple[Any, ...], item: object) -> tuple[Any, ...]:
    """A multiset, for what is independent comes in any order; a third copy adds nothing."""
    return items if items.count(item) > 1 else tuple(sorted((*items, item)))


def less(items: tuple[Any, ...], item: object) -> tuple[Any, ...]:
    at = items.index(item)
    return items[:at] + items[at + 1 :]


def put(pairs: tuple[Any, ...], key: int, value: object) -> tuple[Any, ...]:
    return tuple(sorted({**dict(pairs), key: value}.items()))
