"""Python values, and results that Celery stored, become plain JSON with types beside it."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kombu.utils import json as kombu_json

from littleflow_redis.engine.model.typed_values import TypedValue
from littleflow_redis.tasks import conversion
from littleflow_redis.tasks.conversion import NotPlain, convert

TYPED = [
    (date(2024, 2, 29), "2024-02-29", "date"),
    (datetime(2024, 2, 29, 12, tzinfo=UTC), "2024-02-29T12:00:00+00:00", "datetime"),
    (time(12, 30), "12:30:00", "time"),
    (Decimal("1.10"), "1.10", "decimal"),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001", "uuid"),
    (b"text", "text", "bytes"),
    (b"\xff", base64.b64encode(b"\xff").decode(), "base64"),
]


def plain(value: Any) -> Any:
    return convert(value, enveloped=True).data


@pytest.mark.parametrize(("value", "text", "type"), TYPED)
def test_typed_values_become_text_with_a_type(value: Any, text: str, type: str) -> None:
    expected = TypedValue({"nested": [1, text]}, {"nested": {"1": type}})
    assert convert({"nested": [1, value]}) == expected


@pytest.mark.parametrize(("value", "text", "type"), TYPED)
def test_what_kombu_writes_for_them_becomes_the_same(value: Any, text: str, type: str) -> None:
    stored = json.loads(kombu_json.dumps({"nested": [value]}))
    assert stored["nested"] != [text]
    assert convert(stored, enveloped=True) == TypedValue(
        {"nested": [text]}, {"nested": {"0": type}}
    )


def test_an_unknown_mark_gives_what_is_inside() -> None:
    envelope = {"__type__": "point", "__value__": {"x": b"1"}}
    assert convert(envelope, enveloped=True) == TypedValue({"x": "1"}, ["point", {"x": "bytes"}])


def test_a_mark_in_plain_data_is_data() -> None:
    data = {"__type__": "decimal", "__value__": "1"}
    assert convert(data) == TypedValue(data)


@pytest.mark.parametrize(
    "value", [{"__type__": "uuid"}, {"__type__": "uuid", "__value__": 1, "more": 2}]
)
def test_what_only_looks_like_an_envelope_is_left_alone(value: Any) -> None:
    assert plain(value) == value


def test_keys_become_text_as_json_writes_them() -> None:
    keys = {1: "a", 1.5: "b", None: "c", date(2024, 1, 1): "d"}
    assert plain(keys) == {"1": "a", "1.5": "b", "null": "c", "2024-01-01": "d"}
    assert plain({True: "a"}) == json.loads(json.dumps({True: "a"}))


def test_tuples_and_sets_become_lists() -> None:
    assert plain(((1, 2), {3})) == [[1, 2], [3]]


@pytest.mark.parametrize("value", [object(), [1j], {"a": object()}, {(1, 2): 3}])
def test_what_json_has_no_form_for_is_refused(value: Any) -> None:
    with pytest.raises(NotPlain):
        plain(value)


def test_references_cannot_multiply_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversion, "MAX_VALUES", 1000)
    value: list[Any] = []
    for _ in range(100):
        value = [value, value]
    with pytest.raises(NotPlain, match="more than 1,000 values"):
        plain(value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_values)
def test_plain_json_stays_as_it_is(value: Any) -> None:
    assert plain(value) == value
