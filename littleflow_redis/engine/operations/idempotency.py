"""Idempotency keys: the same key of the same caller is the same workflow."""

from __future__ import annotations

import uuid

#: Names the ids made here; drawn once.
_SPACE = uuid.UUID("6a1f6f0e-52a4-4f3b-9d7e-0f8f3c2b9a51")


def workflow_id(key: str, who: str) -> str:
    """The id of the workflow that ``who`` starts with ``key``; another caller gets another id."""
    return str(uuid.uuid5(_SPACE, f"{who}\n{key}"))
