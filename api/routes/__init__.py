"""The routes: a blueprint per file, and a line here for each."""

from __future__ import annotations

from . import (
    about,
    archives,
    bulk,
    checking,
    dead,
    documentation,
    events,
    flow,
    listing,
    live,
    operations,
    running,
    starting,
    state,
    steps,
    waiting,
)

#: In the order in which the documentation shows them.
BLUEPRINTS = (
    about.blp,
    listing.blp,
    starting.blp,
    checking.blp,
    steps.blp,
    state.blp,
    flow.blp,
    running.blp,
    waiting.blp,
    archives.blp,
    bulk.blp,
    events.blp,
    live.blp,
    dead.blp,
    operations.blp,
    documentation.blp,
)
