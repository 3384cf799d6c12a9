"""Faults of an app, its servers and its workers that may cost work, and the line to set.

A check is a function from a :class:`Subject` to findings; a new one is a line in :data:`CHECKS`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import redis
from redis.exceptions import NoPermissionError

from littleflow_redis.events.logs import kv
from littleflow_redis.events.reconnect import address_of

from . import at_most_once, flows, queues, results, servers, tasks
from .finding import Finding, Level
from .subject import Subject

Check = Callable[[Subject], Iterator[Finding]]

#: By name, in the order in which they are told.
CHECKS: Mapping[str, Check] = {
    "broker": servers.broker,
    "result-backend": results.backend,
    "result-expires": results.expires,
    "always-retry": results.always_retry,
    "serializers": tasks.serializers,
    "ignore-result": tasks.ignore_result,
    "track-started": tasks.track_started,
    "acks-late": tasks.acks_late,
    "reject-on-worker-lost": tasks.reject_on_worker_lost,
    "at-most-once": at_most_once.at_most_once,
    "delivery-mode": tasks.delivery_mode,
    "timeouts": tasks.timeouts,
    "visibility-timeout": queues.visibility_timeout,
    "consumers": queues.consumers,
    "permissions": servers.permissions,
    "eviction": servers.eviction,
    "persistence": servers.persistence,
    "clock": servers.clock,
    "served": flows.served,
    "tasks": flows.tasks,
}

#: About steps that are sent through the broker: none is where workers serve them themselves.
_SENT = frozenset(
    {
        *("result-backend", "result-expires", "always-retry", "ignore-result"),
        *("track-started", "acks-late", "delivery-mode", "timeouts", "visibility-timeout"),
    }
)

#: Findings that a bridge logs when it starts.
WORST = 3

#: What a bridge does not say in a line of its own, and is not just about to change.
_NEWS = tuple(name for name in CHECKS if name not in ("track-started", "timeouts", "served"))

#: Seconds that workers have to come when a bridge starts: they may be started together.
TOGETHER = 20.0

__all__ = ["CHECKS", "Finding", "Level", "Subject", "checks_for", "examine", "warn_at_start"]


def checks_for(subject: Subject) -> list[str]:
    """The checks that matter for the way in which the app's steps are served."""
    return [name for name in CHECKS if not (subject.inside and name in _SENT)]


def examine(subject: Subject, names: Sequence[str] = tuple(CHECKS)) -> list[Finding]:
    """Run the checks; the worst findings come first. One that cannot be made is a finding."""
    found: list[Finding] = []
    away: dict[str, list[str]] = {}
    denied: dict[str, list[str]] = {}
    unreached = _unreached(subject)
    unasked: list[str] = []
    for name in names:
        try:
            found += CHECKS[name](subject)
        except NoPermissionError as error:
            denied.setdefault(str(error), []).append(name)
        except (redis.ConnectionError, redis.TimeoutError) as error:
            if unreached:
                unasked.append(name)
            else:
                away.setdefault(f"{type(error).__name__}: {error}", []).append(name)
        # Brokers and backends have libraries of their own, which raise what they like; the other
        # checks are made nevertheless.
        except Exception as error:  # noqa: BLE001
            away.setdefault(f"{type(error).__name__}: {error}", []).append(name)
    if unreached:
        found.append(_away(subject, unreached, unasked))
    found += [_unknown(checks, reason) for reason, checks in away.items()]
    found += [_denied(checks, reason) for reason, checks in denied.items()]
    return sorted(found, key=lambda finding: finding.level.weight)


def _unreached(subject: Subject) -> str:
    """Why the engine's Redis does not answer; empty if it does."""
    try:
        subject.engine.redis.ping()
    except (redis.ConnectionError, redis.TimeoutError) as error:
        return str(error)
    except redis.RedisError:
        # It answers, and the checks say what is wrong with it.
        return ""
    return ""


def _away(subject: Subject, reason: str, checks: Sequence[str]) -> Finding:
    unasked = f"; not looked at: {', '.join(checks)}" if checks else ""
    return Finding(
        "redis",
        Level.ERROR,
        f"the engine's Redis at {address_of(subject.engine.redis)} cannot be reached: {reason}"
        f"{unasked}",
        "no workflow goes on, and nothing is known about the other checks",
        "REDIS_URL (or --url, or REDIS_HOST and REDIS_PORT) to where it is, or start it there",
    )


def _unknown(checks: Sequence[str], reason: str) -> Finding:
    return Finding(
        checks[0],
        Level.WARNING,
        f"a server did not answer or cannot be: {reason}; not looked at: {', '.join(checks)}",
        "nothing is known about these",
        "network and credentials so that it can be reached from here, and ask again",
    )


def _denied(checks: Sequence[str], reason: str) -> Finding:
    return Finding(
        checks[0],
        Level.HINT,
        f"a permission is missing: {reason}; not looked at: {', '.join(checks)}",
        "nothing is known about these",
        "ACL SETUSER USER +COMMAND, or ask as a user who may",
    )


def warn_at_start(subject: Subject, log: logging.Logger) -> None:
    """Log the worst that the checks find, in a thread: workers may take a while to answer."""

    def warn() -> None:
        patient = replace(subject, patience=TOGETHER)
        found = [f for f in examine(patient, _NEWS) if f.level is not Level.HINT]
        for finding in found[:WORST]:
            level = logging.ERROR if finding.level is Level.ERROR else logging.WARNING
            about = {"check": finding.check, "found": finding.found, "costs": finding.costs}
            log.log(level, kv("doctor", **about, set=finding.set))
        if len(found) > WORST:
            log.warning(kv("doctor", more=len(found) - WORST, next="ask littleflow_redis doctor"))

    threading.Thread(target=warn, name="bridge-doctor", daemon=True).start()
