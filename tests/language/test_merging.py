"""`>` as littleflow merges."""

from __future__ import annotations

import pytest
from littleflow import merge

from littleflow_redis.language import Json, MergeError, merge_inputs


@pytest.mark.parametrize(
    "value",
    [{}, {"a": 1}, [], [{"a": 1}, {"b": 2}, {"a": 3}], [{"a": {"b": 1}}, {"a": {"c": 2}}], 5, "x"],
)
def test_as_littleflow(value: Json) -> None:
    assert merge_inputs(value) == merge(value)


@pytest.mark.parametrize(
    ("item", "named"),
    [([1], "a list"), ("x", "text"), (1, "a number"), (True, "true or false")],
)
def test_what_is_no_object_cannot_be_merged(item: Json, named: str) -> None:
    with pytest.raises(MergeError, match=f"item 1 is {named}, and > merges objects"):
        merge_inputs([{}, item])


def test_null_adds_nothing() -> None:
    assert merge_inputs([None, {"a": 1}, None]) == {"a": 1}
    assert merge_inputs(None) == merge_inputs([None]) == {}
