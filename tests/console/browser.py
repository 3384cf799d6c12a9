"""What tests ask of a page; where Playwright is missing, they are skipped."""

from __future__ import annotations

import pytest

_playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")

expect = _playwright.expect
expect.set_options(timeout=60_000)
