"""The workflows that are measured, compiled before the clock starts."""

from __future__ import annotations

from littleflow_redis import Flow, compile_text
from littleflow_redis.language import Limits

#: For the widest and the longest; a text of more than 10,000 steps is refused else.
_LIMITS = Limits(steps=20_000)


def chain(steps: int, task: str = "bench:noop") -> Flow:
    """So many tasks, one after the other."""
    return compile_text(" → ".join([task] * steps), limits=_LIMITS)


def fan_out(width: int) -> Flow:
    """So many tasks at a time, and one that joins them."""
    tasks = " ".join(["bench:noop"] * width)
    return compile_text(f"{{ {tasks} }} → bench:collect(- {{$bind: whole}} -)", limits=_LIMITS)


def side_by_side(width: int) -> Flow:
    """So many tasks at a time, and nothing that joins them."""
    return compile_text(f"{{ {' '.join(['bench:noop'] * width)} }}", limits=_LIMITS)
