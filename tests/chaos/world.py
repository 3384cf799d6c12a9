"""Everything that a chaotic run consists of: two servers, proxies, processes, the ledger."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import redis
from redis.exceptions import RedisError

from littleflow_redis.engine.client import Client
from littleflow_redis.events.reconnect import is_temporary
from tests.support import RedisServer, ServerKind

from .fleet import Fleet
from .ledger import VARIABLE, Ledger
from .proxy import Proxy
from .roles import Role

T = TypeVar("T")

#: Seconds before a call that found no server is made again, and after which it is given up.
_AGAIN, _AWAY = 0.2, 60.0


class World:
    """``server`` holds the workflows, ``broker`` Celery's queues and results.

    ``results``: Celery has a result backend.
    """

    def __init__(
        self,
        server: RedisServer,
        broker: RedisServer,
        folder: Path,
        roles: list[Role],
        *,
        results: bool = True,
    ) -> None:
        self.server = server
        self.broker = broker
        self.folder = folder
        self.ledger = Ledger(folder / "ledger.sqlite")
        self.engine = Client(server.url)
        #: Set when nothing is to be disturbed any more.
        self.calm = threading.Event()
        self.proxies = {role.name: Proxy(server.port) for role in roles if role.proxied}
        self.proxies["broker"] = Proxy(broker.port)
        #: What does not hold, as seen while it ran.
        self.wrong: list[str] = []
        self._roles = roles
        self._results = results
        self._starter = ThreadPoolExecutor(1, "starter")

    @contextmanager
    def running(self) -> Iterator[None]:
        """All is up while inside; nothing is left after it."""
        with ExitStack() as stack:
            for proxy in self.proxies.values():
                stack.enter_context(proxy)
            environments = {role.name: self._environment(role) for role in self._roles}
            self.fleet = Fleet(self._roles, environments, self.folder)
            stack.callback(self.fleet.stop)
            stack.callback(self._starter.shutdown)
            self.fleet.start()
            yield

    def _environment(self, role: Role) -> dict[str, str]:
        proxy = self.proxies["broker"]
        broker = f"redis://{proxy.host}:{proxy.port}"
        port = self.proxies[role.name].port if role.proxied else self.server.port
        foreign = ("REDIS_", "LITTLEFLOW_", "CELERY_")
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith(foreign)},
            "PYTHONUNBUFFERED": "1",
            "REDIS_HOST": self.server.host,
            "REDIS_PORT": str(port),
            "CELERY_BROKER_URL": f"{broker}/1",
            **({"CELERY_RESULT_BACKEND": f"{broker}/2"} if self._results else {}),
            VARIABLE: str(self.ledger.path),
        }

    def patiently(self, call: Callable[[], T]) -> T:
        """Call until the server is there to answer; raise what it says if it is away for good."""
        deadline = time.monotonic() + _AWAY
        while True:
            try:
                return call()
            except RedisError as error:
                if not is_temporary(error) or time.monotonic() > deadline:
                    raise
                time.sleep(_AGAIN)

    def admin(self) -> redis.Redis:
        """A client for what operators do; it may not be answered."""
        return redis.Redis(host=self.server.host, port=self.server.port, socket_timeout=5)

    def pause(self, seconds: float) -> None:
        """Let a fault last; an end of all disturbance ends it."""
        self.calm.wait(seconds)

    def start_server(self, server: RedisServer) -> None:
        """Start a server that was killed; what it had persisted is there."""
        # The kernel kills a child with the thread that started it: let that be one that lasts.
        self._starter.submit(server.start).result()


def servers(kind: ServerKind, folder: Path, *options: str) -> tuple[RedisServer, RedisServer]:
    """The two servers of a run, started; ``options`` are those of the workflows' one."""
    started = []
    for name, given in (("redis", options), ("broker", ())):
        home = folder / name
        home.mkdir()
        durable = ("--appendonly", "yes", "--maxmemory-policy", "noeviction")
        started.append(RedisServer(kind, home, *durable, *given).start())
    return started[0], started[1]
