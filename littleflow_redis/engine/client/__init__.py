"""The client: queries and commands on workflows for programs, the CLI and the API."""

from __future__ import annotations

from .client import Client
from .start_specs import StartResult, StartSpec, as_flow

__all__ = ["Client", "StartResult", "StartSpec", "as_flow"]
