"""Limits: each can be met, each can be set, and nothing takes long however it is written."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache

import pytest

from littleflow_redis.language import FlowError, Limits, ProblemKind, compile_text, load, save
from littleflow_redis.language.compiling import _compile
from littleflow_redis.language.limits import DEFAULT_LIMITS


@pytest.mark.parametrize(
    ("text", "limits", "message"),
    [
        ("A → B", Limits(text_size=6), "a text of more than 6 bytes"),
        ("A → B → C", Limits(steps=4), "more than 4 steps"),
        ("A B C D E F G", Limits(steps=4), "more than 4 steps"),
        ("A → B → C", Limits(edges=3), "more than 3 edges"),
        ("{ { A } }", Limits(nesting=1), "more than 1 levels"),
        ("@task X { { A } } { X }", Limits(nesting=2), "more than 2 levels"),
        ("? `$.abc` A", Limits(guard_size=4), "a guard of more than 4"),
    ],
)
def test_limits_can_be_set(text: str, limits: Limits, message: str) -> None:
    compile_text(text)
    with pytest.raises(FlowError) as caught:
        compile_text(text, limits=limits)
    assert message in caught.value.problems[0].message
    assert caught.value.problems[0].kind is ProblemKind.LIMIT


def test_limits_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="give 1 or more"):
        Limits(steps=0)
    with pytest.raises(ValueError, match="100 at most"):
        Limits(nesting=101)


def test_the_deepest_nesting_compiles() -> None:
    flow = compile_text("{ A " * 100 + "}" * 100, limits=Limits(nesting=100))
    assert load(save(flow)) == flow


@pytest.fixture(autouse=True)
def _own_garbage() -> Iterator[None]:
    """What other tests left in memory is not searched while these take the time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def seconds(work: Callable[[], object]) -> float:
    """Processor time of this thread, the least of three runs."""
    best = float("inf")
    for _ in range(3):
        begin = time.thread_time()
        work()
        best = min(best, time.thread_time() - begin)
    return best


@cache
def bare_loop() -> float:
    """The measure of this machine: a million additions, 20 to 60 ms anywhere."""
    return seconds(lambda: sum(number + 1 for number in range(1_000_000)))


def chain(length: int) -> str:
    return "\n→ ".join(f"step{number}(- x: {number} -)" for number in range(length))


def test_a_thousand_steps_compile_fast_and_ten_thousand_in_proportion() -> None:
    _compile("A(- x: 1 -)", "", DEFAULT_LIMITS)
    short, long = chain(990), chain(9_900)
    small = seconds(lambda: _compile(short, "", DEFAULT_LIMITS))
    large = seconds(lambda: _compile(long, "", DEFAULT_LIMITS))
    assert small < 4 * bare_loop()
    assert large < 25 * small


def test_a_text_that_was_compiled_is_there_at_once() -> None:
    text = chain(990)
    compile_text(text)
    assert seconds(lambda: [compile_text(text) for _ in range(20)]) < bare_loop()


def test_saving_and_loading_ten_thousand_steps() -> None:
    flow = compile_text(chain(9_900))
    assert seconds(lambda: load(save(flow))) < 20 * bare_loop()


SEEDS = [
    "A ", "A;", "A→", ";", "→", ":x ", "A :x ", "A :x;", ":x → A;", "A → :x;", "{", "}", "{A}",
    "(", "(-", "A(- -)", "A()→", 'A({"a":1})→', "<", "<>", "<> → A;", "<a> → A;", "`", "?",
    "? `$` A ", "? `$[0]` A→", "@", "@task A;", "@flow A ", "@task A {A} ", "@foo x ", "'''", '"',
    "\\", ". ", ".\n", "é", "#", "#\n", " ", "\n", "-", "a-", "a:", ":", "> A→", "* A→", "|", "A|",
    "=", "A → :start;", "A;\n. ", "\x00", "\nA →", "A\n→ → B\n", "A((", 'A({"', '<{"', "(- - -)",
]  # fmt: skip
NASTY = {
    "json depth": 'A({"a":' + "[" * 40_000 + "]" * 40_000 + "})",
    "json escapes": 'A({"' + '\\"' * 49_000,
    "json twice": "A({" + ",".join('"k":1' for _ in range(15_000)) + "})",
    "json number": 'A({"a":' + "1" * 90_000 + "})",
    "yaml depth": "A(- " + "[ " * 45_000 + " -)",
    "yaml questions": "A(- " + "[?" * 45_000 + " -)",
    "yaml list": "A(- [" + "a," * 45_000 + "] -)",
    "yaml sixties": "A(- a: 1" + ":01" * 30_000 + " -)",
    "yaml hex": "A(- 0x" + "f" * 90_000 + " -)",
    "yaml keys": "A(- {" + ",".join(f"k{n}: 1" for n in range(9_000)) + "} -)",
    "unknown labels": ";".join(f"A → :l{n}" for n in range(8_000)),
    "a ring": ";".join(f":l{n} → A → :l{(n + 1) % 4_000}" for n in range(4_000)),
    "long names": "A → :" + "x" * 50_000 + "y; :" + "x" * 40_000 + "z → C",
    "guards": "→".join(f"? `$[{n}]`A" for n in range(7_000)),
    "guard depth": "? `$" + "[?(@" * 3_000 + "` A",
    "subflows": "".join(f"@task X{n} {{X{n + 1}}} " for n in range(4_500)) + "@task X4500 {X0} X0",
    "rounds": ("{A → :start; A " * 40 + "}" * 40) * 60,
    "texts": "@task A '''" + "''a" * 30_000 + "''' A",
}


@pytest.mark.parametrize("text", [*SEEDS, *NASTY], ids=repr)
def test_no_text_of_100_kb_takes_long(text: str) -> None:
    whole = NASTY.get(text) or (text * 100_000)[: 100_000 // len(text.encode()) * len(text)]
    begin = time.thread_time()
    with suppress(FlowError):
        _compile(whole, "", DEFAULT_LIMITS)
    # A bare loop of a million additions is 20 to 60 ms: this is one second, give or take.
    assert time.thread_time() - begin < 25 * bare_loop()
