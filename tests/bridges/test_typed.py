"""Values keep their types between Celery tasks, as they do in Celery's own canvas."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from celery import Celery, chain, chord, group

from littleflow_redis import TaskListener
from littleflow_redis.bridges.bridge import Bridge
from littleflow_redis.bridges.calls.arguments import Unsendable, arguments
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import WorkflowFailed
from littleflow_redis.engine.model.typed_values import TypedValue
from littleflow_redis.engine.operations import end_task
from tests.support import LONG, RedisServer

from .serving import bridge_of, running

pytestmark = pytest.mark.usefixtures("shared_worker", "quick_watch")


@pytest.fixture
def bridge(engine: Client, app: Celery) -> Iterator[Bridge]:
    with running(bridge_of(engine, app)) as bridge:
        yield bridge


def canvas(app: Celery) -> dict[str, Any]:
    """Canvases of the app by the flow that stands for them."""
    t = {name.rpartition(".")[2]: task for name, task in app.tasks.items()}
    return {
        "math:typed → math:kinds": chain(t["typed"].s(), t["kinds"].s()),
        "math:price → math:double": chain(t["price"].s(), t["double"].s()),
        "math:price → math:double → math:kinds": chain(
            t["price"].s(), t["double"].s(), t["kinds"].s()
        ),
        "math:point → math:kinds": chain(t["point"].s(), t["kinds"].s()),
        "math:point → math:passed → math:kinds": chain(
            t["point"].s(), t["passed"].s(), t["kinds"].s()
        ),
        "{ math:typed math:nothing math:price } → math:kinds": chord(
            group(t["typed"].s(), t["nothing"].s(), t["price"].s()), t["kinds"].s()
        ),
        "math:nothing → math:kinds": chain(t["nothing"].s(), t["kinds"].s()),
    }


FLOWS = [
    "math:typed → math:kinds",
    "math:price → math:double",
    "math:price → math:double → math:kinds",
    "math:point → math:kinds",
    "math:point → math:passed → math:kinds",
    "{ math:typed math:nothing math:price } → math:kinds",
    "math:nothing → math:kinds",
]


def whole(text: str) -> str:
    """The same flow, each input passed as one."""
    for name in ("kinds", "double", "passed"):
        text = text.replace(f"math:{name}", f"math:{name}(- $bind: whole -)")
    return text


@pytest.mark.usefixtures("bridge")
@pytest.mark.parametrize("text", FLOWS)
def test_a_flow_gives_what_the_canvas_gives(engine: Client, app: Celery, text: str) -> None:
    by_celery = canvas(app)[text].apply_async().get(timeout=LONG)
    output = engine.wait(engine.start(whole(text)), timeout=LONG)
    # What comes out of a workflow is plain JSON: of a Decimal, its text.
    assert output == (str(by_celery) if isinstance(by_celery, Decimal) else by_celery)


@pytest.mark.usefixtures("bridge")
def test_a_price_is_doubled_as_one(engine: Client) -> None:
    workflow = engine.start(whole("math:price → math:double → math:double"))
    assert engine.wait(workflow, timeout=LONG) == "4.40"
    assert [engine.step(workflow, index).output for index in (1, 2, 3)] == ["1.10", "2.20", "4.40"]


@pytest.mark.usefixtures("bridge")
def test_types_go_around_a_task_of_another_kind(engine: Client, redis_server: RedisServer) -> None:
    """A native listener sees plain JSON, and may return what Celery's JSON carries."""
    seen: list[Any] = []
    listener = TaskListener("native", client=Client(redis_server.url))

    @listener.task(bind="whole")
    def look(value: Any) -> Any:
        seen.append(value)
        return {"price": Decimal(value)}

    with listener:
        text = whole("math:price → native:look → math:kinds")
        assert engine.wait(engine.start(text), timeout=LONG) == {"price": "Decimal Decimal('1.10')"}
    assert seen == ["1.10"]


@pytest.mark.usefixtures("bridge")
def test_data_that_looks_like_a_mark_is_never_taken_for_one(engine: Client) -> None:
    data = {"__type__": "decimal", "__value__": "1"}
    with pytest.raises(WorkflowFailed, match="the keys __type__ and __value__ alone is data here"):
        engine.wait(engine.start(whole("math:kinds"), {"a": [data]}), timeout=LONG)
    workflow = engine.start(whole("math:kinds"), {"a": data | {"more": 1}})
    kept = {"__type__": "str 'decimal'", "__value__": "str '1'", "more": "int 1"}
    assert engine.wait(workflow, timeout=LONG) == {"a": kept}


@pytest.mark.usefixtures("bridge")
def test_an_output_given_by_hand_has_no_types(engine: Client) -> None:
    workflow = engine.start(whole("hand:made → math:kinds"))
    end_task.end_task(engine, workflow, 1, output="1.10")
    assert engine.wait(workflow, timeout=LONG) == "str '1.10'"


@pytest.mark.parametrize(
    ("serializer", "types", "expected"),
    [
        ("json", "decimal", Decimal("1.10")),
        ("yaml", "decimal", "1.10"),
        ("msgpack", "bytes", b"1.10"),
        ("yaml", "bytes", b"1.10"),
    ],
)
def test_a_serializer_gets_what_it_carries(serializer: str, types: str, expected: Any) -> None:
    assert arguments(TypedValue("1.10", types), serializer) == expected


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (TypedValue("x", "nobody's"), "import the module that registers it"),
        (TypedValue("x", "decimal"), "type 'decimal' cannot be made"),
        (TypedValue({}, {"a": "decimal"}), ""),
        (TypedValue([], {"0": "decimal"}), ""),
        (TypedValue(1, {"a": "decimal"}), ""),
    ],
)
def test_types_that_do_not_fit_are_an_error_or_nothing(value: TypedValue, told: str) -> None:
    if told:
        with pytest.raises(Unsendable, match=told):
            arguments(value, "json")
    else:
        assert arguments(value, "json") == value.data
