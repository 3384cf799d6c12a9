"""Writing a flow in the browser, and starting it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.console.browser import expect

Start = Callable[..., str]
Open = Callable[..., Any]


@pytest.fixture
def editor(open_page: Open) -> Any:
    return open_page("run")


def text_field(page: Any) -> Any:
    return page.get_by_label("The text of the flow")


def test_mistakes_are_marked_at_their_place(editor: Any) -> None:
    text_field(editor).fill("pass_on → {\n  held → }\npass_on")
    expect(editor.locator(".problems")).to_contain_text("line 2, column 10")
    expect(editor.locator(".editor .wrong")).to_have_text("}")
    expect(editor.locator(".editor-lines .bad")).to_have_text("2")
    expect(editor.get_by_role("button", name="Start")).to_be_disabled()
    text_field(editor).fill("pass_on → { held }")
    expect(editor.get_by_text("This is a flow.")).to_be_visible()
    expect(editor.locator(".editor .wrong")).to_have_count(0)


def test_the_graph_is_seen_before_the_start(editor: Any) -> None:
    text_field(editor).fill("pass_on → { held fragile }")
    expect(editor.locator(".run-preview .step .label")).to_have_text(
        ["pass_on", "held", "fragile"], use_inner_text=False
    )


def test_a_flow_is_started_with_its_input(editor: Any) -> None:
    text_field(editor).fill("@flow written pass_on")
    field = editor.get_by_label("Input (optional)")
    field.fill('{"a": ')
    expect(editor.get_by_text("This is not JSON")).to_be_visible()
    expect(editor.get_by_role("button", name="Start")).to_be_disabled()
    field.fill('{"a": 5}')
    editor.get_by_role("button", name="Start").click()
    expect(editor.get_by_role("heading", name="Workflows / written")).to_be_visible()
    expect(editor.locator(".workflow-title .badge")).to_have_text(re.compile("Finished"))
    editor.keyboard.press("3")
    expect(editor.locator(".steps")).to_contain_text('{"a":5}')


def test_a_flow_comes_from_a_file(editor: Any, tmp_path: Any) -> None:
    file = tmp_path / "mine.flow"
    file.write_text("@flow from-file held → pass_on\n")
    with editor.expect_file_chooser() as chooser:
        editor.get_by_role("button", name="Open a file").click()
    chooser.value.set_files(file)
    expect(text_field(editor)).to_have_value("@flow from-file held → pass_on\n")
    expect(editor.get_by_text("This is a flow.")).to_be_visible()
    text_field(editor).press("Control+Enter")
    expect(editor.get_by_role("heading", name="Workflows / from-file")).to_be_visible()


def test_a_workflow_is_run_again(open_page: Open, start: Start) -> None:
    id = start("@flow again pass_on", "FINISHED", input={"n": 3})
    page = open_page(f"workflow/{id}")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Run again").click()
    expect(text_field(page)).to_have_value("@flow again pass_on")
    expect(page.get_by_label("Input (optional)")).to_have_value(re.compile('"n": 3'))
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", name="Workflows / again")).to_be_visible()
    assert id not in page.url


def test_an_example_is_a_flow(editor: Any) -> None:
    for number in range(3):
        editor.get_by_role("button", name="Examples").click()
        editor.get_by_role("menuitem").nth(number).click()
        expect(editor.get_by_text("This is a flow.")).to_be_visible()
