"""One task of a workflow, from its start-task to its applied end, with everybody who touches it.

What Redis, the broker and the processes hold is a tuple of values. An action changes them as one
call does in the code, a script as a whole; the processes' own memory is ``Hand``. Between any two
actions a process may be killed: then its memory is gone. It may also be stopped, and go on after
others took over its work: so an entry may be claimed from whoever has it, at any time. That is what
a lost reply comes to as well.

A rule that is off is a mutation: the code with that mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple


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


def steps(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """Every action that is possible now, and what it leads to."""
    for action in _ACTIONS:
        yield from action(s, bounds, rules)


def _read(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """XREADGROUP and XCLAIM by a bridge: also from one that only seems to be dead."""
    for n, hand in enumerate(s.bridges):
        if hand.at != "idle":
            continue
        for token in set(s.starts):
            read = s._replace(starts=_less(s.starts, token), pending=_more(s.pending, token))
            yield "a bridge reads", _bridge(read, n, Hand(token, "read"))
        for token in set(s.pending):
            yield "a bridge claims", _bridge(s, n, Hand(token, "read"))


def _take(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """take.lua: refused if the attempt is closed or published; else the flight is recorded."""
    for n, hand in enumerate(s.bridges):
        if hand.at != "read":
            continue
        flight = dict(s.flights).get(hand.token)
        if (hand.token != s.open and rules.taken_if_open) or flight:
            yield "take refuses", _bridge(_acknowledged(s, hand.token), n, Hand())
        elif flight is None and rules.recorded_before_published and hand.token == s.open:
            recorded = s._replace(flights=_put(s.flights, hand.token, False))
            yield "take", _bridge(recorded, n, hand._replace(at="taken"))
        else:
            yield "take", _bridge(s, n, hand._replace(at="taken"))


def _publish(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """The message goes to the broker; then published.lua marks and acknowledges in one."""
    for n, hand in enumerate(() if bounds.native else s.bridges):
        sent = s._replace(queue=_more(s.queue, hand.token))
        marked = _acknowledged(s, hand.token)
        if hand.token in dict(s.flights):
            marked = marked._replace(flights=_put(s.flights, hand.token, True))
        if not rules.acknowledged_after_published:
            if hand.at == "taken":
                yield "mark and acknowledge", _bridge(marked, n, hand._replace(at="marked"))
            elif hand.at == "marked":
                yield "publish", _bridge(sent, n, Hand())
        elif hand.at == "taken":
            yield "publish", _bridge(sent, n, hand._replace(at="sent"))
        elif hand.at == "sent":
            yield "mark and acknowledge", _bridge(marked, n, Hand())


def _work(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """A listener does the work; then the end and the acknowledgement go in one MULTI."""
    for n, hand in enumerate(s.bridges if bounds.native else ()):
        if hand.at == "taken":
            done = s._replace(effects=tuple(sorted({*s.effects, hand.token})))
            for success in (True, False) if bounds.failures else (True,):
                yield "a listener works", _bridge(done, n, Hand(hand.token, "done", success))
        told = s._replace(ends=_more(s.ends, (hand.token, hand.success)))
        acknowledged = _bridge(_acknowledged(s, hand.token), n, hand._replace(at="acknowledged"))
        if hand.at == "done" and not rules.told_with_acknowledgement:
            yield "acknowledge the start-task", acknowledged
        elif hand.at == "acknowledged":
            yield "tell the end", _bridge(told, n, Hand())
        elif hand.at == "done":
            yield "tell the end", _bridge(_acknowledged(told, hand.token), n, Hand())


def _celery(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """A Celery worker takes a message, does the work, stores how it ended."""
    for token in set(s.queue):
        taken = s._replace(queue=_less(s.queue, token), running=_more(s.running, token))
        yield "Celery begins", taken
    for token in set(s.running):
        done = s._replace(
            running=_less(s.running, token), effects=tuple(sorted({*s.effects, token}))
        )
        for success in (True, False) if bounds.failures else (True,):
            stored = done
            if token not in dict(s.results):
                stored = done._replace(results=_put(s.results, token, success))
            heard = _told(stored, token)
            if rules.swept:
                yield "Celery ends", stored
            elif token in dict(s.flights):
                # Only who listens at this moment tells of it.
                yield "Celery ends and is heard", heard
                if s.crashes:
                    yield "Celery ends unheard", stored._replace(crashes=s.crashes - 1)
            else:
                yield "Celery ends", stored


def _sweep(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """The end of each flight with a result is told; once more if the reply was lost."""
    for token, _ in s.flights:
        result = dict(s.results).get(token)
        if not rules.swept or result is None:
            continue
        known = any(token == end[0] for end in (*s.ends, *s.unapplied))
        known = known or any(token == hand.token for hand in s.workers)
        if not known:
            yield "the sweep tells", _told(s, token)
        elif s.crashes:
            yield "the sweep tells again", _told(s, token)._replace(crashes=s.crashes - 1)


def _read_end(s: State, bounds: Bounds, rules: Rules) -> Steps:
    for n, hand in enumerate(s.workers):
        if hand.at != "idle":
            continue
        for end in set(s.ends):
            read = s._replace(ends=_less(s.ends, end), unapplied=_more(s.unapplied, end))
            yield "a worker reads", _worker(read, n, Hand(end[0], "read", end[1]))
        for end in set(s.unapplied):
            yield "a worker claims", _worker(s, n, Hand(end[0], "read", end[1]))


def _apply(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """end.lua: the fence, the state, what follows, the retry's timer, the acknowledgement."""
    for n, hand in enumerate(s.workers):
        end = hand.token, hand.success
        acknowledged = s
        if end in s.unapplied:
            acknowledged = s._replace(unapplied=_less(s.unapplied, end))
        if hand.at == "read" and not rules.acknowledged_with_state:
            yield "acknowledge", _worker(acknowledged, n, hand._replace(at="acknowledged"))
        elif hand.at in ("read", "acknowledged"):
            base = acknowledged if hand.at == "read" else s
            applied = _closed(base, hand.token, hand.success, bounds, rules)
            if applied.retrying and not s.retrying and not rules.timer_with_state:
                unarmed = applied._replace(retrying=False)
                yield "apply", _worker(unarmed, n, hand._replace(at="arming"))
            else:
                yield "apply", _worker(applied, n, Hand())
        elif hand.at == "arming":
            yield "set the timer", _worker(s._replace(retrying=True), n, Hand())


def _expire(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """expire.lua: the attempt took too long; it is closed as a failure."""
    if bounds.timeouts and s.open and not s.outcome:
        yield "timeout", _closed(s, s.open, False, bounds, rules)


def _retry(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """fire.lua: the next attempt opens in the script that removes the timer."""
    if s.retrying and not s.outcome:
        number = s.attempts + 1
        yield (
            "retry",
            s._replace(
                open=number, attempts=number, retrying=False, starts=_more(s.starts, number)
            ),
        )


def _crash(s: State, bounds: Bounds, rules: Rules) -> Steps:
    if not s.crashes:
        return
    less = s._replace(crashes=s.crashes - 1)
    for n, hand in enumerate(s.bridges):
        if hand.at != "idle":
            yield "a bridge dies", _bridge(less, n, Hand())
    for n, hand in enumerate(s.workers):
        if hand.at != "idle":
            yield "a worker dies", _worker(less, n, Hand())
    for token in set(s.running):
        gone = less._replace(running=_less(s.running, token))
        yield "Celery dies, the message comes again", gone._replace(queue=_more(s.queue, token))
        if bounds.timeouts:
            yield "Celery dies, the message is lost", gone


def _lose_stream(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """An operator deletes the stream, with its groups and all that they had pending."""
    if s.losses:
        yield (
            "the stream is deleted",
            s._replace(starts=(), pending=(), ends=(), unapplied=(), losses=s.losses - 1),
        )


def _reconcile(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """reemit.lua: an open attempt that nobody has, unless it is published."""
    if not s.open or s.open in s.starts or s.open in s.pending:
        return
    flight = dict(s.flights).get(s.open)
    if flight is None or (flight is False and rules.strays_reemitted):
        yield "the start-task is written again", s._replace(starts=_more(s.starts, s.open))


_ACTIONS: tuple[Callable[[State, Bounds, Rules], Steps], ...] = (
    _read,
    _take,
    _publish,
    _work,
    _celery,
    _sweep,
    _read_end,
    _apply,
    _expire,
    _retry,
    _crash,
    _lose_stream,
    _reconcile,
)


def _closed(s: State, token: int, success: bool, bounds: Bounds, rules: Rules) -> State:
    """The attempt is closed, and what follows from it is done, if the fence lets it."""
    if rules.fenced and (token != s.open or s.outcome):
        return s
    closed = s._replace(open=0, applied=(*s.applied, token))
    if rules.flight_goes_with_attempt:
        closed = closed._replace(flights=tuple(f for f in s.flights if f[0] != token))
    if success:
        return closed._replace(outcome="ended", followed=s.followed + 1)
    if s.attempts < bounds.attempts:
        return closed._replace(retrying=True)
    return closed._replace(outcome="failed")


def _told(s: State, token: int) -> State:
    return s._replace(ends=_more(s.ends, (token, dict(s.results)[token])))


def _bridge(s: State, n: int, hand: Hand) -> State:
    # Bridges are alike: their order does not matter.
    return s._replace(bridges=tuple(sorted((*s.bridges[:n], hand, *s.bridges[n + 1 :]))))


def _worker(s: State, n: int, hand: Hand) -> State:
    return s._replace(workers=tuple(sorted((*s.workers[:n], hand, *s.workers[n + 1 :]))))


def _acknowledged(s: State, token: int) -> State:
    return s._replace(pending=_less(s.pending, token)) if token in s.pending else s


def _more(items: tuple, item: object) -> tuple:
    """A multiset, for what is independent comes in any order; a third copy adds nothing."""
    return items if items.count(item) > 1 else tuple(sorted((*items, item)))


def _less(items: tuple, item: object) -> tuple:
    at = items.index(item)
    return items[:at] + items[at + 1 :]


def _put(pairs: tuple, key: int, value: object) -> tuple:
    return tuple(sorted({**dict(pairs), key: value}.items()))
