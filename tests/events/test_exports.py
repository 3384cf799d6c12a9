"""The door of the library: names that others build on."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import rqse
import rqse.client

from littleflow_redis import events

OURS: dict[Any, Any] = {
    rqse.EventClient: events.EventClient,
    rqse.EventListener: events.EventListener,
    rqse.ReceiptListener: events.ReceiptListener,
    rqse.message: events.message,
    rqse.receipt_for: events.receipt_for,
}

#: Parts of rqse's own loop, which no user calls.
INTERNAL = {"find_pending", "groupread", "delete_receipt"}


def test_every_exported_name_is_there() -> None:
    for name in events.__all__:
        assert getattr(events, name) is not None
    assert dir(events) == sorted(events.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = events.nothing


@pytest.mark.parametrize("theirs", OURS, ids=lambda theirs: theirs.__name__)
def test_call_forms_are_those_of_rqse(theirs: Any) -> None:
    expected = list(inspect.signature(theirs).parameters)
    parameters = inspect.signature(OURS[theirs]).parameters
    positional = [name for name, p in parameters.items() if p.kind is not p.KEYWORD_ONLY]
    assert positional == expected


@pytest.mark.parametrize(
    "theirs", [rqse.EventClient, rqse.EventListener, rqse.ReceiptListener], ids=lambda c: c.__name__
)
def test_methods_are_those_of_rqse(theirs: type) -> None:
    public = {name for name in dir(theirs) if not name.startswith("_")} - INTERNAL
    ours = OURS[theirs]
    for name in public:
        assert hasattr(ours, name) or name == "logger", name
        if inspect.isfunction(getattr(theirs, name)):
            expected = list(inspect.signature(getattr(theirs, name)).parameters)
            parameters = inspect.signature(getattr(ours, name)).parameters
            positional = [n for n, p in parameters.items() if p.kind is not p.VAR_POSITIONAL]
            if name == "delete":
                continue  # one id there, any number here
            assert positional[: len(expected)] == [
                {"receipt_id": "id"}.get(n, n) for n in expected
            ], name
