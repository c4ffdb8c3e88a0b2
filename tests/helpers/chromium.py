"""Pages of ours in Chromium: does axe find anything, does anything stick out."""

from pathlib import Path

import pytest

WIDTHS = (400, 1400)
SPILLED = """
() => [...document.querySelectorAll("body *:not(.skip)")]
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll, pre"))
  .map(e => e.outerHTML.slice(0, 120))
"""


def accessible_and_fits(page, screenshot: Path) -> None:
    """Assert that a page has no violation that axe knows and fits its window."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(SPILLED) == []
    page.screenshot(path=screenshot, full_page=True)
