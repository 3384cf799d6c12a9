"""What goes wrong in a chaotic run: every fault under its name. A new one is one more line."""

from __future__ import annotations

from collections.abc import Callable, Collection
from random import Random

from tests.chaos.world import World

from . import celery, events, inside, network, processes, server

#: Makes a fault, lets it last some seconds, and takes it back.
Fault = Callable[[World, Random, float], None]

FAULTS: dict[str, Fault] = {
    "kill a process": processes.kill,
    "kill many processes": processes.kill_many,
    "stop a process beyond its lease": processes.stop,
    "end a process": processes.end,
    "a category without workers": processes.absent,
    "redis killed": server.kill,
    "redis stopped": server.stop,
    "scripts flushed": server.flush_scripts,
    "clients killed": server.kill_clients,
    "clients paused": server.pause_clients,
    "no memory": server.fill,
    "a group destroyed": server.destroy_group,
    "a consumer deleted": server.delete_consumer,
    "the stream deleted": server.delete_stream,
    "network slow": network.slow,
    "network silent": network.silent,
    "network cut": network.cut,
    "replies swallowed": network.swallow,
    "events doubled and late": events.double,
    "foreign and old tokens": events.forge,
    "celery child killed": celery.kill_child,
    "celery warm shutdown": celery.warm,
    "celery cold shutdown": celery.cold,
    "broker killed": celery.kill_broker,
    "results deleted": celery.lose_results,
    "celery main process killed": inside.orphan,
    "celery main process stopped": inside.stop_main,
    "heartbeat killed": inside.kill_heartbeat,
    "heartbeats forgotten": inside.forget_processes,
    "leases taken over": inside.seize_leases,
}

#: Those that need a result backend, and those that need workers that serve steps themselves.
_BRIDGED = {"results deleted"}
_INSIDE = {name for name, fault in FAULTS.items() if fault.__module__ == inside.__name__}


def faults(only: Collection[str] = (), *, serve_inside: bool) -> list[str]:
    """The names of those that a run can have; ``only`` limits them to some."""
    left_out = _BRIDGED if serve_inside else _INSIDE
    return [name for name in FAULTS if name not in left_out and (not only or name in only)]
