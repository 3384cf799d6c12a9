"""Steps that a process cannot run: whether another one may be able to."""

from __future__ import annotations

from ..store.context import EngineContext
from ..store.held_attempts import HeldAttempts
from ..store.registration import Registration
from .unserved import living_groups, taken_whole


def served_elsewhere(
    context: EngineContext, category: str, base: str, process: str, own: Registration
) -> bool:
    """Whether another living process serves a category, and has not said that it lacks this base.

    Processes with the same tasks as this one lack the same. Bridges and listeners read every step
    of their categories themselves, and say themselves what they cannot run. Raises RedisError.
    """
    for name, other in HeldAttempts(context).living().items():
        if (
            name != process
            and category in other.categories
            and base not in other.lacks
            and (not other.tasks or other.tasks != own.tasks)
        ):
            return True
    return category in taken_whole(living_groups(context.redis, context.keys.events))
