"""Exceptions are what was raised: their text, their classes, on real workers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import redis
from celery import Celery

from littleflow_redis.bridges.bridge import Bridge
from littleflow_redis.bridges.ends.failures import failure_of
from littleflow_redis.bridges.ends.task_error import TaskError
from littleflow_redis.engine.client import Client
from littleflow_redis.engine.model.errors import WorkflowFailed
from littleflow_redis.engine.model.exception_classes import class_names
from tests.apps import raising
from tests.support import Spawned, wait_until

from .conftest import APPS, app_of, celery_worker
from .serving import LONG, bridge_of, in_flight, running

pytestmark = pytest.mark.usefixtures("quick_watch")


@pytest.fixture(scope="module", params=["prefork", "threads"])
def worker(
    request: pytest.FixtureRequest,
    celery_environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Spawned]:
    options = ("--pool", request.param, "-c", "1")
    with celery_worker("raising", celery_environment, tmp_path_factory, *options) as process:
        yield process


@pytest.fixture
def app(
    client: redis.Redis, celery_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Celery]:
    monkeypatch.syspath_prepend(APPS)
    with app_of("raising", celery_environment) as app:
        yield app


@pytest.fixture
def bridge(engine: Client, app: Celery, worker: Spawned) -> Iterator[Bridge]:
    with running(bridge_of(engine, app, "r", sweep=0.3)) as bridge:
        yield bridge


def failed(engine: Client, step: str) -> tuple[str, int]:
    """Why a workflow of one step failed, and after how many attempts."""
    workflow = engine.start(step)
    with pytest.raises(WorkflowFailed) as caught:
        engine.wait(workflow, timeout=LONG)
    wait_until(lambda: in_flight(engine, "r") == 0, "nothing is in flight")
    [reason] = caught.value.reasons
    return reason.partition("): ")[2], engine.state(workflow).steps[1].attempts


def raised(how: str) -> Exception:
    """What the task raises, in this process."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whichever it is
        raising.RAISING[how]()
    return caught.value


#: What Celery itself loses: it stores these, and not the texts that they gave.
LOST = {"wordless": "<Wordless 4>", "holding": "held"}


def test_the_reason_is_what_str_gave(engine: Client, bridge: Bridge) -> None:
    """A missing file was `2, No such file or directory`, and a ValidationError nothing."""
    workflows = {how: engine.start(f"r:go(- how: {how} -)") for how in raising.RAISING}
    for how, workflow in workflows.items():
        with pytest.raises(WorkflowFailed):
            engine.wait(workflow, timeout=LONG)
        [attempt] = engine.attempts(workflow)
        error = raised(how)
        kind, text = type(error), LOST.get(how, str(error))
        name = (
            kind.__qualname__
            if kind.__module__ == "builtins"
            else (f"{kind.__module__.removeprefix('tests.apps.')}.{kind.__qualname__}")
        )
        if how == "holding":
            name = "ConnectionResetError"
        assert attempt.reason == (f"{name}: {text}" if text else name), how
        assert "Traceback (most recent call last)" in attempt.traceback, how


@pytest.mark.parametrize(
    ("how", "policy", "attempts"),
    [
        ("refused", "on: [OSError]", 2),
        ("refused", "on: [IOError]", 2),
        ("refused", "on: [Refused]", 2),
        ("refused", "on: [raising.Refused]", 2),
        ("refused", "on: [Exception]", 2),
        ("refused", "on: [TimeoutError]", 1),
        ("refused", "on: [other.Refused]", 1),
        ("refused", "except: [OSError]", 1),
        ("refused", "except: [ValueError]", 2),
        ("refused", "on: [OSError], except: [ConnectionError]", 1),
        ("inner", "on: [Inner]", 2),
        ("inner", "on: [raising.Outer.Inner]", 2),
        ("json", "on: [json.JSONDecodeError]", 2),
        ("json", "on: [ValueError]", 2),
        ("validation", "on: [ValidationError]", 2),
        ("picky", "on: [Picky]", 2),
        ("picky", "except: [raising.Picky]", 1),
        ("picky", "on: [UnpickleableExceptionWrapper]", 1),
        ("holding", "on: [OSError]", 2),
    ],
)
def test_classes_decide_as_in_autoretry_for(
    engine: Client, bridge: Bridge, how: str, policy: str, attempts: int
) -> None:
    retry = f"$retry: {{limit: 1, delay: 0, {policy}}}"
    assert failed(engine, f"r:go(- {{how: {how}, {retry}}} -)")[1] == attempts


def test_a_result_that_cannot_be_encoded_is_final(engine: Client, bridge: Bridge) -> None:
    reason, attempts = failed(engine, "r:unencodable(- $retry: 3 -)")
    assert "EncodeError: Object of type object is not JSON serializable" in reason
    assert attempts == 1


def test_async_def_tasks_say_what_to_do(engine: Client, bridge: Bridge) -> None:
    reason, attempts = failed(engine, "r:coroutine(- $retry: 3 -)")
    assert (
        "Object of type coroutine is not JSON serializable; Celery calls an `async def`" in reason
    )
    assert "asyncio.run(…)" in reason
    assert attempts == 1


def test_what_a_task_cannot_encode_itself_is_as_any_failure(engine: Client, bridge: Bridge) -> None:
    reason, attempts = failed(engine, "r:starts-unencodable(- $retry: {limit: 1, delay: 0} -)")
    assert "EncodeError" in reason
    assert attempts == 2


def stored(module: str, name: str, *arguments: Any, traceback: Any = None) -> TaskError:
    result = {"exc_type": name, "exc_module": module, "exc_message": list(arguments)}
    return failure_of({"status": "FAILURE", "result": result, "traceback": traceback})


def test_of_a_class_that_is_not_imported_the_name_counts() -> None:
    assert stored("no.such", "Odd").classes == ("no.such.Odd", "Exception")
    assert stored("os", "system", "true").classes == ("os.system", "Exception")
    assert stored("os", "path.join").classes == ("os.path.join", "Exception")
    # Celery's own are: those of tasks that were revoked, or whose process was killed.
    lost = stored("billiard.exceptions", "WorkerLostError", "exitcode 3.")
    assert lost.reason == "billiard.exceptions.WorkerLostError: exitcode 3."
    assert {"billiard.exceptions.WorkerLostError", "Exception"} < set(lost.classes)


def test_nothing_is_imported_or_asked_for_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module may run code for each name that it is asked for, such as to import."""
    asked: list[str] = []
    lazy = ModuleType("lazy")
    lazy.__getattr__ = asked.append  # type: ignore[method-assign,assignment]
    monkeypatch.setitem(sys.modules, "lazy", lazy)
    assert stored("lazy", "Odd").classes == ("lazy.Odd", "Exception")
    assert stored("this", "Odd").classes == ("this.Odd", "Exception")
    assert asked == []
    assert "this" not in sys.modules


WRAPPED = ("celery.utils.serialization", "UnpickleableExceptionWrapper")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["m", "Odd", ["a", 1], "Odd('a', 1)"], "m.Odd: ('a', 1)"),
        (["m", "Odd", [], "Odd()"], "m.Odd"),
        (["m", "Odd", [], "Odd at 7"], "m.Odd: Odd at 7"),
        (["builtins", "KeyError", ["a"], "KeyError('a')"], "KeyError: 'a'"),
        (["m", "Odd"], "celery.utils.serialization.UnpickleableExceptionWrapper: ('m', 'Odd')"),
        ([1, 2, 3, 4], "celery.utils.serialization.UnpickleableExceptionWrapper: (1, 2, 3, 4)"),
    ],
)
def test_wrappers_are_undone(arguments: list[Any], reason: str) -> None:
    assert stored(*WRAPPED, *arguments, traceback="Traceback …").reason == reason


@pytest.mark.parametrize(
    "traceback",
    [
        None,
        "",
        "cut off",
        "Traceback (most recent call last):\n",
        "Traceback (most recent call last):\n  File …\nOther: no\n",
        "\nThe above exception was the direct cause of the following exception:\n\n",
        "  + Exception Group Traceback (most recent call last):\n",
    ],
)
def test_without_a_traceback_the_arguments_tell(traceback: Any) -> None:
    assert stored("builtins", "ValueError", "no", traceback=traceback).reason == "ValueError: no"
    assert stored("builtins", "OSError", 2, "no", traceback=traceback).message == "[Errno 2] no"


def test_names_are_not_without_end() -> None:
    kind: type = ValueError
    for n in range(100):
        kind = type(f"{'E' * 300}{n}", (kind,), {})
    names = class_names(kind)
    assert len(names) <= 64
    assert max(map(len, names)) <= 200
