"""The form of a task's Celery id, which Python and scripts make alike.

A bridge's: ``lf:<category>:<workflow>:<index>:<token>``; a long part is cut, and ends with ``~``
and a digest. A task that its worker runs itself has a UUID: people keep ids in such columns.
"""

from __future__ import annotations

import hashlib
import uuid

#: Longest part of an id in characters. Three parts at their longest, an index of ten digits and the
#: prefix make 154; Celery's tables of results hold 155, AMQP 255 in a correlation id.
LONGEST = 45

#: Hex digits of the SHA-1 that ends a shortened part: 64 bits, far beyond any number of names.
DIGEST = 16

#: The namespace of the UUIDs.
NAMESPACE = uuid.UUID(bytes=b"littleflow-tasks")


def task_uuid(workflow: str, index: int, token: str) -> str:
    """The UUID (version 5) of an attempt; ``workflow`` is its full id."""
    # As uuid.uuid5, in a third of its time: this is asked for each step.
    name = f"{workflow}:{index}:{token}".encode()
    hex = hashlib.sha1(NAMESPACE.bytes + name, usedforsecurity=False).hexdigest()
    variant = "89ab"[int(hex[16], 16) % 4]
    return f"{hex[:8]}-{hex[8:12]}-5{hex[13:16]}-{variant}{hex[17:20]}-{hex[20:32]}"
