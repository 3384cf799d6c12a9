"""Lua scripts by digest, loaded when the server does not know them.

A server forgets its scripts at a restart, a failover or ``SCRIPT FLUSH``; a call that it answers
with NOSCRIPT has run nothing, so it is sent again with its source. That holds in a pipeline too:
only the unknown calls are repeated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice
from typing import Any

import redis
from redis.exceptions import NoScriptError, ResponseError

#: What a script takes: everything travels as bytes in the end.
Argument = str | bytes | int | float

#: Calls of a script that takes many which go together: enough to share the cost of setting it up,
#: few enough that no other client of Redis waits for long.
TOGETHER = 32


class Script:
    """One Lua script; ``name`` stands in errors and logs.

    A ``batched`` one takes many calls at once, each of one key and its own arguments. It returns a
    list: the reply to each, or the text of its error.
    """

    __slots__ = ("batched", "name", "sha", "source")

    def __init__(self, name: str, source: str, batched: bool = False) -> None:
        self.name = name
        self.batched = batched
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
    """One call of a script, to be sent in a batch.

    ``shared`` arguments come first; calls of a batched script that agree in them go together.
    ``read`` turns the reply into the result.
    """

    script: Script
    keys: Sequence[str]
    args: Sequence[Argument]
    shared: tuple[Argument, ...] = ()
    read: Callable[[Any], Any] | None = None

    def run(self, client: redis.Redis) -> Any:
        """Send it alone, unless its script is batched; return its result. Raises RedisError."""
        return _read(self, self.script.run(client, self.keys, (*self.shared, *self.args)))


@dataclass(frozen=True, slots=True)
class Command:
    """A plain command, to be sent in a batch beside calls of scripts; ``read`` as in `Call`."""

    args: Sequence[Argument]
    read: Callable[[Any], Any] | None = None


def run_batch(client: redis.Redis, calls: Sequence[Call | Command]) -> list[Any]:
    """Send all calls in one round trip; each is atomic by itself.

    Returns one result per call, in order: its reply as its ``read`` reads it. A call that failed
    has its exception as result. A lost connection raises: then any of the calls may have run.
    """
    sent = list(_together(calls))
    results = _send(client, sent, by_digest=True)
    unknown = [i for i, result in enumerate(results) if isinstance(result, NoScriptError)]
    if unknown:
        again = _send(client, [sent[i] for i in unknown], by_digest=False)
        for i, result in zip(unknown, again, strict=True):
            results[i] = result
    replies = [r for call, result in zip(sent, results, strict=True) for r in _apart(call, result)]
    return [_read(call, reply) for call, reply in zip(calls, replies, strict=True)]


def _read(call: Call | Command, reply: Any) -> Any:
    return reply if call.read is None or isinstance(reply, Exception) else call.read(reply)


def _together(calls: Sequence[Call | Command]) -> Iterator[Call | Command]:
    """The same calls; those of a batched script that follow each other become one."""
    for shared, group in groupby(calls, _shared):
        if shared is None:
            yield from group
            continue
        while some := [call for call in islice(group, TOGETHER) if isinstance(call, Call)]:
            keys, args = [call.keys for call in some], [call.args for call in some]
            yield Call(some[0].script, [*chain(*keys)], [*chain(*args)], some[0].shared)


def _shared(call: Call | Command) -> tuple[str, tuple[Argument, ...]] | None:
    """The common part of calls that may go together; None for a call that goes alone."""
    if isinstance(call, Call) and call.script.batched:
        return call.script.sha, call.shared
    return None


def _apart(call: Call | Command, result: Any) -> Sequence[Any]:
    """The results of the calls that went as this one."""
    if isinstance(call, Command) or not call.script.batched:
        return [result]
    if isinstance(result, Exception):
        return [result] * len(call.keys)
    return [
        ResponseError(one.decode("utf-8", "replace")) if isinstance(one, bytes) else one
        for one in result
    ]


def _send(client: redis.Redis, calls: Sequence[Call | Command], *, by_digest: bool) -> list[Any]:
    if len(calls) == 1:
        # A pipeline of one costs as much again.
        try:
            return [client.execute_command(*_words(calls[0], by_digest))]
        except ResponseError as error:
            return [error]
    with client.pipeline(transaction=False) as pipe:
        for call in calls:
            pipe.execute_command(*_words(call, by_digest))
        return list(pipe.execute(raise_on_error=False))


def _words(call: Call | Command, by_digest: bool) -> Sequence[Argument]:
    if isinstance(call, Command):
        return call.args
    name, what = ("EVALSHA", call.script.sha) if by_digest else ("EVAL", call.script.source)
    return (name, what, len(call.keys), *call.keys, *call.shared, *call.args)
