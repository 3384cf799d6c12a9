"""The arguments of scripts for processes that hold attempts and leases: see ``contracts``."""

from __future__ import annotations

from .arguments import Arguments


class HoldLease(Arguments):
    holder: str
    ms: int


class HoldPublished(Arguments):
    index: int
    token: str
    task: str
    holder: str
    most: int


class ReleaseAttempt(Arguments):
    field: str
    token: str
    task: str
    holder: str
    fenced: bool
    died: bool
    input: str
    missing: str
