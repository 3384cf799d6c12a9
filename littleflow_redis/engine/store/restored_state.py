"""The state that restoring an archive stores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from littleflow_redis.language import Flow


@dataclass(frozen=True, slots=True)
class RestoredState:
    """The input of the script ``restore``.

    Flat lists hold fields and values in turn; ``form`` is that by whose rules the workflow runs.
    """

    digest: str
    form: int
    flow: Flow
    flow_digest: str
    packed_flow: bytes
    input: str
    steps: list[Any]
    items: list[Any]
    outputs: list[Any]
    types: list[Any]
    trace: list[bytes]
    done: int
    origin: str
