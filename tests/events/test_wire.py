"""Events on the wire: every value is JSON text in UTF-8, as rqse writes and reads it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
import rqse.client
from hypothesis import given
from hypothesis import strategies as st

from littleflow_redis.events.event_codec import (
    GarbageError,
    decode,
    decode_tolerant,
    encode,
    message,
    receipt_for,
)

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def as_bytes(fields: dict[str, str]) -> dict[bytes, bytes]:
    return {name.encode(): value.encode() for name, value in fields.items()}


class TestEncoding:
    @given(st.dictionaries(NAMES, JSON, min_size=1))
    def test_what_is_written_is_read(self, event: dict[str, Any]) -> None:
        fields = as_bytes(encode(event))
        assert decode(fields) == event
        assert rqse.client.decode_dictionary(fields) == event

    @given(st.dictionaries(NAMES, JSON, min_size=1))
    def test_what_rqse_writes_is_read(self, event: dict[str, Any]) -> None:
        assert decode(as_bytes(rqse.client.encode_dictionary(event))) == event

    def test_each_value_is_compact_json_text(self) -> None:
        event = {"kind": "end-task", "index": 3, "output": {"a": [1, "é"]}, "none": None}
        assert encode(event) == {
            "kind": '"end-task"',
            "index": "3",
            "output": '{"a":[1,"\\u00e9"]}',
            "none": "null",
        }

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, [math.nan]])
    def test_numbers_that_json_does_not_have_are_refused(self, value: object) -> None:
        with pytest.raises(ValueError, match="field 'x' cannot be written as JSON"):
            encode({"kind": "a", "x": value})

    def test_a_name_that_is_not_utf_8_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"field 'a\\ud800' cannot be written: its name"):
            encode({"a\ud800": 1})

    def test_other_values_are_refused_with_the_name_of_the_field(self) -> None:
        with pytest.raises(TypeError, match=r"field 'when' cannot be written as JSON: .*datetime"):
            encode({"when": datetime.now(UTC)})
        loop: list[object] = []
        loop.append(loop)
        with pytest.raises(ValueError, match="field 'loop'"):
            encode({"loop": loop})

    def test_an_event_without_fields_is_refused(self) -> None:
        with pytest.raises(ValueError, match="at least one field"):
            encode({})


GARBAGE = [
    b"",
    b"end-task",
    b"{",
    b'{"a": 1} trailing',
    b"NaN",
    b"[Infinity]",
    b"1e999",
    b'"\xff"',
    b"[" * 100_000,
    b"1" * 10_000,
]


class TestDecoding:
    @pytest.mark.parametrize("value", GARBAGE, ids=lambda value: repr(value[:12]))
    def test_garbage_is_one_kind_of_error_that_names_the_field(self, value: bytes) -> None:
        with pytest.raises(GarbageError, match="the field 'output' is not JSON text"):
            decode({b"kind": b'"end-task"', b"output": value})

    def test_a_name_must_be_utf8(self) -> None:
        with pytest.raises(GarbageError, match="name is not UTF-8"):
            decode({b"\xff": b"1"})

    @given(st.dictionaries(st.binary(), st.binary()))
    def test_nothing_else_ever_comes_out(self, fields: dict[bytes, bytes]) -> None:
        try:
            event = decode(fields)
        except GarbageError:
            pass
        else:
            assert len(event) == len(fields)

    @given(st.dictionaries(st.binary(), st.binary() | st.sampled_from(GARBAGE)))
    def test_the_tolerant_form_always_has_something_to_show(
        self, fields: dict[bytes, bytes]
    ) -> None:
        json.dumps(decode_tolerant(fields))

    def test_the_tolerant_form_shows_text_as_it_is(self) -> None:
        fields = {b"kind": b'"a"', b"note": b"plain", b"bytes": b"\xff"}
        assert decode_tolerant(fields) == {"kind": "a", "note": "plain", "bytes": "\\xff"}


class TestMessage:
    def test_fills_in_what_every_event_has(self) -> None:
        before = datetime.now(UTC)
        event = message({"workflow": "workflow:1"}, kind="start-workflow")
        assert before <= datetime.fromisoformat(event.pop("at")) <= datetime.now(UTC)
        assert event == {
            "workflow": "workflow:1",
            "kind": "start-workflow",
            "apiVersion": "v1",
        }

    def test_keeps_what_is_there(self) -> None:
        data = {"kind": "a", "apiVersion": "v0", "at": "then", "for": "1-0"}
        assert message(data, kind="b", response_for="2-0") == data

    def test_leaves_the_callers_data_alone(self) -> None:
        data: dict[str, Any] = {}
        message(data, kind="a")
        assert data == {}

    def test_takes_a_time_and_an_answered_event(self) -> None:
        at = datetime(2026, 1, 2, tzinfo=UTC)
        assert message(kind="a", api_version="v2", at=at, response_for="1-0") == {
            "kind": "a",
            "apiVersion": "v2",
            "at": "2026-01-02T00:00:00+00:00",
            "for": "1-0",
        }

    @pytest.mark.parametrize("target", [None, "worker-1"])
    def test_receipts_are_those_of_rqse(self, target: str | None) -> None:
        ours, theirs = receipt_for("1-0", target=target), rqse.receipt_for("1-0", target=target)
        assert ours.keys() == theirs.keys()
        assert {**ours, "at": 0} == {**theirs, "at": 0}
        assert receipt_for("1-0", "started")["action"] == "started"


def test_importing_it_imports_no_redis() -> None:
    code = "import sys, littleflow_redis.events.event_codec; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
