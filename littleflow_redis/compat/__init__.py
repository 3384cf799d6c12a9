"""The Python names of littleflow_redis 0.4 (PyPI), so that programs written for it keep working.

Each is a thin function over :class:`littleflow_redis.Client` or its store; new programs use that.
Keys are full ids, ``workflow:…``, as upstream has them. ``docs/reference/upstream.md`` says what
maps to what.
"""

from __future__ import annotations
