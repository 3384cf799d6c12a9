"""Numbers come through the console as they were typed and as they are stored.

Symptom: 9007199254740993 became …992 and 1.0 became 1. Cause: JavaScript's numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.console.browser import expect
from tests.console.stage import Stage
from tests.support import wait_until

Start = Callable[..., str]
Open = Callable[..., Any]

CLIPBOARD = ["clipboard-read", "clipboard-write"]

#: As somebody types them, and as they are stored.
TYPED = '{"id": 9007199254740993,  "price": 1.0, "sum": -18446744073709551616.0, "zero": -0.0}'
VALUE = json.loads(TYPED)
STORED = json.dumps(VALUE, separators=(",", ":"))
SHOWN = json.dumps(VALUE, indent=2)


def stored(stage: Stage, id: str, step: int) -> str:
    """The output of a step, -1 for the workflow's input, once it is there."""
    text: Any = wait_until(lambda: stage.redis.get(f"workflow:{id}:output:{step}"), "an output")
    return str(text.decode())


def id_of(page: Any) -> str:
    expect(page).to_have_url(re.compile("#/workflow/"))
    return str(page.url).rpartition("#/workflow/")[2]


def region(page: Any, name: str) -> Any:
    return page.get_by_role("complementary").get_by_role("region", name=name).locator("pre")


def test_what_is_run_and_run_again(open_page: Open, stage: Stage) -> None:
    page = open_page("run")
    page.get_by_label("The text of the flow").fill(f"pass_on(- {TYPED} -)")
    page.get_by_label("Input (optional)").fill(f"  {TYPED}\n")
    page.get_by_text("The same on the command line").click()
    expect(page.locator(".command code")).to_have_text(re.compile(re.escape(f"'{TYPED}'")))
    page.get_by_role("button", name="Start").click()
    first = id_of(page)
    assert stored(stage, first, -1) == STORED
    assert stored(stage, first, 1) == STORED

    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Run again").click()
    expect(page.get_by_label("Input (optional)")).to_have_value(SHOWN)
    page.get_by_role("button", name="Start").click()
    expect(page).not_to_have_url(re.compile("#/run"))
    assert id_of(page) != first
    assert stored(stage, id_of(page), 1) == STORED


def test_what_is_shown_and_copied(open_page: Open, start: Start) -> None:
    id = start(f"pass_on(- {STORED} -)", "FINISHED", input=VALUE)
    page = open_page(f"workflow/{id}/table?step=1", permissions=CLIPBOARD)
    row = page.locator(".steps tbody tr:not(.gap)").nth(1)
    expect(row.locator("td.code")).to_have_text([re.compile(re.escape(STORED[:50]))] * 2)
    page.get_by_label("Filter the steps").fill("9007199254740993")
    expect(page.locator(".steps tbody tr:not(.gap)")).to_have_count(1)
    for name in ("Parameters", "Input", "Output"):
        expect(region(page, name)).to_have_text(SHOWN, use_inner_text=True)
        page.get_by_role("button", name=f"Copy {name.lower()}").click()
        page.wait_for_function(
            "shown => navigator.clipboard.readText().then(text => text === shown)", arg=SHOWN
        )
        page.evaluate("navigator.clipboard.writeText('')")


def test_what_a_step_is_retried_with(open_page: Open, stage: Stage, start: Start) -> None:
    id = start("pass_on → pass_on", "FINISHED", input={})
    page = open_page(f"workflow/{id}/table?step=1")
    page.get_by_role("button", name="Retry from here").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Another input").fill(TYPED)
    dialog.get_by_text("The same on the command line").click()
    expect(dialog.locator(".command code")).to_contain_text(f"--from 1 --input '{TYPED}' {id}")
    dialog.get_by_role("button", name="Retry from here").click()
    expect(region(page, "Output")).to_have_text(SHOWN, use_inner_text=True)
    assert stored(stage, id, 1) == STORED


def test_what_an_event_has(open_page: Open, stage: Stage, start: Start) -> None:
    id = start("wait:event(- event: paid -)")
    page = open_page(f"workflow/{id}?step=1")
    page.get_by_role("button", name="Send event").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Kind")).to_have_value("paid")
    data = f'{{"output": {TYPED}}}'
    dialog.get_by_label("Data").fill(data)
    dialog.get_by_text("The same on the command line").click()
    expect(dialog.locator(".command code")).to_contain_text(f"--data '{data}'")
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(region(page, "Output")).to_have_text(SHOWN, use_inner_text=True)
    assert stored(stage, id, 1) == STORED


def test_what_a_wait_matches(open_page: Open, stage: Stage, start: Start) -> None:
    id = start("wait:event(- {event: paid, match: input} -)", input=VALUE)
    wait_until(lambda: stage.client.state(id).steps[1].state == "waiting", "it waits")
    page = open_page("waiting")
    page.locator("tbody").get_by_role("button", name="Send").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Data")).to_have_value(SHOWN)
    dialog.get_by_role("button", name="Send", exact=True).click()
    assert stored(stage, id, 1) == STORED


def test_what_an_archive_has(open_page: Open, stage: Stage, start: Start, tmp_path: Any) -> None:
    stage.redis.set("test:go", "1")
    id = start(f"pass_on(- {STORED} -) → fragile", "FAILED", input=VALUE)
    page = open_page(f"workflow/{id}")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Archive").click()
    with page.expect_download() as download:
        page.get_by_role("dialog").get_by_role("button", name="Download").click()
    file = tmp_path / "archive.json"
    download.value.save_as(file)
    page.goto(f"{stage.url}#/")
    page.get_by_role("button", name="Restore").click()
    page.get_by_label("Archive", exact=True).set_input_files(file)
    page.get_by_role("dialog").get_by_role("button", name="Restore", exact=True).click()
    restored = id_of(page)
    assert restored != id
    assert stored(stage, restored, -1) == STORED
    assert stored(stage, restored, 1) == STORED
    page.goto(f"{stage.url}#/workflow/{restored}/table?step=1")
    expect(region(page, "Parameters")).to_have_text(SHOWN, use_inner_text=True)


def test_what_a_failure_tells(open_page: Open, start: Start) -> None:
    id = start("refuses", "FAILED", input=VALUE)
    reason = json.dumps(VALUE)
    page = open_page(f"workflow/{id}/events?step=1")
    expect(page.get_by_role("alert")).to_contain_text(reason)
    expect(page.locator(".attempts")).to_contain_text(reason)
    expect(page.locator("td.detail", has_text=reason).first).to_be_visible()


def test_what_a_dead_letter_has(open_page: Open, stage: Stage) -> None:
    stage.redis.xadd("workflows:run", {"kind": '"end-task"', "workflow": "{", "numbers": TYPED})
    page = open_page("dead")
    page.get_by_text("The event").click()
    for line in SHOWN.splitlines()[1:-1]:
        expect(page.locator(".dead-letter pre")).to_contain_text(line.strip())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": NaN}', "line 1, column 7: Object value expected"),
        ('{"a": 1,\n "a": 2}', "line 2, column 3: Duplicate key 'a'"),
        ("1e400", "1e400 is too large a number"),
        ("[" * 50_000, "nested too deep"),
        ("[" * 150 + "]" * 150, "nested more than 100 levels deep"),
    ],
)
def test_what_is_refused(open_page: Open, text: str, why: str) -> None:
    page = open_page("run")
    page.get_by_label("The text of the flow").fill("pass_on")
    page.get_by_label("Input (optional)").fill(text)
    expect(page.get_by_text(why)).to_be_visible()
