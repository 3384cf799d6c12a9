"""Celery: messages, work, results, and the sweep that looks for them."""

from __future__ import annotations

from .state import Bounds, Rules, State, Steps, less, more, put, tell, work


def end(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """A Celery worker takes a message, does the work, stores how it ended."""
    for token in set(s.queue):
        taken = s._replace(queue=less(s.queue, token), running=more(s.running, token))
        yield "Celery begins", taken
    for token in set(s.running):
        done = work(s, token, bounds)._replace(running=less(s.running, token))
        for success in (True, False) if bounds.failures else (True,):
            stored = done
            if token not in dict(s.results):
                stored = done._replace(results=put(s.results, token, success))
            heard = tell(stored, token)
            if rules.swept:
                yield "Celery ends", stored
            elif token in dict(s.flights):
                # Only who listens at this moment tells of it.
                yield "Celery ends and is heard", heard
                if s.crashes:
                    yield "Celery ends unheard", stored._replace(crashes=s.crashes - 1)
            else:
                yield "Celery ends", stored


def sweep(s: State, bounds: Bounds, rules: Rules) -> Steps:
    """The end of each flight with a result is told; once more if the reply was lost."""
    for token, _ in s.flights:
        result = dict(s.results).get(token)
        if not rules.swept or result is None:
            continue
        known = any(token == end[0] for end in (*s.ends, *s.unapplied))
        known = known or any(token == hand.token for hand in s.workers)
        if not known:
            yield "the sweep tells", tell(s, token)
        elif s.crashes:
            yield "the sweep tells again", tell(s, token)._replace(crashes=s.crashes - 1)
