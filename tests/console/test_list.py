"""The list of workflows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.console.browser import expect
from tests.console.stage import READ, Stage
from tests.support import wait_until

Start = Callable[..., str]
Open = Callable[..., Any]


def names(page: Any) -> list[str]:
    return [str(name) for name in page.locator(".cell-name > a").all_inner_texts()]


def test_the_first_page_says_how_to_get_a_workflow(page: Any) -> None:
    expect(page.get_by_role("heading", name="No workflows yet")).to_be_visible()
    expect(page.get_by_text("python -m littleflow_redis run first.flow")).to_be_visible()
    expect(page.get_by_role("button", name="Copy command").first).to_be_visible()


def test_the_token_is_taken_from_the_address_and_kept_for_the_tab(page: Any) -> None:
    assert "token" not in page.url
    page.reload()
    expect(page.get_by_role("heading", name="No workflows yet")).to_be_visible()
    assert page.evaluate("localStorage.getItem('littleflow-token')") is None


def test_without_a_token_the_page_asks_for_one(open_page: Open) -> None:
    page = open_page(token="")
    field = page.get_by_role("textbox", name="Token")
    field.fill("wrong-token-wrong-token")
    page.get_by_role("button", name="Use this token").click()
    expect(page.get_by_text("does not know the token")).to_be_visible()
    page.get_by_role("textbox", name="Token").fill(READ)
    page.get_by_role("button", name="Use this token").click()
    expect(page.get_by_role("heading", name="No workflows yet")).to_be_visible()


def test_a_read_only_token_shows_everything_and_offers_no_change(
    open_page: Open, start: Start
) -> None:
    id = start("held")
    page = open_page(token=READ)
    expect(page.get_by_text("read-only")).to_be_visible()
    expect(page.locator(".list tbody tr")).to_have_count(1)
    assert page.get_by_role("checkbox").count() == 0
    assert page.get_by_role("button", name="Run", exact=True).count() == 0
    page.goto(re.sub("#.*", "", page.url) + f"#/workflow/{id}/table")
    expect(page.get_by_role("button", name="held")).to_be_visible()
    assert page.get_by_role("button", name="Stop").count() == 0


def test_rows_tell_state_name_progress_and_change_live(
    page: Any, stage: Stage, start: Start
) -> None:
    start("@flow nightly pass_on → held")
    row = page.locator(".list tbody tr")
    expect(row).to_contain_text("nightly")
    expect(row).to_contain_text("Running")
    expect(row.locator(".progress")).to_have_text("2 / 4")
    stage.redis.set("test:go", "1")
    expect(row).to_contain_text("Finished")
    expect(row.locator(".progress")).to_have_text("4 / 4")


def test_filters_stand_in_the_address(page: Any, start: Start, open_page: Open) -> None:
    start("@flow alpha pass_on", "FINISHED")
    start("@flow beta fragile", "FAILED")
    start("@flow gamma held")
    expect(page.locator(".list tbody tr")).to_have_count(3)
    page.get_by_role("button", name="Failed").click()
    expect(page.locator(".list tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Running").click()
    expect(page.locator(".list tbody tr")).to_have_count(2)
    assert "state=FAILED&state=RUNNING" in page.url
    page.get_by_label("Search name or id").fill("bet")
    expect(page.locator(".list tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile("q=bet"))
    again = open_page(page.url.partition("#/")[2])
    expect(again.locator(".list tbody tr")).to_have_count(1)
    assert names(again) == ["beta"]
    again.get_by_label("Search name or id").fill("nobody")
    expect(again.get_by_text("No workflow passes these filters")).to_be_visible()
    again.get_by_role("button", name="Show all").click()
    expect(again.locator(".list tbody tr")).to_have_count(3)
    again.get_by_label("Name, such as").fill("al*")
    expect(again.locator(".list tbody tr")).to_have_count(1)
    again.get_by_label("Started").select_option("1h")
    expect(again.locator(".list tbody tr")).to_have_count(1)


def test_pages_are_stable_while_workflows_come_in(page: Any, stage: Stage) -> None:
    for number in range(60):
        stage.client.start(f"@flow flow-{number:02d} nobody:serves")
    page.reload()
    expect(page.locator(".list tbody tr")).to_have_count(50)
    first = names(page)
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".list tbody tr")).to_have_count(10)
    second = names(page)
    assert not set(first) & set(second)
    stage.client.start("@flow late nobody:serves")
    page.reload()
    expect(page.locator(".list tbody tr")).to_have_count(10)
    assert names(page) == second
    page.get_by_role("button", name="Previous").click()
    expect(page.locator(".cell-name > a").first).to_have_text("late")


def test_many_are_stopped_resumed_and_deleted_at_once(
    page: Any, stage: Stage, start: Start
) -> None:
    for number in range(3):
        start(f"@flow flow-{number} held")
    expect(page.locator(".list tbody tr")).to_have_count(3)
    page.get_by_label("Select all on this page").check()
    expect(page.get_by_text("3 workflows selected")).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text("Stop 3 workflows")
    dialog.get_by_role("button", name="Stop 3 workflows").click()
    expect(page.get_by_text("Stopping")).to_have_count(4)
    stage.redis.set("test:go", "1")
    expect(page.locator(".list").get_by_text("Stopped")).to_have_count(3)

    page.get_by_label("Select flow-1").check()
    page.get_by_role("button", name="Resume", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Resume 1 workflow").click()
    expect(page.locator(".list").get_by_text("Finished")).to_have_count(1)

    page.get_by_label("Select all on this page").check()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete 3 workflows").click()
    expect(page.get_by_role("heading", name="No workflows yet")).to_be_visible()


def test_all_pages_are_selected_and_counted(page: Any, stage: Stage) -> None:
    for number in range(55):
        stage.client.start(f"@flow flow-{number:02d} pass_on")
    page.reload()
    page.get_by_label("Select all on this page").check()
    page.get_by_role("button", name="Select all that match").click()
    expect(page.get_by_text("55 workflows selected")).to_be_visible()


def test_a_lost_link_is_told_and_its_return_too(page: Any, stage: Stage, start: Start) -> None:
    start("held")
    row = page.locator(".list tbody tr")
    expect(row).to_contain_text("Running")
    stage.stop_api()
    expect(page.get_by_text("Link lost")).to_be_visible()
    expect(row).to_contain_text("Running")
    stage.redis.set("test:go", "1")
    stage.start_api()
    expect(page.get_by_text("The link to the API is back")).to_be_visible()
    expect(row).to_contain_text("Finished")
    expect(page.get_by_text("Link lost")).to_have_count(0)


def test_a_hidden_tab_asks_nothing(page: Any, stage: Stage, start: Start) -> None:
    id = start("held")
    row = page.locator(".list tbody tr")
    expect(row).to_contain_text("Running")
    turn = """state => {
      Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(turn, "hidden")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    stage.redis.set("test:go", "1")
    wait_until(lambda: stage.client.state(id).state == "FINISHED", "it has finished")
    expect(row).to_contain_text("Running")
    assert not asked
    page.evaluate(turn, "visible")
    expect(row).to_contain_text("Finished")
