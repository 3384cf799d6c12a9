"""The HTTP API: flask-smorest over the engine.

``create_app`` makes the WSGI application; ``python -m littleflow_redis.service`` serves it. Routes
lie in ``routes``, one blueprint per file; ``security`` is what every request passes first.
"""

from __future__ import annotations

from .app import create_app
from .config import Config

__all__ = ["Config", "create_app"]
