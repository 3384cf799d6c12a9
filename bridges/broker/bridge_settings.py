"""The settings of a bridge. Options of the command `bridge` override them."""

from __future__ import annotations

from dataclasses import dataclass

from littleflow_redis.events.group import CLAIM_IDLE

from .admission import PublishRate

#: Seconds between two sweeps where the result backend publishes results, which leaves little to
#: find, and where it does not; `--sweep` overrides both.
SWEEP, POLL = 5.0, 1.0


@dataclass(frozen=True, slots=True)
class BridgeSettings:
    """The pace of a bridge: how much it reads and publishes, and how often it looks."""

    #: Seconds between two sweeps; None: SWEEP or POLL. `--sweep` overrides it.
    sweep: float | None = None

    #: Events read at once; `--batch` overrides it.
    batch: int = 256

    #: Seconds without a sign of life after which the work of another bridge is taken over.
    claim_idle: float = CLAIM_IDLE

    #: Seconds for which a task that is not wanted any more is revoked; `--revoke-for` overrides it.
    #: A worker that was down all the time runs the task nevertheless: its end is late.
    revoke_for: float = 600.0

    #: Name of the signal that ends tasks which run and are not wanted any more; None: they run on.
    #: `--terminate-signal` overrides it.
    terminate_signal: str | None = None

    #: Tasks of a category in flight, all its bridges together, 0 for no limit; `--max-in-flight`
    #: overrides it. Celery copes with more; a limit keeps the broker's memory from filling while
    #: its workers are away.
    max_in_flight: int = 10_000

    #: Tasks of a category published in a time, all its bridges together; None: as fast as can be.
    #: `--rate` overrides it.
    rate: PublishRate | None = None
