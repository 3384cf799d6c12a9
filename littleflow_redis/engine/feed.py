"""The documented import path of :mod:`littleflow_redis.engine.views.feed`."""

from __future__ import annotations

from .views.feed import (
    Feed,
    FeedEntry,
    Subscription,
)

__all__ = [
    "Feed",
    "FeedEntry",
    "Subscription",
]
