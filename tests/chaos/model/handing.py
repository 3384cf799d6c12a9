"""Bridges and listeners: a start-task is read, taken, published or worked on."""

from __future__ import annotations

from .ending import closed
from .state import Bounds, Hand, Rules, State, Steps, acknowledge, less, more, put, with_bridge
from .state import work as done_work


def read(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """XREADGROUP and XCLAIM by a bridge: also from one that only seems to be dead."""
    for n, hand in enumerate(s.bridges):
        if hand.at != "idle":
            continue
        for token in set(s.starts):
            read = s._replace(starts=less(s.starts, token), pending=more(s.pending, token))
            yield "a bridge reads", with_bridge(read, n, Hand(token, "read"))
        for token in set(s.pending):
            yield "a bridge claims", with_bridge(s, n, Hand(token, "read"))


def take(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """claim_attempt.lua: refused if the attempt is closed or published, else recorded."""
    for n, hand in enumerate(s.bridges):
        if hand.at != "read":
            continue
        flight = dict(s.flights).get(hand.token)
        if (hand.token != s.open and rules.taken_if_open) or flight:
            yield "take refuses", with_bridge(acknowledge(s, hand.token), n, Hand())
        elif bounds.once and rules.lost_fails and flight is not None and hand.token == s.open:
            lost = closed(acknowledge(s, hand.token), hand.token, False, bounds, rules, final=True)
            yield "take fails what may have begun", with_bridge(lost, n, Hand())
        elif flight is None and rules.recorded_before_published and hand.token == s.open:
            recorded = s._replace(flights=put(s.flights, hand.token, False))
            yield "take", with_bridge(recorded, n, hand._replace(at="taken"))
        else:
            yield "take", with_bridge(s, n, hand._replace(at="taken"))


def publish(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """The message goes to the broker; then mark_published.lua marks and acknowledges in one."""
    for n, hand in enumerate(() if bounds.native else s.bridges):
        sent = s._replace(queue=more(s.queue, hand.token))
        marked = acknowledge(s, hand.token)
        if hand.token in dict(s.flights):
            marked = marked._replace(flights=put(s.flights, hand.token, True))
        if not rules.acknowledged_after_published:
            if hand.at == "taken":
                yield "mark and acknowledge", with_bridge(marked, n, hand._replace(at="marked"))
            elif hand.at == "marked":
                yield "publish", with_bridge(sent, n, Hand())
        elif hand.at == "taken":
            yield "publish", with_bridge(sent, n, hand._replace(at="sent"))
        elif hand.at == "sent":
            yield "mark and acknowledge", with_bridge(marked, n, Hand())


def work(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """A listener does the work; then the end and the acknowledgement go in one MULTI."""
    for n, hand in enumerate(s.bridges if bounds.native else ()):
        if hand.at == "taken":
            done = done_work(s, hand.token, bounds)
            for success in (True, False) if bounds.failures else (True,):
                yield "a listener works", with_bridge(done, n, Hand(hand.token, "done", success))
        told = s._replace(ends=more(s.ends, (hand.token, hand.success)))
        acknowledged = with_bridge(acknowledge(s, hand.token), n, hand._replace(at="acknowledged"))
        if hand.at == "done" and not rules.told_with_acknowledgement:
            yield "acknowledge the start-task", acknowledged
        elif hand.at == "acknowledged":
            yield "tell the end", with_bridge(told, n, Hand())
        elif hand.at == "done":
            yield "tell the end", with_bridge(acknowledge(told, hand.token), n, Hand())
