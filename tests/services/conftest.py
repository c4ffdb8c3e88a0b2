"""The browser of tests of pages."""

import os
import shutil
from pathlib import Path

import pytest
from helpers.project import PROJECT

CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def chromium():
    """Return the browser."""
    playwright = pytest.importorskip("playwright.sync_api", reason="uv sync --group browser")
    if CHROMIUM is None:
        pytest.skip("no chromium: .ci/services installs it")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def shots(tmp_path_factory) -> Path:
    """Return where screenshots go: the folder that `GALOPT_SCREENSHOTS` names."""
    if named := os.environ.get("GALOPT_SCREENSHOTS"):
        return PROJECT / named
    return tmp_path_factory.mktemp("screenshots")
