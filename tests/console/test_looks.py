"""The main pages in both themes and on a phone: axe finds nothing.

Pictures of them, to be looked at, go to build/screenshots.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.console.browser import expect
from tests.console.stage import Stage

Start = Callable[..., str]
Open = Callable[..., Any]

ROOT = Path(__file__).parents[2]
AXE = ROOT / "console/web/node_modules/axe-core/axe.min.js"
PICTURES = ROOT / "build/screenshots"

#: Pixels of the pictures in the README.
SHOWN = {"viewport": {"width": 1180, "height": 640}}

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

FLOW = (
    "@flow reviews\n\n# What people think of a product.\npass_on → {\n  held\n"
    "  pass_on → fragile\n  { large → pass_on } → hostile\n} → pass_on\n"
)

PAGES = {
    "list": "",
    "graph": "workflow/{id}/graph",
    "step": "workflow/{id}/graph?step=5",
    "timeline": "workflow/{id}/timeline",
    "table": "workflow/{id}/table",
    "source": "workflow/{id}/source",
    "events": "workflow/{id}/events",
    "unserved": "workflow/lonely",
    "run": "run",
    "waiting": "waiting",
    "health": "health",
    "dead": "dead",
}

READY = {
    "list": ".list tbody tr",
    "graph": ".graph-drawing .step",
    "step": ".step-panel .attempts",
    "timeline": ".timeline li",
    "table": ".steps tbody tr",
    "source": ".graph-drawing .step",
    "events": ".steps tbody tr",
    "unserved": ".notice code",
    "run": ".run-preview .step",
    "waiting": "tbody tr",
    "health": "tbody tr",
    "dead": ".dead-letter",
}


@pytest.fixture
def scene(stage: Stage, start: Start) -> Callable[[], str]:
    """Workflows in every state; gives the id of one that has failed."""

    def scene() -> str:
        start("@flow approval wait:event(- event: approved -) → pass_on")
        start("@flow import pass_on → pass_on", "FINISHED")
        id = start(FLOW, "FAILED", input={"product": "kettle"})
        start("@flow nightly pass_on → held")
        start("mahs:add → mahs:mul", workflow_id="lonely")
        stage.redis.xadd("workflows:run", {"kind": '"end-task"', "workflow": "{"})
        return id

    return scene


#: What the README shows: the demo's flow, with steps of these tests behind its names.
DEMO = """@flow reviews
@task fetch = pass_on
@task clean = pass_on
@task rate = pass_on
@task topics = held
@task quote = pass_on
@task report = pass_on
@task publish = pass_on

fetch → clean → {
  rate
  topics(- most: 4 -)
  quote
} → >report → publish
"""


def show(page: Any, stage: Stage, name: str, id: str) -> None:
    page.goto(f"{stage.url}#/{PAGES[name].format(id=id)}")
    if name == "run":
        page.get_by_label("The text of the flow").fill(FLOW)
    expect(page.locator(READY[name]).first).to_be_visible()


def violations(page: Any) -> list[str]:
    """What axe finds against WCAG 2.2 AA."""
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        """() => axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] })"""
    )
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_passes_axe(
    open_page: Open, stage: Stage, scene: Callable[[], str], theme: str
) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core was not found: npm --prefix console/web ci")
    id = scene()
    page = open_page(color_scheme=theme, reduced_motion="reduce", bypass_csp=True)
    PICTURES.mkdir(parents=True, exist_ok=True)
    found = {}
    for name in PAGES:
        show(page, stage, name, id)
        page.screenshot(path=PICTURES / f"{name}-{theme}.png")
        found[name] = violations(page)
    assert not [f"{name}: {one}" for name, ones in found.items() for one in ones]


def test_a_phone_shows_every_page_without_scrolling_sideways(
    open_page: Open, stage: Stage, scene: Callable[[], str]
) -> None:
    id = scene()
    page = open_page(**PHONE)
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        show(page, stage, name, id)
        page.screenshot(path=PICTURES / f"{name}-phone.png")
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{name} is {wide} pixels too wide"


def test_the_first_load_is_small(open_page: Open, stage: Stage) -> None:
    context = open_page().context
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: dict[str, float] = {}
    urls: dict[str, str] = {}
    session.on(
        "Network.responseReceived", lambda e: urls.update({e["requestId"]: e["response"]["url"]})
    )
    session.on(
        "Network.loadingFinished",
        lambda e: sizes.update({urls.get(e["requestId"], ""): e["encodedDataLength"]}),
    )
    page.goto(stage.url)
    page.wait_for_selector(".shell")
    pages = {url: size for url, size in sizes.items() if url.startswith(stage.url)}
    assert any("/assets/index-" in url for url in pages)
    assert not any("worker" in url for url in pages)
    assert sum(pages.values()) <= 120_000


def test_the_pictures_of_the_readme(open_page: Open, stage: Stage, start: Start) -> None:
    """`make screenshots` puts them into docs/images."""
    folder = Path(os.environ.get("PICTURES") or PICTURES)
    folder.mkdir(parents=True, exist_ok=True)
    start("@flow import pass_on → pass_on → pass_on", "FINISHED")
    start("@flow nightly-report pass_on → fragile → pass_on", "FAILED")
    start("@flow approval pass_on → wait:event(- event: approved -) → pass_on")
    id = stage.client.start(DEMO, input={"product": "kettle"}).removeprefix("workflow:")
    page = open_page(f"workflow/{id}/graph", **SHOWN, color_scheme="light")
    running = page.locator(".graph-drawing .step.state-running")
    expect(running).to_contain_text("topics")
    running.click()
    expect(page.locator(".step-panel .attempts")).to_be_visible()
    page.mouse.move(0, 0)
    page.screenshot(path=folder / "console-workflow.png")
    page = open_page(**SHOWN, color_scheme="dark")
    expect(page.locator(".list tbody tr")).to_have_count(4)
    page.screenshot(path=folder / "console-list.png")
