"""What can be done with one workflow."""

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


def badge(page: Any) -> Any:
    return page.locator(".workflow-title .badge")


def menu(page: Any, item: str) -> None:
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name=item).click()


def confirm(page: Any, name: str) -> None:
    page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()


def test_a_workflow_is_stopped_and_resumed(open_page: Open, stage: Stage, start: Start) -> None:
    page = open_page(f"workflow/{start('held → pass_on')}")
    page.get_by_role("button", name="Stop").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("The same on the command line").click()
    expect(dialog.locator("code")).to_contain_text("python -m littleflow_redis terminate")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.get_by_role("button", name="Stop").click()
    confirm(page, "Stop")
    expect(badge(page)).to_contain_text("Stopping")
    page.get_by_role("button", name="Force stop").click()
    confirm(page, "Force stop")
    expect(badge(page)).to_contain_text("Stopped")
    stage.redis.set("test:go", "1")
    page.get_by_role("button", name="Resume").click()
    confirm(page, "Resume")
    expect(badge(page)).to_contain_text("Finished")


def test_an_event_is_sent(open_page: Open, start: Start) -> None:
    page = open_page(f"workflow/{start('wait:event(- event: approved -) → pass_on')}")
    menu(page, "Send an event")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Only for this workflow")).to_be_checked()
    dialog.get_by_label("Kind").fill("approved")
    dialog.get_by_label("Data").fill("[1]")
    expect(dialog.get_by_text("An object is needed")).to_be_visible()
    dialog.get_by_label("Data").fill('{"by": "ann"}')
    confirm(page, "Send")
    expect(badge(page)).to_contain_text("Finished")


def test_a_workflow_is_deleted(open_page: Open, stage: Stage, start: Start) -> None:
    id = start("pass_on", "FINISHED")
    page = open_page(f"workflow/{id}")
    menu(page, "Delete")
    confirm(page, "Delete")
    expect(page.get_by_role("heading", name="No workflows yet")).to_be_visible()
    assert not stage.redis.exists(f"workflow:{id}")


def test_an_archive_goes_to_a_file_and_comes_back(
    open_page: Open, stage: Stage, start: Start, tmp_path: Any
) -> None:
    id = start("fragile", "FAILED", input={"n": 1})
    page = open_page(f"workflow/{id}")
    menu(page, "Archive")
    with page.expect_download() as download:
        confirm(page, "Download")
    file = tmp_path / download.value.suggested_filename
    assert file.name == f"{id}.json"
    download.value.save_as(file)
    assert json.loads(file.read_text())

    stage.client.delete(id)
    page.goto(stage.url + "#/")
    page.get_by_role("button", name="Restore an archive").click()
    page.get_by_label("Archive", exact=True).set_input_files(file)
    confirm(page, "Restore")
    expect(badge(page)).to_contain_text("Stopped")
    stage.redis.set("test:mended", "1")
    page.get_by_role("button", name="Resume").click()
    confirm(page, "Resume")
    expect(badge(page)).to_contain_text("Finished")


def test_an_archive_goes_to_a_uri_and_comes_back(
    open_page: Open, stage: Stage, start: Start
) -> None:
    uri = stage.archives.as_uri() + "/one.json"
    page = open_page(f"workflow/{start('pass_on', 'FINISHED')}")
    menu(page, "Archive")
    page.get_by_label("A URI that the API writes to").check()
    page.get_by_label("URI", exact=True).fill(uri)
    confirm(page, "Archive")
    wait_until((stage.archives / "one.json").exists, "the archive is written")
    page.goto(stage.url + "#/")
    page.get_by_role("button", name="Restore").click()
    page.get_by_label("A URI that the API reads").check()
    page.get_by_label("URI", exact=True).fill(uri)
    confirm(page, "Restore")
    expect(page).to_have_url(re.compile("#/workflow/"))
    expect(badge(page)).to_contain_text("Stopped")


def test_what_is_no_archive_is_refused_with_the_reason(
    open_page: Open, stage: Stage, start: Start, tmp_path: Any
) -> None:
    start("pass_on", "FINISHED")
    page = open_page()
    file = tmp_path / "not.json"
    file.write_text("nonsense")
    page.get_by_role("button", name="Restore").click()
    page.get_by_label("Archive", exact=True).set_input_files(file)
    confirm(page, "Restore")
    expect(page.get_by_role("alert")).to_contain_text("not.json is no archive")


@pytest.mark.parametrize(
    ("item", "copied"),
    [("Copy the id", "{id}"), ("Copy the command", "python -m littleflow_redis inspect {id}")],
)
def test_id_and_command_are_copied(open_page: Open, start: Start, item: str, copied: str) -> None:
    id = start("pass_on", "FINISHED")
    page = open_page(f"workflow/{id}", permissions=["clipboard-read", "clipboard-write"])
    menu(page, item)
    expect(page.get_by_role("status").get_by_text("copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == copied.format(id=id)


def test_an_action_that_is_refused_says_why(open_page: Open, stage: Stage, start: Start) -> None:
    id = start("fragile", "FAILED")
    page = open_page(f"workflow/{id}")
    page.get_by_role("button", name="Resume").click()
    stage.client.delete(id)
    confirm(page, "Resume")
    expect(page.get_by_role("alert").last).to_contain_text("no workflow")
