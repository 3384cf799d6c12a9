"""Who serves a start-task: one rule for bridges, listeners and the lifecycle."""

from __future__ import annotations

import pytest

from littleflow_redis.engine.model.task_events import Garbage, base_of, start_task

TASK = {b"workflow": b'"workflow:w"', b"index": b"1"}


@pytest.mark.parametrize(
    ("fields", "base"),
    [
        ({b"base": b'"math:add"', b"name": b'"sum"'}, "math:add"),
        ({b"name": b'"sum"'}, "sum"),
        ({b"base": b'""', b"name": b'"sum"'}, "sum"),
        ({b"base": b"null", b"name": b'"sum"'}, "sum"),
        ({b"base": b"", b"name": b'"sum"'}, "sum"),
        ({b"base": '"mäth:add"'.encode(), b"name": b'"sum"'}, "mäth:add"),
    ],
)
def test_the_base_chooses_and_without_one_the_name(fields: dict[bytes, bytes], base: str) -> None:
    assert base_of(fields) == base
    assert start_task("1-0", {**TASK, **fields}).base == base


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({b"base": b"[1]", b"name": b'"sum"'}, "'base' must be a string"),
        ({b"base": b"7", b"name": b'"sum"'}, "'base' must be a string"),
        ({b"base": b"math:add", b"name": b'"sum"'}, "'base'"),
        ({b"base": b'"\\ud800"', b"name": b'"sum"'}, "contains a lone surrogate"),
        ({b"base": b'""'}, "'name' is missing"),
        ({b"name": b"{}"}, "'name' must be a string"),
        ({}, "'name' is missing"),
    ],
)
def test_a_base_that_is_no_text_is_garbage(fields: dict[bytes, bytes], told: str) -> None:
    for read in (base_of, lambda given: start_task("1-0", {**TASK, **given})):
        with pytest.raises(Garbage, match=told):
            read(fields)
