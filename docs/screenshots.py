"""Takes the screenshots: `uv run --group browser python docs/screenshots.py [FOLDER]`.

FOLDER (default: site/screenshots) keeps a search and two runs on the survey of `galopt demo`,
made where they are missing, some minutes; and of each page a picture 400 and 1,400 px wide,
light and dark. Those of the README go to docs/images too.
"""

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
README = ("report-1400-light", "runs-1400-light")
SIZES = ((400, 860), (1400, 900))
SCHEMES = ("light", "dark")
PATIENCE = 180_000
"""Milliseconds that a page may take on two busy cores."""
NOISE = ("Hide banner", "Close")
"""Buttons of what MLflow opens over its pages."""

SEARCH = (
    "search.trials=12 search.epochs=2 search.study=demo augment.repeats=0 network.pixels=45 "
    "search.sampler.startup=6"
)
RUN = "network.preset=ignat2016 train.epochs=6 augment.repeats=1"


def main() -> None:
    """Make the runs, then take every picture."""
    project = Path.cwd()
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "site/screenshots").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    if not (folder / "done").exists():
        make_runs(project / "params.yaml")
        (folder / "done").touch()
    from galopt.tracking.ui import HOST, server

    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    with server(port), sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        pages = dict(addresses(folder, f"http://{HOST}:{port}"))
        for picture in take(browser, pages, folder):
            print(picture)
        browser.close()
    for name in README:
        with Image.open(folder / f"{name}.png") as image:
            image.quantize(128).save(IMAGES / f"{name}.png", optimize=True)


def make_runs(params: Path) -> None:
    """Search, train the paper's network and that of `galopt demo`, on one small survey."""
    from galopt.compute.keras_startup import start_keras
    from galopt.config.load import RUN_SECTIONS, build_config, load_run_config
    from galopt.data.open_or_make import load_dataset
    from galopt.errors import shown_messages
    from galopt.paths import CHECKPOINTS, DEMO

    with shown_messages():
        start_keras()
        from galopt.experiments.demo import WORDS, demo
        from galopt.experiments.run import run_experiment
        from galopt.experiments.search.tracked_search import search

        galaxies = load_dataset(DEMO, build_config({}, WORDS))
        shutil.copy(params, "params.yaml")
        search(load_run_config(SEARCH, sections=(*RUN_SECTIONS, "search")), galaxies)
        run_experiment(build_config({}, RUN), galaxies, CHECKPOINTS)
        demo()


def addresses(folder: Path, server: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the name of each page, its address and a text that it shows when it is ready."""
    from galopt.tracking.queries import all_runs, text
    from galopt.tracking.ui import page_of

    newest = {run.kind: run for run in reversed(all_runs())}
    yield "runs", (f"{server}{page_of(None)}", "test_rmse")
    for kind, name in {"run": "report", "search": "search"}.items():
        run = newest[kind]
        yield f"mlflow-{kind}", (f"{server}{page_of(run.id)}", "Description")
        file = folder / f"{name}.html"
        file.write_text(text(run, "report.html") or "")
        yield name, (file.as_uri(), "Reproduce")


def take(browser: Browser, pages: dict[str, tuple[str, str]], folder: Path) -> Iterator[Path]:
    """Take each page in each size and scheme; yield the files."""
    for width, height in SIZES:
        for scheme in SCHEMES:
            size = {"width": width, "height": height}
            with browser.new_context(viewport=size, color_scheme=scheme) as context:
                context.set_default_timeout(PATIENCE)
                for name, (address, ready) in pages.items():
                    page = context.new_page()
                    page.goto(address)
                    settle(page, ready)
                    path = folder / f"{name}-{width}-{scheme}.png"
                    page.screenshot(path=path)
                    page.close()
                    yield path


def settle(page: Page, ready: str) -> None:
    """Wait until a page shows a text; close what MLflow has opened over it."""
    page.get_by_text(ready).first.wait_for(state="attached")
    for name in NOISE:
        button = page.get_by_role("button", name=name, exact=True).first
        if button.is_visible():
            button.click()
    page.wait_for_timeout(3000)  # MLflow asks its server again and again


if __name__ == "__main__":
    main()
