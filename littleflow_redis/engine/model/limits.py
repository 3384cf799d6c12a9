"""Limits of one transition, for the scripts and for ``run_local`` alike."""

from __future__ import annotations

#: Bytes that one transition may gather: the inputs of a join, the outputs of an iteration's items.
#: Redis holds them twice while it writes them.
GATHERED = 64 * 1024 * 1024

#: Successors of one step. A script that gives each its token blocks Redis for some 100 ms.
SUCCESSORS = 10_000

#: Firings in one transition; more is a loop without a task in it, which the compiler refuses.
FIRED = 200_000
