"""The client: what programs, commands and the API ask of workflows, and tell them to do."""

from __future__ import annotations

from .client import Client, as_flow

__all__ = ["Client", "as_flow"]
