"""Lua scripts by digest, loaded when the server does not know them.

A server forgets its scripts at a restart, a failover or ``SCRIPT FLUSH``; a call that it answers
with NOSCRIPT has run nothing, so it is sent again with its source. That holds in a pipeline too:
only the unknown calls are repeated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis
from redis.exceptions import NoScriptError

#: What a script takes: everything travels as bytes in the end.
Argument = str | bytes | int | float


class Script:
    """One Lua script; ``name`` stands in errors and logs."""

    __slots__ = ("name", "sha", "source")

    def __init__(self, name: str, source: str) -> None:
        self.name = name
        self.source = source
        self.sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    def __repr__(self) -> str:
        return f"Script({self.name})"

    def run(self, client: redis.Redis, keys: Sequence[str], args: Sequence[Argument]) -> Any:
        """Run it now and return what it returns. Raises what Redis raises."""
        tail = (len(keys), *keys, *args)
        try:
            return client.execute_command("EVALSHA", self.sha, *tail)
        except NoScriptError:
            return client.execute_command("EVAL", self.source, *tail)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a script, to be sent in a batch."""

    script: Script
    keys: Sequence[str]
    args: Sequence[Argument]


@dataclass(frozen=True, slots=True)
class Command:
    """A plain command, to be sent in a batch beside calls of scripts."""

    args: Sequence[Argument]


def run_batch(client: redis.Redis, calls: Sequence[Call | Command]) -> list[Any]:
    """Send all calls in one round trip; each is atomic by itself.

    Returns one result per call, in order; a call that failed has its exception as result. A lost
    connection raises: then any of the calls may have run.
    """
    results = _send(client, calls, by_digest=True)
    unknown = [i for i, result in enumerate(results) if isinstance(result, NoScriptError)]
    if unknown:
        again = _send(client, [calls[i] for i in unknown], by_digest=False)
        for i, result in zip(unknown, again, strict=True):
            results[i] = result
    return results


def _send(client: redis.Redis, calls: Sequence[Call | Command], *, by_digest: bool) -> list[Any]:
    with client.pipeline(transaction=False) as pipe:
        for call in calls:
            if isinstance(call, Command):
                pipe.execute_command(*call.args)
                continue
            name, what = ("EVALSHA", call.script.sha) if by_digest else ("EVAL", call.script.source)
            pipe.execute_command(name, what, len(call.keys), *call.keys, *call.args)
        return list(pipe.execute(raise_on_error=False))
