"""By which signature a task is called."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import Celery, Task

from littleflow_redis.bridges.calls.signatures import task_signature
from littleflow_redis.tasks.binding import bind


@pytest.fixture
def app() -> Iterator[Celery]:
    with Celery("signatures", set_as_current=False) as app:
        yield app


def rows(rows: Any) -> None: ...
def pair(x: Any, y: Any) -> None: ...
def none() -> None: ...


@pytest.mark.parametrize(
    ("function", "input", "parameters", "expected"),
    [
        (rows, ["row0"], None, ([["row0"]], {})),
        (rows, ["row0", "row1"], None, ([["row0", "row1"]], {})),
        (rows, {"a": 1}, None, ([{"a": 1}], {})),
        (rows, 1, {"more": 2}, ([1], {"more": 2})),
        (pair, [1, 2], None, ([1, 2], {})),
        (pair, [1, 2, 3], None, ([[1, 2, 3]], {})),
        (pair, 1, None, ([1], {})),
        (none, 1, None, ([], {})),
    ],
)
def test_without_typing_the_signature_decides_and_refuses_nothing(
    app: Celery, function: Any, input: Any, parameters: Any, expected: Any
) -> None:
    """What celery-batches takes goes into a list, which is what its function takes. A list of one
    row was spread, and one of two as well, whatever the function took.
    """
    task = app.task(function, shared=False, typing=False)
    assert bind(task_signature(task), input, parameters) == expected


def injecting(function: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator that supplies the first argument."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function("database", *args, **kwargs)

    return wrapper


def unbound(x: Any, y: Any = 1, *, z: Any) -> None: ...
def bound(self: Any, x: Any) -> None: ...


@pytest.mark.parametrize("options", [{}, {"autoretry_for": (ValueError,)}])
def test_functions(app: Celery, options: dict[str, Any]) -> None:
    plain = app.task(unbound, shared=False, **options)
    assert list(task_signature(plain).parameters) == ["x", "y", "z"]
    itself = app.task(bound, shared=False, bind=True, **options)
    assert list(task_signature(itself).parameters) == ["x"]


def test_classes(app: Celery) -> None:
    class Ship(Task):  # type: ignore[misc]
        name = "ship"
        autoretry_for = (ValueError,)

        def run(self, item: str) -> None: ...

    assert list(task_signature(app.register_task(Ship())).parameters) == ["item"]


def test_a_decorator_that_takes_anything_may_supply_what_is_required(app: Celery) -> None:
    task = app.task(injecting(unbound), shared=False)
    signature = task_signature(task)
    assert list(signature.parameters) == ["x", "y", "z"]
    assert str(signature.bind()) == "<BoundArguments ()>"
    with pytest.raises(TypeError):
        signature.bind(unknown=1)


def test_pydantic_tasks_are_known_by_their_function(app: Celery) -> None:
    pytest.importorskip("pydantic")
    for options in ({}, {"autoretry_for": (ValueError,)}):
        task = app.task(unbound, shared=False, pydantic=True, name=f"p{options}", **options)
        signature = task_signature(task)
        assert list(signature.parameters) == ["x", "y", "z"]
        with pytest.raises(TypeError):
            signature.bind(1)


def test_functions_without_a_signature_take_anything(app: Celery) -> None:
    class Largest(Task):  # type: ignore[misc]
        name = "largest"
        run = max

    assert task_signature(app.register_task(Largest())).bind(1, 2, key=3)
