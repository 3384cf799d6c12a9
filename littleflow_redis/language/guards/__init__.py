"""Guards: the JSONPath expressions that decide where a flow goes on."""

from __future__ import annotations

from .evaluation import GuardError, check_guard, guard_matches

__all__ = ["GuardError", "check_guard", "guard_matches"]
