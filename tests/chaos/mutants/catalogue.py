"""The mistakes: what stands in the code, what stands there instead, and who must notice."""

from __future__ import annotations

from dataclasses import dataclass

_LUA = "littleflow_redis/engine/store/lua"


@dataclass(frozen=True, slots=True)
class Mutant:
    """``old`` stands once in ``file``. ``tests`` are arguments of pytest."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "the end is acknowledged before it is applied",
        "littleflow_redis/workers/lifecycle.py",
        "        send = self._engine.transitions\n",
        "        send = self._engine.transitions\n"
        "        self.reader.ack([entry.id for entry, _ in ends])\n",
        ("tests/engine/test_crashes.py",),
    ),
    Mutant(
        "the token is not compared",
        f"{_LUA}/apply_ends.lua",
        "local attempt = close_attempt(w, step, token)\n",
        "local one = step[Dynamic.OPEN][1]\n"
        "local attempt = one and close_attempt(w, step, one[AttemptRecord.TOKEN])\n",
        ("tests/engine/test_ends.py",),
    ),
    Mutant(
        "the sweep is forgotten",
        "bridges/broker/result_collector.py",
        "self._sweeping = self._sweep.pages()",
        "self._sweeping = iter(())",
        ("tests/bridges/test_bridge_crashes.py",),
    ),
    Mutant(
        "a timer is removed before it is acted on",
        f"{_LUA}/due_timers.lua",
        "local wait = 0\n",
        "local wait = 0\nif #due > 0 then redis.call('ZREM', timers, unpack(due)) end\n",
        ("tests/engine/test_crashes.py",),
    ),
    Mutant(
        "whoever saw a step become ready may fire it",
        f"{_LUA}/fire_ready.lua",
        "if redis.call('SISMEMBER', w.key .. S.timers, member) == 0 then",
        "if false then",
        ("tests/engine/test_crashes.py", "tests/engine/test_flowing.py"),
    ),
    Mutant(
        "work begins although its attempt is closed",
        f"{_LUA}/claim_attempt.lua",
        "if not attempt then return settled(Outcome.GONE) end",
        "if not attempt then return settled(Outcome.APPLIED) end",
        ("tests/workers/test_listener.py", "tests/bridges/test_bridge.py"),
    ),
    Mutant(
        "a task is marked as published before it is",
        "bridges/broker/dispatch.py",
        "                answers = self._publisher.publish(list(calls.values()))\n",
        "                self._mark(jobs)\n"
        "                answers = self._publisher.publish(list(calls.values()))\n",
        ("tests/bridges/test_bridge_crashes.py",),
    ),
    Mutant(
        "a flight outlives its attempt",
        f"{_LUA}/lib/commit.lua",
        "  redis.call('HDEL', flights, task)\n",
        "",
        ("tests/bridges/test_bridge.py",),
    ),
    Mutant(
        "a start-task goes when it was read, not when it is done",
        f"{_LUA}/sweep_stream.lua",
        "then gone = not open[i]",
        "then gone = done_by_all(id)",
        ("tests/engine/test_stream.py",),
    ),
    Mutant(
        "what a group took and lost is left alone",
        "littleflow_redis/engine/operations/reconcile.py",
        'if how == "dropped" and event not in before:',
        'if how == "dropped":',
        ("tests/engine/test_reconcile.py",),
    ),
    Mutant(
        "after a lost reply nobody reads again what it delivered",
        "littleflow_redis/events/group.py",
        '            self._own_after, self._link_id = "0", None\n',
        "            self._link_id = None\n",
        ("tests/events/test_group.py",),
    ),
    Mutant(
        "a start-task is acknowledged before its attempt is held",
        "littleflow_redis/workers/executor/task_reader.py",
        "        reports = transitions.run(calls)\n",
        "        self.tasks.reader.ack([task.event for task in tasks])\n"
        "        reports = transitions.run(calls)\n",
        ("tests/workers/test_listener_faults.py", "tests/workers/test_executor_crashes.py"),
    ),
    Mutant(
        "a start that is repeated starts again",
        f"{_LUA}/start.lua",
        "if known then return",
        "if false then return",
        ("tests/engine/test_crashes.py",),
    ),
    Mutant(
        "a round that ends is taken for the latest",
        f"{_LUA}/lib/fire_step.lua",
        "attempt and attempt[AttemptRecord.ACTIVATION] or step[Dynamic.ACTIVATIONS]",
        "step[Dynamic.ACTIVATIONS]",
        ("tests/engine/test_loops.py",),
    ),
    Mutant(
        "what a restart has reset is cancelled in an archive",
        "littleflow_redis/engine/archive/stopped_steps.py",
        "over or state == StepState.IDLE or going_on",
        "over or going_on",
        ("tests/engine/test_archive_owed.py",),
    ),
    Mutant(
        "ends of workflows that Redis lost go by in silence",
        f"{_LUA}/apply_ends.lua",
        "if not redis.call('ZSCORE', K.deleted, workflow) then",
        "if false then",
        ("tests/engine/test_ends.py",),
    ),
    Mutant(
        "what a lost reply gave to a process is forgotten",
        "littleflow_redis/workers/executor/lost_replies.py",
        "        self._suspected = True\n",
        "        self._suspected = False\n",
        ("tests/workers/test_executor_crashes.py",),
    ),
    Mutant(
        "nobody looks for what the dead hold",
        "littleflow_redis/engine/operations/take_over.py",
        "        ripe = [name for",
        "        ripe = [name for name in () for",
        ("tests/workers/test_executor_crashes.py",),
    ),
    Mutant(
        "an attempt is taken from a process that lives",
        f"{_LUA}/release_attempt.lua",
        "~= holder or fenced == '1' and is_alive(holder) then",
        "~= holder then",
        ("tests/engine/test_held_attempts.py",),
    ),
    Mutant(
        "each copy of a retry's message is run",
        f"{_LUA}/hold_published.lua",
        "owner == holder or is_alive(owner) or",
        "false or",
        ("tests/engine/test_held_attempts.py",),
    ),
    Mutant(
        "a copy of a message runs a step that waits for a result",
        f"{_LUA}/hold_published.lua",
        "if not publication or publication[PublicationRecord.FOLLOWS] then",
        "if not publication then",
        ("tests/engine/test_held_attempts.py",),
    ),
    Mutant(
        "a hand-back counts as a death",
        f"{_LUA}/release_attempt.lua",
        "if died ~= '1' then attempt",
        "if false then attempt",
        ("tests/engine/test_held_attempts.py",),
    ),
    Mutant(
        "what must not run twice is given to others when its holder has died",
        f"{_LUA}/release_attempt.lua",
        "if died == '1' and may_have_run(attempt) then",
        "if false then",
        ("tests/engine/test_at_most_once.py",),
    ),
    Mutant(
        "what must not run twice begins in whoever asks next",
        f"{_LUA}/claim_attempt.lua",
        "if may_have_run(attempt) and (first == '' or first ~= worker) then",
        "if false then",
        ("tests/engine/test_at_most_once.py",),
    ),
    Mutant(
        "what began and must not run twice is handed back",
        "littleflow_redis/workers/executor/lost_replies.py",
        "died=begun",
        "died=False",
        ("tests/workers/test_executor.py",),
    ),
    Mutant(
        "what could not be noted as sent is sent again",
        "bridges/broker/dispatch_once.py",
        "        left = [job for job in jobs if job.id not in self._tried]\n"
        "        self._settle_tried(jobs)\n",
        "        left = [*jobs]\n",
        ("tests/bridges/test_at_most_once.py",),
    ),
)
