"""Options that hold for all steps of a category which do not say them themselves.

They are kept in Redis, not in each worker, so that every script sees the same ones: whoever stored
a category last has it. Those of workers and those of the bridges that serve a category are apart;
of the same option the bridge's holds.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast

import redis

from littleflow_redis.language.flow import Json

from ..model.records import Default, OnLost, Record
from .flow_codec import encode_defaults
from .keys import Keys

#: Options that can be set for a category, without the `$` that they have in a flow.
NAMES = ("retry", "timeout", "queue-timeout", "on-lost")


#: Prefix of a category whose options a bridge has set; no category has a colon.
BRIDGE = "bridge:"


def store_defaults(
    client: redis.Redis,
    keys: Keys,
    defaults: Mapping[str, Mapping[str, Json]],
    *,
    by_bridge: bool = False,
) -> None:
    """Replace the options of these categories; one without options of NAMES is removed.

    They hold for attempts that are emitted, and that fail, from then on.
    """
    pipeline = client.pipeline(transaction=True)
    for category, options in defaults.items():
        name = BRIDGE + category if by_bridge else category
        if engine_options(options):
            pipeline.hset(keys.defaults, name, encode_defaults(options))
        else:
            pipeline.hdel(keys.defaults, name)
    pipeline.execute()


def engine_options(options: Mapping[str, Json]) -> Mapping[str, Json]:
    """The subset of options that the engine acts on."""
    return {name: value for name, value in options.items() if name.removeprefix("$") in NAMES}


def without_timeout(client: redis.Redis, keys: Keys, categories: Collection[str]) -> list[str]:
    """Those of these categories for which nobody has set a time."""
    names = [name for category in categories for name in (category, BRIDGE + category)]
    found = cast("list[bytes | None]", client.hmget(keys.defaults, names)) if names else []
    timed = {name for name, packed in zip(names, found, strict=True) if _has_time(packed)}
    return [name for name in categories if not timed & {name, BRIDGE + name}]


def _has_time(packed: bytes | None) -> bool:
    record = Record(packed) if packed else None
    return bool(record and (record[Default.TIMEOUT] or record[Default.QUEUE_TIMEOUT]))


def on_lost(client: redis.Redis, keys: Keys, categories: Collection[str]) -> dict[str, str]:
    """The `$on-lost` of those of these categories for which somebody has set it."""
    chosen = {}
    for category in categories:
        names = [BRIDGE + category, category]
        found = cast("list[bytes | None]", client.hmget(keys.defaults, names))
        codes = [Record(packed)[Default.ON_LOST] for packed in found if packed]
        if code := next(filter(None, codes), None):
            chosen[category] = OnLost(code).name.lower()
    return chosen
