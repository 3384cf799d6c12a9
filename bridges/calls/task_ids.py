"""The Celery id of an attempt: ``lf:<category>:<workflow>:<index>:<token>``.

The prefix is the category's own, so that one pattern subscription sees the results of all its tasks
and of no other. The token names one attempt and holds a nonce drawn at each start of its workflow:
no id is ever used twice. A long part is cut, and ends with ``~`` and a digest.
"""

from __future__ import annotations

import hashlib
import re

#: Longest part of an id in characters. Three parts at their longest, an index of ten digits and the
#: prefix make 154; Celery's tables of results hold 155, AMQP 255 in a correlation id.
LONGEST = 45

#: Hex digits of the SHA-1 that ends a shortened part: 64 bits, far beyond any number of names.
DIGEST = 16

#: What stands in ids as it is. Safe in Redis keys and patterns, AMQP headers and URLs.
_PLAIN = re.compile(r"[A-Za-z0-9_.-]*", re.ASCII)


def id_prefix(category: str) -> str:
    """The prefix of all ids of a category, and of no other's."""
    return f"lf:{_part(category)}:"


def celery_id(category: str, workflow: str, index: int, token: str) -> str:
    """The Celery id of the attempt that ``token`` names; ``workflow`` is an id in any form."""
    short = workflow.rpartition(":")[2]
    return f"{id_prefix(category)}{_part(short)}:{index}:{_part(token)}"


def escape_pattern(text: bytes) -> bytes:
    """Make a text stand for itself in a Redis glob pattern."""
    return re.sub(rb"[\\*?\[\]]", rb"\\\g<0>", text)


def _part(text: str) -> str:
    if len(text) <= LONGEST and _PLAIN.fullmatch(text):
        return text
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:DIGEST]
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", text)
    return f"{plain[: LONGEST - DIGEST - 1]}~{digest}"
