"""What users and tasks wrote is text on every page, whatever it looks like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.console.browser import expect
from tests.console.stage import Stage

Start = Callable[..., str]
Open = Callable[..., Any]

MARKUP = "<img src=x onerror=document.title='harmed'>"
#: Reads from right to left where it is not spelled out.
TURNED = "a\u202eb"


def unharmed(page: Any) -> None:
    assert page.title() == "littleflow"
    assert page.locator("main img, main script").count() == 0


def test_hostile_outputs_are_text(open_page: Open, start: Start) -> None:
    id = start("hostile → pass_on", "FINISHED", input={"note": MARKUP})
    page = open_page(f"workflow/{id}/table?step=1")
    panel = page.get_by_role("complementary")
    expect(panel.get_by_role("region", name="Input")).to_contain_text(MARKUP)
    output = panel.get_by_role("region", name="Output")
    expect(output).to_contain_text("<img src=x onerror=")
    expect(output).to_contain_text("</script><script>")
    expect(output).to_contain_text("abc\\u202egnp.exe")
    expect(page.locator(".steps")).to_contain_text("<img src=x")
    unharmed(page)


def test_hostile_names_and_parameters_are_text(open_page: Open, stage: Stage, start: Start) -> None:
    id = start(f"<- p: \"{MARKUP}\" -> → {{ pass_on(- turned: '{TURNED}' -) }}", "FINISHED")
    page = open_page(f"workflow/{id}/source?step=1")
    expect(page.get_by_role("region", name="Source")).to_contain_text(MARKUP)
    expect(page.get_by_role("region", name="Source")).to_contain_text("a\\u202eb")
    expect(page.locator(".graph-drawing .step").first).to_be_visible()
    unharmed(page)
    page.goto(f"{stage.url}#/run")
    page.get_by_label("The text of the flow").fill(f"{MARKUP} → {TURNED}")
    expect(page.locator(".problems .error-text").first).to_be_visible()
    unharmed(page)


def test_hostile_dead_letters_and_addresses_are_text(open_page: Open, stage: Stage) -> None:
    stage.redis.xadd("workflows:run", {"kind": '"end-task"', "workflow": MARKUP})
    page = open_page("dead")
    page.get_by_text("The event").click()
    expect(page.locator(".dead-letter")).to_contain_text(MARKUP)
    page.goto(f"{stage.url}#/workflow/{MARKUP}")
    expect(page.get_by_text("There is no such workflow")).to_be_visible()
    unharmed(page)


def test_a_megabyte_is_shown_in_part_and_whole_on_demand(open_page: Open, start: Start) -> None:
    page = open_page(f"workflow/{start('large', 'FINISHED')}/table?step=1")
    output = page.get_by_role("complementary").get_by_role("region", name="Output")
    expect(output.locator("pre")).to_contain_text("xxx")
    assert len(output.locator("pre").inner_text()) < 5000
    output.get_by_role("button", name="Show all").click()
    page.wait_for_function(
        "() => document.querySelector('[aria-label=Output] pre').textContent.length > 990000"
    )
