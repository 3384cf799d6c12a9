"""Lifecycle workers: ends are applied, timers act."""

from __future__ import annotations

from .state import Bounds, Hand, Rules, State, Steps, less, more, with_worker


def read(s: State, bounds: Bounds, rules: Rules) -> Steps:
    for n, hand in enumerate(s.workers):
        if hand.at != "idle":
            continue
        for end in set(s.ends):
            read = s._replace(ends=less(s.ends, end), unapplied=more(s.unapplied, end))
            yield "a worker reads", with_worker(read, n, Hand(end[0], "read", end[1]))
        for end in set(s.unapplied):
            yield "a worker claims", with_worker(s, n, Hand(end[0], "read", end[1]))


def apply(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """apply_ends.lua: fence, state, successors, the retry's timer, acknowledgement."""
    for n, hand in enumerate(s.workers):
        end = hand.token, hand.success
        acknowledged = s
        if end in s.unapplied:
            acknowledged = s._replace(unapplied=less(s.unapplied, end))
        if hand.at == "read" and not rules.acknowledged_with_state:
            yield "acknowledge", with_worker(acknowledged, n, hand._replace(at="acknowledged"))
        elif hand.at in ("read", "acknowledged"):
            base = acknowledged if hand.at == "read" else s
            applied = closed(base, hand.token, hand.success, bounds, rules)
            if applied.retrying and not s.retrying and not rules.timer_with_state:
                unarmed = applied._replace(retrying=False)
                yield "apply", with_worker(unarmed, n, hand._replace(at="arming"))
            else:
                yield "apply", with_worker(applied, n, Hand())
        elif hand.at == "arming":
            yield "set the timer", with_worker(s._replace(retrying=True), n, Hand())


def expire(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """expire_timer.lua: the attempt took too long; it is closed as a failure."""
    if bounds.timeouts and s.open and not s.outcome:
        # What has begun may run on.
        begun = bounds.once and s.open in dict(s.flights)
        yield "timeout", closed(s, s.open, False, bounds, rules, final=begun)


def retry(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """fire.lua: the next attempt opens in the script that removes the timer."""
    if s.retrying and not s.outcome:
        number = s.attempts + 1
        yield (
            "retry",
            s._replace(open=number, attempts=number, retrying=False, starts=more(s.starts, number)),
        )


def closed(
    s: State, token: int, success: bool, bounds: Bounds, rules: Rules, *, final: bool = False
) -> State:
    """The attempt is closed, and what follows from it is done, if the fence lets it."""
    if rules.fenced and (token != s.open or s.outcome):
        return s
    after = s._replace(open=0, applied=(*s.applied, token))
    if rules.flight_goes_with_attempt:
        after = after._replace(flights=tuple(f for f in s.flights if f[0] != token))
    if success:
        return after._replace(outcome="ended", followed=s.followed + 1)
    if s.attempts < bounds.attempts and not final:
        return after._replace(retrying=True)
    return after._replace(outcome="failed")
