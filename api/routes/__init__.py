"""The routes: a blueprint per file, and a line here for each."""

from __future__ import annotations

from littleflow_redis.api.routes import about, documentation, listing, running, starting, state

#: In the order in which the documentation shows them.
BLUEPRINTS = (
    about.blp,
    listing.blp,
    starting.blp,
    state.blp,
    running.blp,
    documentation.blp,
)
