"""Peers that need an environment of their own, and what runs inside it."""

from __future__ import annotations

#: What upstream's environment holds: the release, and what it needs and does not name or bound.
UPSTREAM = ("littleflow_redis==0.4.0", "littleflow==0.12.0", "rqse==0.5.3", "numpy")
