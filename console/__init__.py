"""The web console: static pages, and the small service that hands them out.

``littleflow_redis.console:service`` is a WSGI application; ``python -m littleflow_redis.console``
serves it. The pages are in ``static/``, made of ``web/`` when the package is built. Any other web
server can hand them out as well: they ask for ``config.json`` beside them, which says where the
API is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    #: The WSGI application, as SERVICE_CONFIG and the environment configure it.
    service: Flask

__all__ = ["service"]


def __getattr__(name: str) -> Flask:
    # Made when a WSGI server asks for it: the command line has options of its own.
    if name != "service":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .app import create_service

    made = globals()[name] = create_service()
    return made
