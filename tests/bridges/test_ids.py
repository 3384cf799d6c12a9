"""Celery ids of attempts."""

from __future__ import annotations

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from littleflow_redis.bridges.calls.task_ids import celery_id, escape_pattern, id_prefix

texts = st.text(max_size=250)


def test_an_id_reads_as_what_it_names() -> None:
    assert celery_id("math", "ns:workflow:sums-1", 3, "1.2-nonce") == "lf:math:sums-1:3:1.2-nonce"
    assert celery_id("", "workflow:w", 0, "t") == "lf::w:0:t"


@given(texts, texts, st.integers(0, 10**9), texts)
def test_an_id_starts_with_its_category_and_fits_everywhere(
    category: str, workflow: str, index: int, token: str
) -> None:
    id = celery_id(category, workflow, index, token)
    assert id.startswith(id_prefix(category))
    assert len(id) <= 155, "Celery's tables hold no more"
    assert id.isascii()
    assert set(id).isdisjoint("*?[]\\ ")


@given(texts, texts)
def test_no_category_hears_of_another(one: str, other: str) -> None:
    if one != other:
        assert not id_prefix(one).startswith(id_prefix(other))


@pytest.mark.parametrize("length", [45, 46, 200])
def test_ids_of_long_workflow_ids_differ(length: int) -> None:
    ids = {celery_id("c", "w" * (length - 1) + last, 1, "t") for last in "ab"}
    assert len(ids) == 2


def test_an_escaped_text_matches_only_itself(client: redis.Redis) -> None:
    keys = [b"a*c", b"abc", b"a?c", b"a[b]c", b"a\\*c", b"a\\bc", b"a[^x]c"]
    client.mset(dict.fromkeys(keys, b""))
    assert [client.keys(escape_pattern(key)) for key in keys] == [[key] for key in keys]
