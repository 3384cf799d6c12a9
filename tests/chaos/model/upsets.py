"""What goes wrong outside of the code, and what puts it right."""

from __future__ import annotations

from .ending import closed
from .state import Bounds, Hand, Rules, State, Steps, less, more, with_bridge, with_worker


def crash(s: State, bounds: Bounds, rules: Rules) -> Steps:
    if not s.crashes:
        return
    after = s._replace(crashes=s.crashes - 1)
    for n, hand in enumerate(s.bridges):
        if hand.at != "idle":
            yield "a bridge dies", with_bridge(after, n, Hand())
    for n, hand in enumerate(s.workers):
        if hand.at != "idle":
            yield "a worker dies", with_worker(after, n, Hand())
    for token in set(s.running):
        gone = after._replace(running=less(s.running, token))
        if not bounds.once:
            yield "Celery dies, the message comes again", gone._replace(queue=more(s.queue, token))
        if bounds.timeouts:
            yield "Celery dies, the message is lost", gone


def lose_stream(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """An operator deletes the stream, with its groups and all that they had pending."""
    if s.losses:
        yield (
            "the stream is deleted",
            s._replace(starts=(), pending=(), ends=(), unapplied=(), losses=s.losses - 1),
        )


def reconcile(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """reissue_start_task.lua: an open attempt that nobody has, unless it is published."""
    if not s.open or s.open in s.starts or s.open in s.pending:
        return
    flight = dict(s.flights).get(s.open)
    if bounds.once and rules.lost_fails and flight is False:
        yield "the lost one fails", closed(s, s.open, False, bounds, rules, final=True)
    elif flight is None or (flight is False and rules.strays_reemitted):
        yield "the start-task is written again", s._replace(starts=more(s.starts, s.open))
