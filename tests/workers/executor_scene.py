"""A process that serves steps by an executor, turned by hand, and those that follow its death."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, cast

from redis.exceptions import ConnectionError

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.records import PublicationRecord, Record
from littleflow_redis.engine.model.states import Outcome, PublicationState
from littleflow_redis.engine.model.task_events import StartTask, encode_success, end_fields
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.engine.store.registration import Registration
from littleflow_redis.events.event_codec import encode
from littleflow_redis.workers.executor.executor import Executor
from littleflow_redis.workers.executor.heartbeat import Life
from littleflow_redis.workers.executor.pending_end import PendingEnd, failed, succeeded
from littleflow_redis.workers.executor.roles import roles
from littleflow_redis.workers.executor.served_queues import ServedQueues
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.engine.support import hurry
from tests.faults import Died
from tests.support import LONG
from tests.workers.turning import Beating

#: Steps that a process has in hand at most: fewer than a fan-out has.
ROOM = 2

#: The text that says that a step's end is the result of its task.
RESULT = '"result"'

#: Seconds; short, so that what the dead have read is soon found.
CLAIM_IDLE = 0.005


def name_of(task: StartTask) -> str:
    """The step's name without its category."""
    return task.base.partition(":")[2]


class Tasks:
    """Every run of a task, and the messages of a broker: both outlive the processes.

    A task named Back is handed back the first time, one named Again is published the first time,
    as Celery does with a retry. One named Other leaves its end to a result, one named Last fails
    the first time.
    """

    def __init__(self) -> None:
        self.runs: Counter[str] = Counter()
        self.messages: list[StartTask] = []
        self._seen: set[tuple[str, str]] = set()

    def first(self, task: StartTask) -> bool:
        """Whether this step is looked at for the first time, under any token."""
        key = (task.workflow, task.field)
        first = key not in self._seen
        self._seen.add(key)
        return first

    def end(self, task: StartTask) -> PendingEnd:
        name = name_of(task)
        self.runs[name] += 1
        if name == "Last" and ".1-" in task.token:
            return failed(task, encode(end_fields(task, reason="the first time, always")))
        return succeeded(task, "[1, 2, 3]" if name == "Split" else f'"{name}"')


class Process:
    """Serves category ``t`` and asks for the role of the lifecycle worker."""

    def __init__(self, engine: Client, client: Client, name: str, tasks: Tasks) -> None:
        self.name = name
        self._tasks = tasks
        self._inbox: list[StartTask] = []
        served = ServedQueues(("t",), queues=lambda _category: ("main",), claim_idle=CLAIM_IDLE)
        # Alive for as long as the test likes, and looked after at each turn.
        life = Beating(HeldAttempts(client.context), Life(name, Registration(("t",)), LONG))
        self.executor = Executor(client, name, served, self, life, 0.0)
        [self.role] = roles(client, name, ["lifecycle"])
        self.leads = False
        self._lifecycle = LifecycleWorker(engine, claim_idle=CLAIM_IDLE)
        self._lifecycle.reader.ensure()

    # What the executor asks.

    def room(self) -> int:
        return ROOM - self.executor.in_hand

    def free(self) -> int:
        return self.room()

    def wants(self, _task: StartTask, _queue: str) -> bool:
        return True

    def begin(self, tasks: Sequence[StartTask]) -> None:
        self._inbox += tasks

    def overdue(self) -> Sequence[StartTask]:
        return ()

    # What the scene does.

    def turn(self) -> None:
        """Each part as a thread of its own would: an error of one does not keep back the others."""
        errors: list[ConnectionError] = []
        for part in (self.executor.read, self._run, self._hear, self.executor.apply, self._lead):
            try:
                part()
            except ConnectionError as error:
                errors.append(error)

    def finish(self) -> None:
        """Leave, as a worker does that is stopped while it has steps in hand."""
        with suppress(ConnectionError):
            self.executor.read()
        self.executor.finish(lambda: self.executor.release(self._inbox))

    def _run(self) -> None:
        while self._inbox:
            task = self._inbox.pop(0)
            if name_of(task) == "Back" and self._tasks.first(task):
                self.executor.release([task])
            elif name_of(task) == "Again" and self._tasks.first(task):
                self._tasks.messages.append(task)
                self.executor.published.publish(task)
            elif name_of(task) == "Other":
                self._tasks.runs["Other"] += 1
                self.executor.published.follow(task, RESULT)
            else:
                self.executor.end(self._tasks.end(task))

    def _hear(self) -> None:
        """A message is acknowledged when its step is held, or over."""
        for message in [*self._tasks.messages]:
            outcome, _ = self.executor.hold(message, message.uuid)
            if outcome is not Outcome.TAKEN_BY_OTHER:
                self._tasks.messages.remove(message)
            if outcome is Outcome.APPLIED:
                self.executor.add(message)
                self._inbox.append(message)

    def _lead(self) -> None:
        self.leads = self.role.ask()
        if self.leads:
            self._lifecycle.turn()


class Scene:
    """One process after the other, until the workflow has ended and all is at rest.

    ``others`` live beside the first one, which is stopped after so many ``turns`` if any are given.
    """

    def __init__(
        self, engine: Client, mortal: Client, text: str, *, others: int = 0, turns: int = 0
    ) -> None:
        self.engine = engine
        self._turns = turns
        self.tasks = Tasks()
        self.workflow = engine.start(text, {"x": 1})
        self.deaths = 0
        self._made = 0
        self._collected: set[str] = set()
        self.processes = [self._process(mortal), *(self._process(engine) for _ in range(others))]

    def run(self) -> None:
        deadline = time.monotonic() + LONG
        while not self._at_rest():
            assert time.monotonic() < deadline, f"stuck: {self.engine.state(self.workflow)}"
            for place, process in enumerate(self.processes):
                try:
                    process.turn()
                    if not self._is_to_stop(process):
                        continue
                    process.finish()
                except Died:
                    self.deaths += 1
                self._bury(process)
                self.processes[place] = self._process(self.engine)
            self._collect()
            hurry(self.engine)
        # Processes that are gone have left a connection each, and a pool has a hundred.
        self.engine.redis.connection_pool.reset()

    def _collect(self) -> None:
        """What who reads results does: each ends its step, once."""
        found: Any = self.engine.redis.hgetall(self.engine.keys.publications + "t")
        for record in map(Record, found.values()):
            token = record[PublicationRecord.TOKEN]
            if record[PublicationRecord.FOLLOWS] == RESULT and token not in self._collected:
                assert record[PublicationRecord.STATE] == PublicationState.PUBLISHED
                self._collected.add(token)
                index = int(record[PublicationRecord.STEP].partition("@")[0])
                task = StartTask("", self.workflow, index, "", "", token, None, None, {})
                self.engine.redis.xadd(
                    self.engine.keys.events, cast("Any", encode_success(task, '"Other"'))
                )

    def _is_to_stop(self, process: Process) -> bool:
        if process.name == "process-1":
            self._turns -= 1
        return process.name == "process-1" and self._turns == 0

    def _process(self, client: Client) -> Process:
        self._made += 1
        return Process(self.engine, client, f"process-{self._made}", self.tasks)

    def _bury(self, process: Process) -> None:
        """What time does to the dead and gone: the heartbeat and the lease run out."""
        redis, keys = self.engine.redis, self.engine.keys
        redis.zadd(keys.processes, {process.name: 0}, xx=True)
        if redis.get(keys.role + "lifecycle") == process.name.encode():
            redis.delete(keys.role + "lifecycle")

    def _at_rest(self) -> bool:
        redis, keys = self.engine.redis, self.engine.keys
        groups: Any = redis.xinfo_groups(keys.events)
        return (
            self.engine.views.state(self.workflow).ended
            and not self.tasks.messages
            and not redis.hlen(keys.publications + "t")
            and not redis.hlen(keys.open_attempts)
            and not redis.zcard(keys.timers)
            and not any(group["pending"] for group in groups)
            and HeldAttempts(self.engine.context).registered() <= {p.name for p in self.processes}
        )
