"""A coverage-guided run against the compiler: `python -m tests.fuzz.language SECONDS [SEED]`.

Keeps every text that reaches a pair of lines no text reached before, and mutates those kept. Fails
with the text when anything but a FlowError comes out, or when a text takes more than a second.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from littleflow_redis import language
from littleflow_redis.language.compiling import _compile
from littleflow_redis.language.limits import DEFAULT_LIMITS

_CODE = str(Path(language.__file__).parent)
_SEEDS = (
    "A → { B C } → > D",
    "A :x → B → C;\n:x → D",
    "@task X = a:b (- {k: [1, 2.5], $retry: {limit: 1}} -) '''doc'''\nX({\"a\": null}) → <out>",
    "? `$[?(@.a=1 and not @.b[0:2])]` A → * { B → :start; C|D } → :m E; <- k: v -> → F → :m",
    "@flow f ([1])\n@task S { A → > :end }\n* S → <x>() # end",
)
_PIECES = (
    "→", "->", ":x", ":start", ":end", ";", "{", "}", "|", ">", "*", "?", "`$`", "`$..a`", "@task ",
    "@flow ", "=", "()", "(-", "-)", "({", "})", "([", "])", "<", "<-", "->", "<{", "}>", "'''",
    "$retry: ", "$x: ", "*a", "&a ", "!t ", "<<: ", "\n", " ", "#", "\\u", "\\", '"', "é", "\x00",
)  # fmt: skip

Pair = tuple[str, int, int]


def traced(text: str) -> set[Pair]:
    """The pairs of lines of the compiler that follow each other while it reads a text."""
    seen: set[Pair] = set()

    def on_call(frame: FrameType, _event: str, _arg: Any) -> Callable[..., Any] | None:
        if not frame.f_code.co_filename.startswith(_CODE):
            return None
        before = 0

        def on_line(frame: FrameType, _event: str, _arg: Any) -> Callable[..., Any]:
            nonlocal before
            seen.add((frame.f_code.co_filename, before, frame.f_lineno))
            before = frame.f_lineno
            return on_line

        return on_line

    sys.settrace(on_call)
    try:
        check(text)
    finally:
        sys.settrace(None)
    return seen


def check(text: str) -> None:
    """Compiles a text; what comes out must be a flow that can be saved, or a FlowError."""
    begin = time.thread_time()
    try:
        flow = _compile(text, "", DEFAULT_LIMITS)
    except language.FlowError as error:
        str(error)
    else:
        if language.load(language.save(flow)) != flow:
            raise AssertionError(f"not the same when loaded again: {text!r}")
    # Tracing slows all down some thirty times.
    if time.thread_time() - begin > 30:
        raise AssertionError(f"slow: {text!r}")


def mutated(kept: list[str], chance: random.Random) -> str:
    """One of the kept texts with a few changes."""
    text = chance.choice(kept)
    for _ in range(chance.randint(1, 4)):
        begin = chance.randint(0, len(text))
        end = min(len(text), begin + chance.choice((0, 0, 1, 1, 3, 10)))
        other = chance.choice(kept)
        cut = chance.randint(0, len(other))
        new = chance.choice(
            ("", chance.choice(_PIECES), chr(chance.randint(1, 0x2FFF)), other[cut : cut + 20])
        )
        text = (text[:begin] + new * chance.choice((1, 1, 1, 5)) + text[end:])[:2_000]
    return text


def main(seconds: float, seed: int) -> None:
    """Runs for so long and prints what was reached."""
    chance = random.Random(seed)
    kept, reached, tried = list(_SEEDS), set[Pair](), 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        text = kept[tried] if tried < len(_SEEDS) else mutated(kept, chance)
        tried += 1
        try:
            new = traced(text) - reached
        except Exception as error:
            raise AssertionError(f"{type(error).__name__} from {text!r}") from error
        if new:
            reached |= new
            kept.append(text)
    print(f"{tried} texts, {len(kept)} kept, {len(reached)} pairs of lines, nothing but FlowError")


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
