"""The traits of a view, for the gates that see a request before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import current_app, request

JSON = "application/json"
TEXT = "text/plain"
MULTIPART = "multipart/form-data"
EVENTS = "text/event-stream"

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Traits:
    """``changes``: it changes something. ``accepts`` and ``produces``: types of content, of its
    body and of its answer. ``archive``: its body may be an archive."""

    changes: bool = False
    accepts: tuple[str, ...] = (JSON,)
    produces: tuple[str, ...] = (JSON,)
    archive: bool = False


_NONE = Traits()
_ATTRIBUTE = "littleflow_traits"


def mark(view: Callable[..., Any], traits: Traits) -> None:
    setattr(view, _ATTRIBUTE, traits)


def traits() -> Traits:
    """Those of the view that this request is for; of no view in particular if there is none."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None:
        return Traits(changes=request.method not in _SAFE)
    found: Traits = getattr(view, _ATTRIBUTE, _NONE)
    return found


def has_body(method: str) -> bool:
    return method in ("POST", "PUT", "PATCH")
