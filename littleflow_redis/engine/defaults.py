"""Options that hold for all steps of a category which do not say them themselves.

They are kept in Redis, not in each worker, so that every script sees the same ones: whoever stored
a category last has it.
"""

from __future__ import annotations

from collections.abc import Mapping

import redis

from littleflow_redis.language.errors import close_match
from littleflow_redis.language.flow import Json
from littleflow_redis.language.options import BadOption, read_options

from .keys import Keys
from .packing import pack_default

#: What can be set for a category, without the `$` that it has in a flow.
NAMES = ("retry", "timeout", "queue-timeout")


def read_defaults(given: Mapping[str, Json]) -> dict[str, Json]:
    """What is set for a category → options as ``read_options`` gives them.

    Raises:
        BadOption: a key is none of NAMES, or its value does not fit; the message names it.
    """
    for name in given:
        if name not in NAMES:
            raise BadOption(
                f"{name[:40]} cannot be set for a category",
                close_match(name, NAMES) or f"there are: {', '.join(NAMES)}",
            )
    try:
        return read_options({f"${name}": value for name, value in given.items()})
    except BadOption as error:
        raise BadOption(str(error).removeprefix("$"), error.hint) from error


def store_defaults(
    client: redis.Redis, keys: Keys, defaults: Mapping[str, Mapping[str, Json]]
) -> None:
    """Replace the options of these categories; one without options is removed.

    They hold for attempts that are handed out, and that fail, from then on.
    """
    pipeline = client.pipeline(transaction=True)
    for category, options in defaults.items():
        if options:
            pipeline.hset(keys.defaults, category, pack_default(options))
        else:
            pipeline.hdel(keys.defaults, category)
    pipeline.execute()
