"""The Celery id of a task that its worker runs itself, which Python and scripts make alike.

It is a UUID: people keep ids in such columns.
"""

from __future__ import annotations

import hashlib
import uuid
from functools import lru_cache

#: The namespace of the UUIDs.
NAMESPACE = uuid.UUID(bytes=b"littleflow-tasks")

_NAMESPACE = NAMESPACE.bytes


@lru_cache(4096)
def task_uuid(workflow: str, index: int, token: str) -> str:
    """The UUID (version 5) of an attempt; ``workflow`` is its full id."""
    # As uuid.uuid5, in a third of its time: this is asked for each step, more than once.
    name = f"{workflow}:{index}:{token}".encode()
    hex = hashlib.sha1(_NAMESPACE + name, usedforsecurity=False).hexdigest()
    variant = "89ab"[int(hex[16], 16) % 4]
    return f"{hex[:8]}-{hex[8:12]}-5{hex[13:16]}-{variant}{hex[17:20]}-{hex[20:32]}"
