"""The page of one workflow."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.console.browser import expect
from tests.console.stage import Stage

Start = Callable[..., str]
Open = Callable[..., Any]

FORK = "@flow fork\npass_on → {\n  held\n  fragile\n} → > pass_on"


def node(page: Any, step: int) -> Any:
    return page.locator(f'.graph-drawing [data-step="{step}"]')


def test_the_graph_shows_states_live_by_colour_text_and_shape(
    open_page: Open, stage: Stage, start: Start
) -> None:
    id = start("pass_on → held → pass_on")
    page = open_page(f"workflow/{id}")
    expect(node(page, 1)).to_have_class(re.compile("state-ended"))
    expect(node(page, 2)).to_have_class(re.compile("state-running"))
    expect(node(page, 2)).to_contain_text("▶")
    expect(node(page, 2)).to_contain_text("running")
    expect(node(page, 3)).to_have_class(re.compile("state-idle"))
    running = node(page, 2).locator(".body").evaluate("e => getComputedStyle(e).fill")
    stage.redis.set("test:go", "1")
    expect(node(page, 3)).to_have_class(re.compile("state-ended"))
    expect(page.locator(".workflow-title .badge")).to_have_text(re.compile("Finished"))
    assert node(page, 2).locator(".body").evaluate("e => getComputedStyle(e).fill") != running


def test_a_workflow_that_failed_is_mended_here(open_page: Open, stage: Stage, start: Start) -> None:
    stage.redis.set("test:go", "1")
    id = start(FORK, "FAILED", input={"item": 7})
    page = open_page(f"workflow/{id}")
    expect(page.locator(".workflow-title .badge")).to_have_text(re.compile("Failed"))
    expect(page.get_by_role("alert")).to_contain_text("no such column: prize")
    node(page, 4).click()
    panel = page.get_by_role("complementary")
    expect(panel).to_contain_text("no such column: prize")
    expect(panel.get_by_role("region", name="Input")).to_contain_text('"item": 7')
    panel.get_by_text("Traceback", exact=True).click()
    expect(panel).to_contain_text("raise ValueError")
    stage.redis.set("test:mended", "1")
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("dialog").get_by_role("button", name="Resume").click()
    expect(page.locator(".workflow-title .badge")).to_have_text(re.compile("Finished"))
    expect(panel.get_by_role("region", name="Output")).to_contain_text('"price": 12')
    expect(panel.locator(".attempts li")).to_have_count(2)


def test_a_step_is_run_again_with_another_input(
    open_page: Open, start: Start, stage: Stage
) -> None:
    id = start("pass_on → pass_on", "FINISHED", input={"item": 1})
    page = open_page(f"workflow/{id}/table?step=1")
    page.get_by_role("button", name="Retry from here").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Another input").fill("{nonsense")
    expect(dialog.get_by_text("This is not JSON")).to_be_visible()
    expect(dialog.get_by_role("button", name="Retry from here")).to_be_disabled()
    dialog.get_by_label("Another input").fill('{"item": 2}')
    dialog.get_by_text("The same on the command line").click()
    expect(dialog.locator("code").first).to_contain_text(
        f"""restart --from 1 --input '{{"item": 2}}' {id}"""
    )
    dialog.get_by_role("button", name="Retry from here").click()
    panel = page.get_by_role("complementary")
    expect(panel.get_by_role("region", name="Output")).to_contain_text('"item": 2')


def test_equal_branches_are_one_node_with_counts_and_unfold(
    open_page: Open, stage: Stage, start: Start
) -> None:
    id = start("pass_on → { held held held held held held held } → pass_on")
    page = open_page(f"workflow/{id}")
    group = page.locator(".step.branches")
    expect(group).to_contain_text("held ×7")
    expect(group).to_contain_text("7 running")
    stage.redis.set("test:go", "1")
    expect(group).to_contain_text("7 ended")
    group.click()
    card = page.get_by_role("region", name="held ×7")
    expect(card).to_contain_text("ended7")
    card.get_by_role("button", name="Unfold").click()
    expect(page.locator(".step:has-text('held')")).to_have_count(7)


def test_subflows_fold_and_unfold(open_page: Open, start: Start) -> None:
    id = start("pass_on → { pass_on → pass_on  pass_on } → > pass_on", "FINISHED")
    page = open_page(f"workflow/{id}")
    expect(page.locator(".frame")).to_have_count(1)
    expect(page.locator(".graph-drawing .step.step")).to_have_count(9)
    page.locator(".handle").click()
    folded = page.locator(".step.cluster")
    expect(folded).to_contain_text("3 steps")
    expect(folded).to_contain_text("ended")
    folded.dblclick()
    expect(page.locator(".frame")).to_have_count(1)


def test_the_graph_moves_zooms_turns_and_obeys_the_keyboard(open_page: Open, start: Start) -> None:
    id = start("pass_on → pass_on → pass_on", "FINISHED")
    page = open_page(f"workflow/{id}")
    expect(node(page, 1)).to_be_visible()
    pane, drawing = page.get_by_role("application"), page.locator(".graph-drawing")
    shown = lambda: drawing.evaluate("e => e.style.transform")  # noqa: E731
    fitted = shown()
    page.get_by_role("button", name="Zoom in").click()
    zoomed = shown()
    assert zoomed != fitted
    box = pane.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 180, box["y"] + 140, steps=4)
    page.mouse.up()
    assert shown() != zoomed
    assert "step=" not in page.url
    page.get_by_role("button", name="Fit").click()
    assert shown() == fitted
    pane.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"step=1\b"))
    expect(node(page, 1)).to_have_class(re.compile("selected"))
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("step="))
    left_to_right = node(page, 2).bounding_box()["y"]
    assert abs(left_to_right - node(page, 1).bounding_box()["y"]) < 2
    page.get_by_role("button", name="From top to bottom").click()
    expect(page.get_by_role("button", name="From left to right")).to_be_visible()
    page.wait_for_function(
        "() => document.querySelector('[data-step=\"2\"]').getBoundingClientRect().y >"
        " document.querySelector('[data-step=\"1\"]').getBoundingClientRect().y + 20"
    )


def test_a_step_tells_when_it_ran_under_the_pointer(open_page: Open, start: Start) -> None:
    page = open_page(f"workflow/{start('pass_on', 'FINISHED')}")
    node(page, 1).hover()
    expect(page.locator(".tooltip")).to_contain_text("waited")
    expect(page.locator(".tooltip")).to_contain_text("ran")


def test_a_loop_shows_how_often_it_fired(open_page: Open, start: Start) -> None:
    page = open_page(f"workflow/{start('* pass_on', 'FINISHED', input=[{'n': n} for n in 'abc'])}")
    expect(page.locator(".step:has-text('pass_on')")).to_contain_text("×3")


def test_the_timeline_tells_waiting_from_running(open_page: Open, start: Start) -> None:
    page = open_page(f"workflow/{start('pass_on → held')}/timeline")
    rows = page.locator(".timeline li")
    expect(rows).to_have_count(2)
    expect(rows.nth(1).locator("i.wait")).to_have_count(1)
    expect(rows.nth(1).locator("i.run")).to_have_count(1)
    expect(rows.nth(1)).to_contain_text(re.compile("running, waited .*, ran"))
    rows.nth(1).click()
    expect(page.get_by_role("complementary")).to_contain_text("held")


def test_the_table_sorts_and_filters(open_page: Open, stage: Stage, start: Start) -> None:
    stage.redis.set("test:go", "1")
    id = start("pass_on(- colour: red -) → held → fragile", "FAILED", input={"n": 1})
    page = open_page(f"workflow/{id}/table")
    rows = page.locator(".steps tbody tr:not(.gap)")
    expect(rows).to_have_count(5)
    expect(rows.nth(1)).to_contain_text('{"colour":"red"}')
    expect(rows.nth(1)).to_contain_text('"n":1')
    page.get_by_role("button", name="Name").click()
    expect(rows.nth(0)).to_contain_text("end")
    page.get_by_role("button", name="Name").click()
    expect(rows.nth(0)).to_contain_text("start")
    page.get_by_label("Filter the steps").fill("failed")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("fragile")


def test_the_source_marks_the_step_under_the_pointer(
    open_page: Open, stage: Stage, start: Start
) -> None:
    stage.redis.set("test:go", "1")
    page = open_page(f"workflow/{start(FORK, 'FAILED')}/source")
    source = page.get_by_role("region", name="Source")
    expect(source).to_contain_text("@flow fork")
    expect(node(page, 4)).to_be_visible()
    source.get_by_text("fragile").hover()
    expect(node(page, 4)).to_have_class(re.compile("pointed"))
    source.get_by_text("held").click()
    expect(page).to_have_url(re.compile(r"step=3\b"))
    expect(node(page, 3)).to_have_class(re.compile("selected"))


def test_events_come_in_live(open_page: Open, stage: Stage, start: Start) -> None:
    page = open_page(f"workflow/{start('pass_on → held')}/events")
    rows = page.locator(".steps tbody tr:not(.gap)")
    expect(rows.first).to_be_visible()
    before = rows.count()
    stage.redis.set("test:go", "1")
    expect(page.locator(".workflow-title .badge")).to_have_text(re.compile("Finished"))
    page.wait_for_function(
        "n => document.querySelectorAll('.steps tbody tr:not(.gap)').length > n", arg=before
    )
    expect(rows.first).to_contain_text("Finished")


def test_links_lead_deep_and_back(open_page: Open, start: Start) -> None:
    id = start("pass_on → pass_on", "FINISHED")
    page = open_page(f"workflow/{id}/timeline?step=2")
    expect(page.get_by_role("complementary")).to_contain_text("step 2")
    page.keyboard.press("3")
    expect(page).to_have_url(re.compile("/table\\?step=2"))
    page.go_back()
    expect(page.locator(".timeline")).to_be_visible()
    page.goto(page.url.partition("#")[0] + f"workflow?id={id}")
    expect(page.locator(".workflow-title")).to_be_visible()
    page.goto(page.url.partition("#")[0] + "#/workflow/nobody")
    expect(page.get_by_text("There is no such workflow")).to_be_visible()


def test_times_are_local_utc_or_relative(open_page: Open, start: Start) -> None:
    page = open_page(f"workflow/{start('pass_on', 'FINISHED')}", timezone_id="Asia/Tokyo")
    started = page.locator(".facts time").first
    expect(started).to_have_text(re.compile(r"\d\d:\d\d:\d\d$"))
    for name, form in (("UTC", r"Z$"), ("Relative times", r"(now|ago)$")):
        page.get_by_role("button", name="Times and theme").click()
        page.get_by_role("menuitemradio", name=name).click()
        expect(started).to_have_text(re.compile(form))
