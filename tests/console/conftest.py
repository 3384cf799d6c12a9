"""A real browser in front of a real console."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from littleflow_redis import console
from tests.console.stage import FULL, Stage
from tests.support import wait_until

STATIC = Path(console.__file__).parent / "static"

#: Ms that a page may take to show what a test waits for.
PATIENCE = 60_000


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    if not (STATIC / "index.html").is_file():
        pytest.skip("the pages are not built: make pages")
    stage = Stage(tmp_path_factory.mktemp("stage"))
    yield stage
    stage.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("chromium was not found: apt-get install chromium")
    # Its event loop runs in this thread as long as it is open: not beside the tests of others.
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


#: Pixels of the window.
DESK = {"width": 1280, "height": 860}

#: ``open(path="", token=FULL, **context)``: a page of its own, at ``#/path``.
Open = Callable[..., Any]


@pytest.fixture
def open_page(browser: Any, stage: Stage) -> Iterator[Open]:
    """Pages that must not throw, nor break the content security policy."""
    stage.reset()
    contexts: list[Any] = []
    wrong: list[str] = []

    def open_page(path: str = "", token: str = FULL, **options: Any) -> Any:
        context = browser.new_context(**{"viewport": DESK, **options})
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: _note(message, wrong))
        page.goto(f"{stage.url}#token={token}" if token else stage.url)
        page.wait_for_selector(".shell")
        if path:
            page.goto(f"{stage.url}#/{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not wrong


def _note(message: Any, wrong: list[str]) -> None:
    if message.type == "error" and "Failed to load resource" not in message.text:
        wrong.append(message.text)


@pytest.fixture
def page(open_page: Open) -> Any:
    return open_page()


@pytest.fixture
def start(stage: Stage) -> Callable[..., str]:
    """``start(text, until="FINISHED", input=…)``: a workflow in that state; its id, as shown.

    Steps called ``held`` run when it returns, unless the workflow has ended.
    """

    def there(id: str, until: str) -> bool:
        now = stage.client.state(id)
        held = [step.state for step in now.steps if step.name == "held"]
        return now.state == until and (now.state.ended or all(one == "running" for one in held))

    def start(text: str, until: str = "RUNNING", **options: Any) -> str:
        id = stage.client.start(text, **options)
        wait_until(lambda: there(id, until), f"{id} is {until}")
        return id.removeprefix("workflow:")

    return start
