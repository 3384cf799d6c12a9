"""The names of 0.4 for which this version has nothing yet: importing one says so."""

from __future__ import annotations

from typing import NoReturn


def __getattr__(name: str) -> NoReturn:
    # Not an AttributeError: that would lose the sentence in `from littleflow_redis import …`.
    raise ImportError(
        f"littleflow_redis.{name}: request and redis tasks are not run by this version yet; "
        "serve them by a listener of your own, such as TaskListener"
    )
