"""Which task a step means."""

from __future__ import annotations

import pytest

from littleflow_redis.bridges.calls.task_lookup import Ambiguous, Found, TaskLookup, Unknown
from littleflow_redis.events.connection import ConfigurationError


def names(*tasks: str, app: str = "proj", **mapping: str) -> TaskLookup:
    return TaskLookup(tasks, (app,), mapping)


@pytest.mark.parametrize(
    ("base", "tasks", "found"),
    [
        ("math:add", ["add", "proj.add", "proj.tasks.add"], "add"),
        ("math:add", ["proj.add", "proj.tasks.add"], "proj.add"),
        ("math:add", ["proj.tasks.add", "proj.tasks.mul"], "proj.tasks.add"),
        ("add", ["proj.tasks.add"], "proj.tasks.add"),
        ("math:stats:mean", ["stats.mean", "other.mean"], "stats.mean"),
        ("math:stats:mean", ["proj.stats.mean", "proj.mean"], "proj.stats.mean"),
        ("math:clean-up", ["proj.clean_up"], "proj.clean_up"),
        ("math:clean_up", ["proj.tasks.clean-up"], "proj.tasks.clean-up"),
        ("math:clean-up", ["proj.clean-up", "proj.clean_up"], "proj.clean-up"),
        ("math:clean-up", ["a.clean-up", "b.clean_up"], "a.clean-up"),
        ("math:add", ["math:add", "add"], "math:add"),
        ("math:add", ["shop.math.add", "shop.stats.add"], "shop.math.add"),
        ("math:add", ["math.add", "stats.add"], "math.add"),
        ("math:proj.tasks.add", ["proj.tasks.add", "other.add"], "proj.tasks.add"),
    ],
)
def test_found(base: str, tasks: list[str], found: str) -> None:
    assert names(*tasks).resolve(base) == Found(found)


@pytest.mark.parametrize(
    ("base", "tasks", "candidates"),
    [
        ("math:add", ["a.add", "b.add"], ("a.add", "b.add")),
        ("add", ["add.add", "b.add"], ("add.add", "b.add")),
        ("math:a-b", ["x.a_b", "y.a_b", "y.a-c"], ("x.a_b", "y.a_b")),
    ],
)
def test_several_that_fit_equally_are_ambiguous(
    base: str, tasks: list[str], candidates: tuple[str, ...]
) -> None:
    resolution = names(*tasks).resolve(base)
    assert resolution == Ambiguous(base, candidates)
    assert f"--map {base}={candidates[0]}" in resolution.reason


def test_a_part_of_a_word_is_no_match() -> None:
    assert isinstance(names("proj.tasks.readd").resolve("math:add"), Unknown)


def test_unknown_names_what_looks_like_it() -> None:
    resolution = names("proj.tasks.add", "proj.tasks.multiply").resolve("math:ad")
    assert resolution == Unknown("math:ad", ("proj.tasks.add",))
    assert "did you mean proj.tasks.add?" in resolution.reason
    assert "--map math:ad=TASK" in resolution.reason


def test_unknown_says_so_if_nothing_looks_like_it() -> None:
    """It asked whether any of all the tasks was meant."""
    resolution = names(*(f"proj.t{n}" for n in range(7))).resolve("math:zebra")
    assert resolution == Unknown("math:zebra", ())
    assert "serves 'math:zebra': no name is close to it. Register it" in resolution.reason


@pytest.mark.parametrize("base", ["math:SendInvoice", "math:sendinvoce", "math:SENDINVOICES"])
def test_names_are_close_whatever_the_case(base: str) -> None:
    close = names("proj.tasks.sendInvoice", "proj.tasks.add").resolve(base)
    assert close == Unknown(base, ("proj.tasks.sendInvoice",))


def test_no_more_are_named_than_one_reads() -> None:
    resolution = names(*(f"proj.p{n}.tax" for n in range(7))).resolve("math:taxe")
    assert isinstance(resolution, Unknown)
    assert "proj.p3.tax or proj.p4.tax or 2 more" in resolution.reason


def test_an_app_without_tasks() -> None:
    resolution = names().resolve("math:add")
    assert isinstance(resolution, Unknown)
    assert "Register it" in resolution.reason


def test_celerys_own_tasks_serve_no_step() -> None:
    assert names("celery.group").resolve("math:group") == Unknown("math:group", ())


def test_an_explicit_map_wins() -> None:
    tasks = TaskLookup(["add", "other.sum"], (), {"math:add": "other.sum"})
    assert tasks.resolve("math:add") == Found("other.sum")
    assert tasks.resolve("add") == Found("add")


def test_a_map_to_a_task_that_is_not_there_is_refused_at_once() -> None:
    with pytest.raises(ConfigurationError, match=r"is mapped to sums: .* it has other\.sum"):
        TaskLookup(["other.sum"], (), {"math:add": "sums"})
