"""How far ahead of Celery's canvas anything can be that sends its steps through a broker.

Nothing of ours takes part: the worker empties a queue that was filled before, and that rate is set
beside Celery's own chains and chords.
"""

from __future__ import annotations

from benchmarks.row import Race, Row, Side, scaled
from benchmarks.rows.chains_celery import STEPS, chains
from benchmarks.rows.drain_celery import queued
from benchmarks.rows.fan_out_chord import chords

#: Tasks that lie in the queue.
_QUEUED = 1000


def _race(scale: float, peer: Side) -> Race:
    count = scaled(_QUEUED, scale)
    rate = Side("its drain rate", lambda: queued(count))
    return Race(f"the limit: {count} queued tasks, Celery worker", rate, peer)


def chain_race(scale: float) -> Race:
    count = scaled(200, scale)
    return _race(scale, Side(f"Celery chain, {count} × {STEPS}", lambda: chains(count, STEPS)))


def chord_race(scale: float) -> Race:
    width = scaled(1000, scale)
    return _race(scale, Side(f"Celery chord, {width} wide", lambda: chords(width)))


ROWS = (
    Row("limit-chain", "steps/s", None, chain_race),
    Row("limit-chord", "steps/s", None, chord_race),
)
