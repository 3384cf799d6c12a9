"""Native tasks: plain Python functions that serve steps, without Celery.

::

    from littleflow_redis import TaskListener

    listener = TaskListener("math")

    @listener.task
    def add(x, y):
        return x + y

    if __name__ == "__main__":
        listener.run()

serves the steps ``math:add``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any, Self, TypeVar, overload

from littleflow_redis.engine.builtins import BUILTIN_CATEGORIES
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.views.health import LISTENER
from littleflow_redis.events.connection import ConnectionSettings
from littleflow_redis.events.group import CLAIM_IDLE
from littleflow_redis.events.shutdown import Stop, stop_on_signals

from .executor.served_queues import ServedQueues
from .function_server import FunctionServer
from .functions import Functions
from .hands import Hands
from .process_main import LOG, work_through_outages
from .start_tasks import MAX_DEATHS

Function = TypeVar("Function", bound=Callable[..., Any])

#: First part of the names of the consumer groups; the category follows. ``group=`` overrides it.
GROUP = LISTENER

#: Seconds that one look for work takes at most in ``run_at_most`` and ``run_until_finished``.
LOOK = 0.05


class TaskListener:
    """Serves one or several categories of steps with Python functions.

    Any number of listeners, in any number of processes, may serve a category: each task goes to
    one of them. They share the consumer group ``<group>:<category>`` and must have the same
    functions, for whoever is handed a step without a function fails it. A listener with some of a
    category's functions sets ``partial`` and a ``group`` of its own, and leaves the others alone.

    ``concurrency`` is how many functions run at a time. With 1 they run in the thread that serves;
    above, in threads. ``claim_idle`` is in seconds: so long after a listener died another one
    begins its tasks anew. Its sign of life comes from a process of its own with ``run``, from a
    thread otherwise: there a function that keeps the interpreter for longer is taken for dead.

    A task that was begun ``max_deaths`` times by workers that died is ended as failed, finally, and
    kept as a dead letter: it may be what kills them. 0 is no limit.

    Without categories it serves the steps whose names have none. Where Redis is says ``client``,
    ``url`` or the environment, as for Client.

    Raises ValueError for settings that cannot be, ConfigurationError for a bad URL.
    """

    def __init__(
        self,
        *categories: str,
        url: str | None = None,
        client: Client | None = None,
        concurrency: int = 1,
        group: str = GROUP,
        partial: bool = False,
        claim_idle: float = CLAIM_IDLE,
        max_deaths: int = MAX_DEATHS,
    ) -> None:
        _check(categories, concurrency, group, partial)
        self._settings = None if client else ConnectionSettings.from_environment(url=url)
        self.client = client or Client(url)
        self.functions = {category: Functions(category) for category in categories or ("",)}
        self.stop_request = Stop()
        self._concurrency = concurrency
        self._group = group
        self._partial = partial
        self._claim_idle = claim_idle
        self._max_deaths = max_deaths
        self._server: FunctionServer | None = None
        self._thread: threading.Thread | None = None

    @overload
    def task(self, function: Function, /) -> Function: ...

    @overload
    def task(
        self, name: str | None = None, /, *, bind: str | None = None
    ) -> Callable[[Function], Function]: ...

    def task(
        self, name: str | Callable[..., Any] | None = None, /, *, bind: str | None = None
    ) -> Any:
        """Serve ``category:name`` by the function below, which stays as it is.

        The name is the function's own unless given; ``-`` in it matches ``_``. A name that begins
        with one of several categories serves only that one. ``bind`` is ``auto``, ``whole``,
        ``spread`` or ``none``: how input and parameters become arguments where the step does not
        say so itself, by default ``auto``: the flow and the signature decide.

        Raises ValueError for a name that is served already, TypeError for an async function.
        """

        def register(function: Function) -> Function:
            self._register(name if isinstance(name, str) else function.__name__, function, bind)
            return function

        return register if name is None or isinstance(name, str) else register(name)

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT: then finish the tasks in hand; a second signal quits.

        A Redis that is away is waited for. Outside the main thread only ``stop`` ends it. Raises
        ConfigurationError if Redis refuses the credentials.
        """
        in_main = threading.current_thread() is threading.main_thread()
        with stop_on_signals(self.stop_request, LOG) if in_main else nullcontext():
            self._serve(self._settings)

    def start(self) -> None:
        """Serve in a thread of its own, until ``stop``."""
        self.stop_request.clear()
        self._thread = threading.Thread(target=self._serve, name="littleflow-listener", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the tasks in hand, hand back what was not begun, and end."""
        self.stop_request.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
        self._close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def turn(self, block: float = 0.0, most: int | None = None) -> int:
        """Begin up to ``most`` tasks, waiting ``block`` seconds for the first; return how many.

        With a concurrency of 1 they are done when it returns. Raises RedisError.
        """
        return self._open().turn(block, most)

    def run_at_most(self, tasks: int, timeout: float | None = None) -> int:
        """Serve so many tasks and return how many; fewer if ``timeout`` seconds were not enough."""
        deadline = None if timeout is None else time.monotonic() + timeout
        begun = 0
        while begun < tasks and (deadline is None or time.monotonic() < deadline):
            begun += self.turn(LOOK, tasks - begun)
        self._open().finish()
        return begun

    def run_until_finished(self, timeout: float | None = None) -> None:
        """Serve until no workflow is in progress: for tests.

        Raises TimeoutError after ``timeout`` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while left := self.client.redis.scard(self.client.keys.running):
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError(
                    f"{left} workflows are in progress after {timeout} s: does a worker run "
                    "(python -m littleflow_redis worker), and does anybody serve the other steps?"
                )
            self.turn(LOOK)

    def _register(self, name: str, function: Callable[..., Any], bind: str | None) -> None:
        category, colon, rest = name.partition(":")
        if colon and category in self.functions:
            self.functions[category].add(rest, function, bind)
            return
        for functions in self.functions.values():
            functions.add(name, function, bind)

    def _serve(self, apart: ConnectionSettings | None = None) -> None:
        try:
            groups = " ".join(f"{self._group}:{category}" for category in self.functions)
            work_through_outages(self._open(apart), "listener", group=groups)
        finally:
            self._close()

    def _open(self, apart: ConnectionSettings | None = None) -> FunctionServer:
        if self._server is None:
            served = ServedQueues(
                tuple(self.functions),
                kind=self._group,
                claim_idle=self._claim_idle,
                max_deaths=self._max_deaths,
            )
            hands = Hands(
                self.functions,
                partial=self._partial,
                concurrency=self._concurrency,
                patience=self._claim_idle / 2,
                stopped=self.stop_request.is_set,
            )
            self._server = FunctionServer(self.client, served, hands, self.stop_request, apart)
        return self._server

    def _close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()


def _check(categories: Sequence[str], concurrency: int, group: str, partial: bool) -> None:
    if concurrency < 1:
        raise ValueError(f"concurrency is {concurrency}: set it to 1 or more")
    for category in categories:
        if ":" in category:
            raise ValueError(f"category {category!r}: write only the part before the colon")
        if category in BUILTIN_CATEGORIES:
            raise ValueError(f"category {category!r} is built in: choose another name")
    if partial and group == GROUP:
        raise ValueError("a partial listener needs a group of its own: set group='…'")
