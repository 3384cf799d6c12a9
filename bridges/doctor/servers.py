"""The servers: whether they can be reached, and keep what they are given."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import redis
from kombu.exceptions import OperationalError
from redis.exceptions import NoPermissionError, ResponseError

from littleflow_redis.engine.store.permissions import missing

from .finding import Finding, Level
from .subject import TRIES, Subject, listed

#: Seconds by which clocks may differ: far below any timeout that people set.
SKEW = 2.0


def broker(subject: Subject) -> Iterator[Finding]:
    with subject.app.connection_for_write() as connection:
        try:
            connection.ensure_connection(max_retries=TRIES, interval_start=0)
        # Each transport has errors of its own.
        except (
            *(OperationalError, OSError),
            *connection.connection_errors,
            *connection.channel_errors,
        ) as error:
            yield Finding(
                "broker",
                Level.ERROR,
                f"the broker {connection.as_uri()} cannot be reached: {error}",
                "no step can be published",
                "broker_url, or CELERY_BROKER_URL",
            )


def permissions(subject: Subject) -> Iterator[Finding]:
    engine = subject.engine
    user = engine.redis.get_connection_kwargs().get("username") or "default"
    lack, namespace = missing(engine.redis, engine.keys), engine.keys.namespace
    whose = f"the user {user} of the engine's Redis"
    if lack.commands:
        names = listed([name.upper() for name in lack.commands], 10)
        allow = " ".join(f"+{name}" for name in lack.commands)
        costs = "all calls that need them fail"
        yield Finding(
            "permissions",
            Level.ERROR,
            f"{whose} may not run {names}",
            costs,
            f"ACL SETUSER {user} {allow}",
        )
    for what, lacking, mark in (("keys", lack.keys, "~"), ("channels", lack.channels, "&")):
        if lacking:
            yield Finding(
                "permissions",
                Level.ERROR,
                f"{whose} may not use {what} that begin with {namespace}workflow",
                "nothing works with it",
                f"ACL SETUSER {user} {mark}{namespace}workflow*",
            )


def eviction(subject: Subject) -> Iterator[Finding]:
    for role, server in subject.servers():
        memory: Any = server.info("memory")
        policy = memory.get("maxmemory_policy", "noeviction")
        if policy == "noeviction":
            continue
        full = memory.get("maxmemory", 0) > 0
        yield Finding(
            "eviction",
            Level.ERROR if full else Level.HINT,
            f"{role} has maxmemory-policy {policy}"
            + ("" if full else ", which works once maxmemory is set"),
            "when its memory is full, it deletes keys: workflows, messages or results",
            f"CONFIG SET maxmemory-policy noeviction (and redis.conf), for {role}",
        )


def persistence(subject: Subject) -> Iterator[Finding]:
    for role, server in subject.servers():
        about: Any = server.info("persistence")
        if about.get("aof_enabled"):
            continue
        saves = _saves(server)
        if saves is None or saves:
            kept = "all data since the last snapshot"
            found, level = f"{role} writes snapshots only", Level.HINT
        else:
            kept, found, level = "everything", f"{role} writes nothing to disk", Level.WARNING
        yield Finding(
            "persistence",
            level,
            found,
            f"when it ends without a warning, {kept} is lost",
            f"appendonly yes in redis.conf, for {role}",
        )


def clock(subject: Subject) -> Iterator[Finding]:
    for role, server in subject.servers():
        before = time.time()
        seconds, micros = server.time()
        skew = seconds + micros / 1e6 - (before + time.time()) / 2
        if abs(skew) > SKEW:
            yield Finding(
                "clock",
                Level.WARNING,
                f"the clock of {role} is {abs(skew):.1f} s {'ahead' if skew > 0 else 'behind'}",
                "times shown are wrong, and `expires` of Celery ends tasks too early or too late",
                "NTP on both machines",
            )


def _saves(server: redis.Redis) -> str | None:
    """The setting `save`; None where nobody may ask for it."""
    try:
        settings: Any = server.config_get("save")
    except (NoPermissionError, ResponseError):
        return None
    text = settings.get("save", settings.get(b"save"))
    return text.decode() if isinstance(text, bytes) else text
