"""What stands in Redis, in the stream, in JSON documents and in the log when all was played."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgpack
import redis

from .stage import Stage

#: Which type a key has of which a server announces this.
_TYPES = {
    "xadd": "stream", "xgroup-create": "stream", "hset": "hash", "hincrby": "hash",
    "zadd": "zset", "zincr": "zset", "sadd": "set", "set": "string", "incrby": "string",
    "lpush": "list", "rpush": "list",
}  # fmt: skip

#: Parts of names that are data.
_DATA = (
    (r"^workflow:(?!latch:)[\w.-]+", "workflow:<id>"),
    (r":output:-?[\d@.]+$", ":output:<step>"),
    (r"^workflow:latch:.*", "workflow:latch:<name>"),
    (r"^workflows:latch:.*", "workflows:latch:<sha1>"),
    (r"^workflows:flow:.*", "workflows:flow:<digest>"),
    (r"^workflows:kind:.*", "workflows:kind:<kind>"),
    (r"^workflows:done:.*", "workflows:done:<full id>"),
    (r"^(workflows:(?:flight|closed|rate)):.*", r"\1:<category>"),
    (r"^workflows:(index|ended):.*", r"workflows:\1:<STATE>"),
)

#: Kinds of events that the scene itself makes.
_OURS = {"go"}

#: Members of JSON documents below which there is data of users.
_FREE = {"input", "output", "outputs", "parameters", "options", "match", "fields", "data", "flow"}


@contextmanager
def keys_of(server: redis.Redis) -> Iterator[set[str]]:
    """Every key that is written and every channel that is used meanwhile, with its type."""
    found: set[str] = set()
    server.config_set("notify-keyspace-events", "KA")
    pubsub = server.pubsub(ignore_subscribe_messages=True)
    pubsub.psubscribe("__keyspace@0__:*", "workflows:*")
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            message = pubsub.get_message(timeout=0.1)
            if message is not None:
                found.update(_key(message["channel"].decode(), message["data"]))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield found
    finally:
        over.set()
        reader.join()
        pubsub.close()


def _key(channel: str, data: bytes) -> Iterator[str]:
    key = channel.removeprefix("__keyspace@0__:")
    kind = "channel" if key == channel else _TYPES.get(data.decode())
    if kind is not None:
        yield f"{without_data(key)} {kind}"


def without_data(key: str) -> str:
    for pattern, name in _DATA:
        key = re.sub(pattern, name, key)
    return key


def events(stage: Stage) -> dict[str, set[str]]:
    """The engine's events in the stream, by kind, with their fields."""
    found: dict[str, set[str]] = {}
    for fields in stage.stream:
        kind = json.loads(fields[b"kind"])
        if kind not in _OURS:
            found.setdefault(kind, set()).update(name.decode() for name in fields)
    return found


def hashes(stage: Stage) -> dict[str, set[str]]:
    """The fields of what has names inside: a workflow, its flow, counters, letters, the feed."""
    found: dict[str, set[str]] = {}
    for key in stage.redis.scan_iter("workflow*", _type="hash"):
        name = without_data(key.decode())
        if name in ("workflow:<id>", "workflows:flow:<digest>", "workflows:counts"):
            fields = {_counted(field.decode()) for field in stage.redis.hkeys(key)}
            found.setdefault(name, set()).update(fields)
    for stream in ("workflows:dead", "workflows:changes"):
        rows = stage.redis.xrange(stream)
        found[stream] = {name.decode() for _, fields in rows for name in fields}
    return found


def _counted(field: str) -> str:
    field = re.sub(r"(:\d+)(?=:)", ":<bucket>", field)
    return re.sub(r"^(step:\w+|(?:queue|run)(?:-ms|:<bucket>)):.*", r"\1:<category>", field)


def trace(stage: Stage) -> set[str]:
    """The kinds of changes in all traces, and the states that followed."""
    found = set()
    for id in stage.redis.lrange("workflows:all", 0, -1):
        for entry in stage.client.trace(id.decode()):
            found |= {f"what {entry.what}", f"state {entry.state}"}
    return found


def forms(stage: Stage) -> set[str]:
    """Versions of what is stored, and how long the packed records are."""
    archive = stage.client.archive("items")
    key, found = "workflow:items", {f"archive {archive['format']} version {archive['version']}"}
    version = stage.redis.hget(key, "version")
    found.add(f"workflow version {int(version or b'0')}")
    found.add(f"archive form {archive['form']}")
    for name, packed in {
        "step": stage.redis.hget(f"{key}:steps", "1"),
        "trace": stage.redis.lindex(f"{key}:trace", 0),
    }.items():
        found.add(f"{name} record of {len(msgpack.unpackb(packed))}")
    return found


def metrics(stage: Stage) -> set[str]:
    """Names of samples with the names of their labels, and the values that are words of ours."""
    found = set()
    for line in stage.ask("/metrics").body.decode().splitlines():
        match = re.match(r"(\w+)(?:\{(.*)\})? ", line)
        if match:
            labels = re.findall(r'(\w+)="([^"]*)"', match[2] or "")
            found.add(f"{match[1]} {' '.join(map(_label, labels))}".strip())
    return found


def _label(label: tuple[str, str]) -> str:
    name, value = label
    return f"{name}={value}" if name in ("state", "outcome", "why") else name


def documents(stage: Stage) -> dict[str, set[str]]:
    """The members of the JSON documents that people and programs read."""
    found = {
        f"archive of {id}": set(_members(stage.client.archive(id)))
        for id in ("items", "loop", "failing", "restored")
    }
    ids = ("items", "failing", "latched", "restored")
    paths = [f"/workflows/{id}/{of}" for id in ids for of in _PARTS]
    for path in [*paths, *_WHOLE]:
        name = re.sub(r"/(items|failing|latched|restored)/", "/{workflow}/", path)
        name = re.sub(r"\d+", "{index}", name)
        body = stage.ask(path).body
        shown = _members(json.loads(body)) if body[:1] in (b"{", b"[") else ("text",)
        found.setdefault(f"GET {name}", set()).update(shown)
    return found


_PARTS = ("state", "steps", "steps/1", "attempts", "trace", "waits", "graph", "input")
_WHOLE = ("/", "/workflows", "/inprogress", "/groups", "/readyz", "/healthz", "/dead", "/waiting")


def _members(value: Any, at: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, below in value.items():
            place = f"{at}.{name}" if at else name
            yield (place := re.sub(r"\.(?:[io]?-?\d[\d@.#]*)$", ".<step>", place))
            if name not in _FREE:
                yield from _members(below, place)
    elif isinstance(value, list):
        for below in value:
            yield from _members(below, f"{at}[]")


def logged(stage: Stage) -> dict[str, set[str]]:
    """The lines with which processes begin and end, as they were really written."""
    found: dict[str, set[str]] = {}
    for name, process in stage.processes.items():
        for line in re.findall(r"^time=.*", process.output, re.M):
            pairs = re.findall(r'([\w-]+)=("(?:[^"\\]|\\.)*"|\S*)', line)
            word = dict(pairs).get("event", "")
            if word in ("ready", "serving", "stopped", "stopping", "no-token", "audit"):
                found.setdefault(f"{name} {word}", set()).update(key for key, _ in pairs)
    return found
