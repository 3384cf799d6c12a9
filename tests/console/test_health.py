"""What waits for what, how the processes get along, and dead letters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.console.browser import expect
from tests.console.stage import Stage
from tests.support import wait_until

Start = Callable[..., str]
Open = Callable[..., Any]


def test_waits_are_listed_and_an_event_is_sent(open_page: Open, stage: Stage, start: Start) -> None:
    id = start("wait:event(- event: approved -) → pass_on")
    start("wait:delay(- duration: 500 -)")
    start("nobody:serves")
    page = open_page("waiting")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(page.locator("tbody")).to_contain_text("a worker of nobody")
    page.get_by_role("button", name="Events").click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("approved")
    rows.get_by_role("button", name="Send").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Kind")).to_have_value("approved")
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Nothing waits.")).to_be_visible()
    wait_until(lambda: stage.client.state(id).state == "FINISHED", "the event arrived")


def test_groups_and_counts_are_shown(open_page: Open) -> None:
    page = open_page("health")
    groups = page.get_by_role("table", name="Consumer groups")
    expect(groups.locator("tbody tr").first).to_be_visible()
    expect(groups).to_contain_text("tasks:")
    expect(page.get_by_text("Events in the stream")).to_be_visible()


def test_a_dead_letter_is_sent_again_or_dropped(open_page: Open, stage: Stage) -> None:
    for number in range(2):
        stage.redis.xadd(
            "workflows:run", {"kind": '"end-task"', "workflow": "{not json", "n": str(number)}
        )
    page = open_page("dead")
    letters = page.locator(".dead-letter")
    expect(letters).to_have_count(2)
    letters.first.get_by_text("The event").click()
    expect(letters.first).to_contain_text("{not json")
    letters.first.get_by_role("button", name="Drop").click()
    page.get_by_role("dialog").get_by_role("button", name="Drop", exact=True).click()
    expect(letters).to_have_count(1)
    last = letters.locator("code").first.inner_text()
    letters.get_by_role("button", name="Retry").click()
    page.get_by_role("dialog").get_by_role("button", name="Retry", exact=True).click()
    expect(letters.locator("code", has_text=last)).to_have_count(0)
    expect(letters).to_have_count(1)
