"""The routes: a blueprint per file, and a line here for each."""

from __future__ import annotations

from flask_smorest import Blueprint

from littleflow_redis import extensions

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
    start_many,
    starting,
    steps,
    waiting,
)


def blueprints() -> tuple[Blueprint, ...]:
    """All blueprints, in the order in which the documentation shows them."""
    return (
        about.blp,
        listing.blp,
        starting.blp,
        start_many.blp,
        checking.blp,
        steps.blp,
        *extensions.find_all("api.routes"),
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
