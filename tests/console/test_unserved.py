"""A step that nobody serves is told, before the start and after it, until somebody serves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from littleflow_redis import Client, TaskListener
from tests.console.browser import expect
from tests.console.stage import Stage

Start = Callable[..., str]
Open = Callable[..., Any]

FOUND = "Nobody serves the category 'mahs' (mahs:add)."
ADVICE = "Did you mean 'math'? Else start a Celery worker that serves it ("


@contextmanager
def served(stage: Stage, category: str) -> Iterator[None]:
    """A listener of its own that adds."""
    client = Client(stage.server.url)
    listener = TaskListener(category, client=client)
    listener.task("add")(lambda **numbers: {"sum": sum(numbers.values())})
    with listener:
        yield
    client.redis.close()


def notice(page: Any) -> Any:
    return page.locator(".notice", has_text="Nobody serves")


def test_it_is_told_until_somebody_serves_it(open_page: Open, stage: Stage, start: Start) -> None:
    with served(stage, "math"):
        page = open_page(f"workflow/{start('mahs:add', input={'x': 1, 'y': 2})}")
        expect(notice(page)).to_contain_text(FOUND)
        expect(notice(page)).to_contain_text(ADVICE)
    with served(stage, "mahs"):
        expect(page.locator(".workflow-title .badge")).to_contain_text("Finished")
        expect(notice(page)).to_have_count(0)


def test_it_is_told_of_steps_to_come(open_page: Open, stage: Stage, start: Start) -> None:
    """While nothing happens in the workflow: who is there changes without news of it."""
    page = open_page(f"workflow/{start('held → mahs:add')}")
    expect(notice(page)).to_contain_text(FOUND)
    with served(stage, "mahs"):
        expect(notice(page)).to_have_count(0)
    expect(notice(page)).to_contain_text(FOUND)
    stage.client.terminate(page.url.rpartition("/")[2])
    expect(notice(page)).to_have_count(0)


def test_it_is_told_before_the_start(open_page: Open, stage: Stage) -> None:
    page = open_page("run")
    page.get_by_label("The text of the flow").fill("pass_on → mahs:add")
    expect(notice(page)).to_contain_text(FOUND)
    expect(page.get_by_role("button", name="Start")).to_be_enabled()
    with served(stage, "mahs"):
        expect(notice(page)).to_have_count(0)
