"""The parts of a token; that the scripts read them alike, every test of iterations shows."""

from __future__ import annotations

import pytest

from littleflow_redis.engine.model.tokens import activation_of, scope_of


@pytest.mark.parametrize(
    ("token", "activation", "scope"),
    [("1.1-ab", 1, ""), ("12.3.0-ab", 12, "0"), ("2.1.3.0-a-2", 2, "3.0"), ("1.1", 1, "")],
)
def test_parts_of_a_token(token: str, activation: int, scope: str) -> None:
    assert (activation_of(token), scope_of(token)) == (activation, scope)
