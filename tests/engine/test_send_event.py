"""What an event may hold that somebody sends."""

from __future__ import annotations

import math
from typing import Any

import pytest

from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.json_values import BadValue
from littleflow_redis.engine.model.user_events import RESERVED_FIELDS


@pytest.mark.parametrize("name", sorted(RESERVED_FIELDS))
@pytest.mark.parametrize("value", [1, "end-task"])
def test_what_sending_sets_is_not_the_sender_s(engine: Client, name: str, value: Any) -> None:
    """Symptom: an event sent as harmless was an end-task, or one that nobody could wait for.

    Cause: a `kind` among the fields won over the kind that was named.
    """
    with pytest.raises(BadValue, match=f"cannot hold {name}, which sending sets: name the kind"):
        engine.send_event("harmless", {"order": 17, name: value})
    assert not engine.redis.exists(engine.keys.events)


@pytest.mark.parametrize(
    ("data", "said"),
    [({"a\ud800": 1}, "its name is not UTF-8"), ({"x": math.inf}, "field 'x' cannot be written")],
)
def test_what_cannot_be_written(engine: Client, data: dict[str, Any], said: str) -> None:
    """Symptom: a 500 of the API, a traceback of the command. Cause: these errors were nobody's."""
    with pytest.raises(BadValue, match=said):
        engine.send_event("news", data)
    assert not engine.redis.exists(engine.keys.events)
