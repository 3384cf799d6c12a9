"""After a run every Celery worker that serves steps still does: none hangs."""

from __future__ import annotations

from littleflow_redis.engine.model.states import WorkflowState
from tests.support import wait_until

from .world import World

#: Steps that each worker has to run: more than a child of its pool may.
STEPS = 5

#: Seconds for all: a worker may be about to start.
PATIENCE = 90.0


def probe(world: World) -> None:
    """Have each worker run steps that no other serves. Fail with the names of those that do not."""
    engine, waiting = world.engine, {}
    for name in world.fleet.names("celery"):
        # The queue of its own: see `Fleet`.
        step = f"c:mix(- {{$celery: {{queue: {name}}}}} -)"
        waiting[engine.start(" → ".join([step] * STEPS), name)] = name

    def all_served() -> bool:
        for id in [*waiting]:
            if engine.views.state(id) is WorkflowState.FINISHED:
                engine.delete(id)
                del waiting[id]
        assert not waiting, f"these serve nothing any more: {sorted(waiting.values())}"
        return True

    try:
        wait_until(all_served, "each worker has served its steps", PATIENCE)
    except BaseException:
        print(world.fleet.logs(60))
        raise
