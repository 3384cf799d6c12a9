"""Lua scripts by digest, loaded when the server does not know them.

A server forgets its scripts at a restart, a failover or ``SCRIPT FLUSH``; a call that it answers
with NOSCRIPT has run nothing, so it is sent again with its source. That holds in a pipeline too:
only the unknown calls are repeated.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice
from typing import Any

import redis
from redis.exceptions import ConnectionError as LostConnection
from redis.exceptions import NoScriptError, OutOfMemoryError, ReadOnlyError, ResponseError

#: What a script takes: everything travels as bytes in the end.
Argument = str | bytes | int | float

#: Calls of a script that takes many which go together: enough to share the cost of setting it up,
#: few enough that no other client of Redis waits for long.
TOGETHER = 32

#: Redis 6.2 puts this before an error that a script catches.
_PLACE = re.compile(r"^@user_script: ?\d+: -?")

#: Errors that callers look for, by the code in their text.
_KINDS: Mapping[str, type[ResponseError]] = {"OOM": OutOfMemoryError, "READONLY": ReadOnlyError}


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

    ``shared`` arguments come first; calls of a batched script that agree in them go together,
    unless they go ``alone``: those that take long. ``read`` turns the reply into the result.
    """

    script: Script
    keys: Sequence[str]
    args: Sequence[Argument]
    shared: tuple[Argument, ...] = ()
    read: Callable[[Any], Any] | None = None
    alone: bool = False

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
    results = _send(client, sent)
    # In a loop, for somebody may flush the scripts again; the first call of each has run then.
    while unknown := [i for i, result in enumerate(results) if isinstance(result, NoScriptError)]:
        again = _send(client, [sent[i] for i in unknown], loading=True)
        for i, result in zip(unknown, again, strict=True):
            results[i] = result
    replies = [r for call, result in zip(sent, results, strict=True) for r in _apart(call, result)]
    if any(isinstance(reply, ReadOnlyError) for reply in replies):
        _leave_former_master(client)
    return [_read(call, reply) for call, reply in zip(calls, replies, strict=True)]


def _leave_former_master(client: redis.Redis) -> None:
    """Behind a Sentinel a master that is read-only is none any more: the next connection goes to
    the new one. redis-py does this for errors of whole calls.
    """
    if getattr(client.connection_pool, "is_master", False):
        client.connection_pool.disconnect()
        raise LostConnection("the server that was the master is a replica now")


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
    if isinstance(call, Call) and call.script.batched and not call.alone:
        return call.script.sha, call.shared
    return None


def _apart(call: Call | Command, result: Any) -> Sequence[Any]:
    """The results of the calls that went as this one."""
    if isinstance(call, Command) or not call.script.batched:
        return [result]
    if isinstance(result, Exception):
        return [result] * len(call.keys)
    return [_error(one) if isinstance(one, bytes) else one for one in result]


def _error(raw: bytes) -> ResponseError:
    """The error that a script caught and returned as text, as redis-py would raise it."""
    text = _PLACE.sub("", raw.decode("utf-8", "replace")).strip()
    return _KINDS.get(text.partition(" ")[0], ResponseError)(text)


def _send(
    client: redis.Redis, calls: Sequence[Call | Command], *, loading: bool = False
) -> list[Any]:
    """Send calls of scripts by digest; if ``loading``, the first of each script with its source."""
    loaded: set[Script] = set()
    words = [_words(call, loaded if loading else None) for call in calls]
    if len(words) == 1:
        # A pipeline of one costs as much again.
        try:
            return [client.execute_command(*words[0])]
        except ResponseError as error:
            return [error]
    with client.pipeline(transaction=False) as pipe:
        for each in words:
            pipe.execute_command(*each)
        return list(pipe.execute(raise_on_error=False))


def _words(call: Call | Command, loaded: set[Script] | None) -> Sequence[Argument]:
    if isinstance(call, Command):
        return call.args
    tail = (len(call.keys), *call.keys, *call.shared, *call.args)
    if loaded is None or call.script in loaded:
        return ("EVALSHA", call.script.sha, *tail)
    loaded.add(call.script)
    return ("EVAL", call.script.source, *tail)
