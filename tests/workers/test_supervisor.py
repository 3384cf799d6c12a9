"""Children start in stages, are started again, and end with their supervisor, whatever ends it."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from littleflow_redis.workers import child_process
from littleflow_redis.workers.child_process import describe_exit
from tests.support import Spawned, wait_until
from tests.workers.processes import Process, in_groups, marked

SCRIPT = str(Path(__file__).with_name("supervised.py"))


class Scene:
    """A running supervisor and the processes below it."""

    def __init__(self, spawn: Callable[..., Spawned], name: str) -> None:
        self.mark = f"mark-{secrets.token_hex(8)}"
        self.process = spawn([sys.executable, SCRIPT, name, self.mark])

    def below(self) -> list[Process]:
        return [process for process in marked(self.mark) if process.pid != self.process.pid]

    def groups(self) -> set[int]:
        return {process.group for process in self.below()}

    def nothing_left(self, groups: set[int]) -> None:
        wait_until(lambda: not self.below() and not in_groups(groups), "no process is left")


@pytest.fixture
def scene(spawn: Callable[..., Spawned]) -> Callable[[str], Scene]:
    return lambda name: Scene(spawn, name)


def test_kill_9_leaves_neither_child_nor_grandchild_nor_guard(
    scene: Callable[[str], Scene],
) -> None:
    running = scene("stubborn")
    running.process.wait_for_output("job: all ready")
    groups = running.groups()
    assert len(running.below()) == 3
    assert len(groups) == 1
    assert os.getpgid(running.process.pid) not in groups
    assert len(in_groups(groups)) == 4, "three children and the guard"

    running.process.signal(signal.SIGKILL)

    running.nothing_left(groups)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_stages_in_reverse_order(
    scene: Callable[[str], Scene], number: signal.Signals
) -> None:
    running = scene("polite")
    running.process.wait_for_output("job: all ready")
    groups = running.groups()

    running.process.signal(number)

    assert running.process.wait() == 0
    assert running.process.output.splitlines() == [
        "base: at work",
        "upper: at work",
        "job: all ready",
        "upper: told to end",
        "upper: ends",
        "base: told to end",
        "base: ends",
    ]
    running.nothing_left(groups)


def test_the_second_signal_kills_at_once(scene: Callable[[str], Scene]) -> None:
    running = scene("stubborn")
    running.process.wait_for_output("job: all ready")
    groups = running.groups()

    running.process.signal(signal.SIGTERM)
    running.process.wait_for_output(f"stubborn: got {signal.SIGTERM.value}")
    running.process.signal(signal.SIGINT)

    assert running.process.wait() == 128 + signal.SIGINT
    running.nothing_left(groups)


def test_a_signal_that_comes_twice_at_once_is_one(scene: Callable[[str], Scene]) -> None:
    """Symptom: `timeout -s INT 5 … up` killed the children. It signals process and group both."""
    running = scene("long echo")
    running.process.wait_for_output("job: all ready")

    running.process.signal(signal.SIGINT)
    running.process.wait_for_output("upper: told to end")
    running.process.signal(signal.SIGINT)

    assert running.process.wait() == 0
    assert "base: ends" in running.process.output


def test_a_child_that_does_not_end_in_time_is_killed(scene: Callable[[str], Scene]) -> None:
    running = scene("impatient")
    running.process.wait_for_output("job: all ready")
    groups = running.groups()

    running.process.signal(signal.SIGTERM)

    assert running.process.wait() == 0
    assert "stubborn: did not end within 0.2 s: killed" in running.process.output
    running.nothing_left(groups)


def test_a_child_that_dies_is_started_again_without_its_orphans(
    scene: Callable[[str], Scene],
) -> None:
    running = scene("mortal")
    running.process.wait_for_output("mortal: second life")

    assert "mortal: ended unexpectedly: exit code 3\n" in running.process.output
    assert "mortal: starting it again in 0.5 s\n" in running.process.output
    assert len(running.below()) == 1, "the child of the first life is gone"


def test_a_child_that_never_gets_ready_is_given_up_and_the_others_end(
    scene: Callable[[str], Scene],
) -> None:
    running = scene("hopeless")

    assert running.process.wait() == 1
    lines = running.process.output.splitlines()
    assert lines.count("hopeless: no way") == child_process.HOPELESS
    assert lines[-1] == "given up: hopeless ended 3 times before it was ready"
    assert lines[-2] == "base: ends"


def test_the_job_decides_the_result(scene: Callable[[str], Scene]) -> None:
    running = scene("job")

    assert running.process.wait() == 7
    assert "base: ends" in running.process.output
    assert not running.below()


def test_a_quiet_child_is_heard_when_it_dies(scene: Callable[[str], Scene]) -> None:
    running = scene("quiet")
    running.process.wait_for_output("job: all ready")
    wait_until(running.below, "the child runs")
    assert "last words" not in running.process.output

    os.kill(running.below()[0].pid, signal.SIGKILL)

    running.process.wait_for_output("quiet: ended unexpectedly: killed by SIGKILL")
    assert "quiet: last words" in running.process.output


def test_output_without_newlines_is_broken_into_lines() -> None:
    async def read(*chunks: bytes) -> list[str]:
        stream = asyncio.StreamReader()
        for chunk in chunks:
            stream.feed_data(chunk)
        stream.feed_eof()
        return [line async for line in child_process._lines(stream)]

    long = b"x" * child_process.LONGEST_LINE
    assert asyncio.run(read(b"a\r\nb", b"\xff\n", b"\n", b"end")) == ["a", "b\ufffd", "", "end"]
    assert [len(line) for line in asyncio.run(read(long, b"y\n"))] == [
        child_process.LONGEST_LINE,
        1,
    ]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (0, "exit code 0"),
        (3, "exit code 3"),
        (-9, "killed by SIGKILL"),
        (-99, "killed by signal 99"),
    ],
)
def test_how_a_process_ended_is_told_in_words(code: int, text: str) -> None:
    assert describe_exit(code) == text
