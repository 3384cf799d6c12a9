"""The documented import path of :mod:`littleflow_redis.engine.views.listing`."""

from __future__ import annotations

from .views.listing import (
    Listing,
    Page,
    Query,
)

__all__ = [
    "Listing",
    "Page",
    "Query",
]
