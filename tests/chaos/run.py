"""One chaotic run: workflows under a schedule of faults, then calm, then the invariants."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

from tests.support import ServerKind

from . import faults as registry
from .faults import FAULTS, faults
from .flows import INSIDE, SHARES, jobs
from .invariants import cases, duplicates, violations
from .probe import probe
from .proxy import Mode
from .rest import delete_all, wait_for_rest
from .roles import bridged, inside
from .schedule import Planned, plan
from .shepherd import Shepherd, Stuck
from .world import World, servers

#: Seconds that a quiet system may need to end what was begun: a few timeouts and retries.
DRAIN = 400.0

#: Part of the run over which workflows are started.
STARTING = 0.85


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is made of. The same settings give the same workflows and the same schedule.

    ``pools``: of the Celery workers that serve steps themselves; none if bridges do.
    """

    seed: int
    seconds: float
    workflows: int
    faults: Sequence[str] = ()
    form: str = ""
    fsync: str = "always"
    server: ServerKind = "valkey"
    pools: Sequence[str] = ()


class Run:
    """``say`` is told what happens; ``folder`` gets the logs and the ledger."""

    def __init__(self, settings: Settings, folder: Path, say: Any = print) -> None:
        self.settings = settings
        self.folder = folder
        chosen = faults(settings.faults, serve_inside=bool(settings.pools))
        self.schedule = plan(settings.seed, settings.seconds, chosen)
        self._say = say
        # Faults of one kind undo what they did to the same thing: one at a time.
        self._locks: dict[ModuleType | str, threading.Lock] = {}
        self._made: Counter[str] = Counter()

    def __call__(self) -> dict[str, Any]:
        """Run; return figures. Raises AssertionError for what does not hold."""
        settings = self.settings
        pools = settings.pools
        shares = INSIDE if pools else SHARES
        work = jobs(settings.seed, settings.workflows, shares, settings.form)
        server, broker = servers(settings.server, self.folder, "--appendfsync", settings.fsync)
        roles = inside(pools) if pools else bridged()
        world = World(server, broker, self.folder, roles, results=not pools)
        try:
            with world.running():
                shepherd = Shepherd(world, work, settings.seconds * STARTING, settings.seed)
                shepherd.start()
                try:
                    self._disturb(world, shepherd)
                    self._calm(world)
                    self._drain(world, shepherd)
                finally:
                    shepherd.stop()
                if pools:
                    probe(world)
                return self._judge(world, shepherd)
        finally:
            server.kill()
            broker.kill()

    def _disturb(self, world: World, shepherd: Shepherd) -> None:
        begin = time.monotonic()
        threads = []
        for planned in self.schedule:
            while (left := begin + planned.at - time.monotonic()) > 0:
                self._look(shepherd)
                time.sleep(min(left, 0.5))
            thread = threading.Thread(target=self._make, args=(world, planned), daemon=True)
            thread.start()
            threads.append(thread)
        while time.monotonic() < begin + self.settings.seconds:
            self._look(shepherd)
            time.sleep(0.2)
        world.calm.set()
        for thread in threads:
            thread.join(60)

    def _make(self, world: World, planned: Planned) -> None:
        fault = FAULTS[planned.fault]
        with self._locks.setdefault(fault.__module__, threading.Lock()):
            if world.calm.is_set():
                return
            self._say(f"{planned}")
            fault(world, Random(planned.seed), planned.lasting)
            self._made[planned.fault] += 1

    def _calm(self, world: World) -> None:
        for proxy in world.proxies.values():
            proxy.set(Mode.PASS)
        for name in world.fleet.names():
            world.fleet.let_go(name)
        for name in () if self.settings.pools else world.fleet.names("celery"):
            # Celery workers can be deaf after an outage of their broker (celery#8030). Those that
            # serve steps themselves hear of them without it.
            world.fleet.signal(name, registry.processes.signal.SIGKILL, group=True)
        self._say("calm")

    def _drain(self, world: World, shepherd: Shepherd) -> None:
        deadline = time.monotonic() + DRAIN
        while not shepherd.done:
            self._look(shepherd)
            if time.monotonic() > deadline:
                left = [id for id in shepherd.started if id not in shepherd.finished]
                raise Stuck(f"{len(left)} have not ended\n{shepherd.dump(left)}")
            time.sleep(0.2)

    def _look(self, shepherd: Shepherd) -> None:
        if shepherd.wrong:
            ids = list(shepherd.wrong)
            raise AssertionError(f"{shepherd.wrong}\n{shepherd.dump(ids)}")
        stuck = shepherd.stuck()
        if stuck:
            raise Stuck(f"{len(stuck)} do not move\n{shepherd.dump(stuck)}")

    def _judge(self, world: World, shepherd: Shepherd) -> dict[str, Any]:
        all = list(cases(world, shepherd.started))
        wrong = [*world.wrong, *(sentence for case in all for sentence in violations(case))]
        assert not wrong, "\n".join(wrong[:50])
        wait_for_rest(world)
        counts: Any = world.engine.redis.hgetall(world.engine.keys.counts)
        figures = {
            "workflows": len(all),
            "ends applied": sum(e.what == "end" and e.attempt > 0 for c in all for e in c.trace),
            "faults": sum(self._made.values()),
            "processes started again": world.fleet.restarts,
            "replies swallowed": sum(proxy.swallowed for proxy in world.proxies.values()),
            "work done twice": sum(duplicates(case) for case in all),
            **{f"ends {name}": int(counts.get(name.encode(), 0)) for name in ("late", "dead")},
        }
        if not self.schedule:
            assert figures["work done twice"] == 0, figures
        delete_all(world, shepherd.started)
        return figures
