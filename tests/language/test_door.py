"""The public door: its names, what it loads, what it keeps."""

from __future__ import annotations

import subprocess
import sys

import pytest

from littleflow_redis import language
from littleflow_redis.language import FlowError, Limits, compile_text
from littleflow_redis.language.cache import FlowCache


def test_the_names() -> None:
    assert sorted(language.__all__) == [
        "BadOption",
        "DEFAULT_LIMITS",
        "Flow",
        "FlowError",
        "GuardError",
        "Json",
        "Limits",
        "MergeError",
        "Problem",
        "ProblemKind",
        "Step",
        "StepKind",
        "check_guard",
        "compile_text",
        "dot",
        "from_littleflow",
        "guard_matches",
        "load",
        "merge_inputs",
        "mermaid",
        "save",
        "seconds",
        "title",
        "to_littleflow",
    ]
    assert all(hasattr(language, name) for name in language.__all__)


def test_importing_it_loads_no_library() -> None:
    code = (
        "import sys, littleflow_redis.language as l;"
        "print({'lark', 'yaml', 'numpy', 'littleflow', 'jsonpath2', 'redis'} & set(sys.modules));"
        "l.compile_text('A(- x: 1 -) → ? `$.a` B');"
        "print({'numpy', 'littleflow', 'redis'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\nset()\n"
    assert ran.stderr == ""


def test_many_threads_may_compile_the_first_text() -> None:
    code = (
        "from concurrent.futures import ThreadPoolExecutor as P;"
        "import littleflow_redis.language as l;"
        "texts = [f'A{n}(- x: {n} -) → B' for n in range(64)];"
        "print(sum(len(flow) for flow in P(8).map(l.compile_text, texts)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "256\n"


def test_the_same_text_is_compiled_once() -> None:
    text = "A → B → C # kept"
    flow = compile_text(text)
    assert compile_text(text, filename="elsewhere") is flow
    assert compile_text(text, limits=Limits(steps=5)) is not flow
    with pytest.raises(FlowError):
        compile_text(text, limits=Limits(steps=4))


def test_the_cache_is_bounded() -> None:
    cache = FlowCache(most_flows=2, most_weight=10)
    small, large = compile_text("A"), compile_text("A → B → C → D → E → F")
    for key in "abc":
        cache.put(key, small)
    assert [cache.get(key) is small for key in "abc"] == [False, True, True]
    cache.get("b")
    cache.put("d", small)
    assert cache.get("c") is None
    cache.put("e", large)
    assert cache.get("e") is large
    assert cache.get("b") is None
    assert cache.get("d") is None
    cache.put("e", small)
    cache.put("f", small)
    assert cache.get("e") is small
