"""What people look at, in Chromium: MLflow's pages, the report in them and by itself.

Screenshots are kept in the folder that `GALOPT_SCREENSHOTS` names.
"""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
from helpers.chromium import WIDTHS, accessible_and_fits
from helpers.pages import DOCS
from helpers.postgres_server import free_port
from helpers.project import PROJECT

from galopt.config.load import build_config, load_config
from galopt.data import quality
from galopt.data.rescale import build_dataset
from galopt.data.stamps import make_stamps
from galopt.data.survey import make_survey
from galopt.data.survey.votes import TARGETS
from galopt.report.quality.page import write

pytestmark = pytest.mark.service

PATIENCE = 120_000
"""Milliseconds that a page may take on two busy cores."""

EPOCHS = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a store that holds two short runs on a small simulated sky."""
    from galopt.experiments.run import run_experiment

    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("browsed")
        patch.chdir(folder)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        data = folder / "data"
        config = build_config({"survey": {"simulate": {"galaxies": 150}}})
        make_survey(config, data / "survey")
        make_stamps(config, data / "survey", data)
        galaxies = build_dataset(config, data, data / "dataset")
        write(quality.check_dataset(galaxies, data), galaxies.folder / quality.PAGE)
        for preset in ("ignat2016", "modern"):
            wanted = f"network.preset={preset} train.epochs={EPOCHS} augment.repeats=0"
            run_experiment(load_config(PROJECT / "params.yaml", wanted), galaxies)
        yield folder


@pytest.fixture(scope="module")
def run_id(folder) -> str:
    """Return the run of the paper's network."""
    found = mlflow.search_runs(
        experiment_names=["galopt"],
        filter_string="tags.`galopt.kind` = 'run' and tags.`galopt.preset` = 'ignat2016'",
        output_format="list",
    )
    return found[0].info.run_id


@pytest.fixture(scope="module")
def address(folder):
    """Return the address of the experiment that `galopt ui` prints."""
    command = [sys.executable, "-m", "galopt.cli", "ui", "--no-browser"]
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(
        [*command, "--port", str(free_port())],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            line = next(line for line in process.stdout if line.startswith("The experiment: "))
            yield line.split()[-1]
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


@pytest.fixture
def page(chromium):
    """Return a page 1,400 px wide."""
    with chromium.new_context(viewport={"width": 1400, "height": 900}) as context:
        context.set_default_timeout(PATIENCE)
        yield context.new_page()


def test_the_table_shows_ours_beside_the_published_results(address, page, shots):
    page.goto(address)
    names = ["ignat2016 repeats=0", "modern repeats=0", "Ignat et al. 2016"]
    for name in [*names, "Huertas-Company et al. 2015"]:
        page.get_by_text(name).first.wait_for()
    page.get_by_role("button", name="Hide banner").click()
    page.get_by_role("button", name="Close", exact=True).click()  # the assistant
    for column in (
        "test_rmse",
        "test_rmse_floor",
        "test_rmse_constant",
        "best_val_rmse",
        "published_rmse",
    ):
        page.get_by_text(column, exact=True).first.wait_for()
    page.get_by_text("0.17", exact=True).first.wait_for()
    page.screenshot(path=shots / "runs.png")


def test_a_runs_page_shows_its_curves(address, page, run_id, shots):
    page.goto(f"{address.split('/runs?')[0]}/runs/{run_id}/model-metrics")
    page.get_by_placeholder("Search metric charts").fill("^(train|val)_rmse$")
    for name in ("train_rmse", "val_rmse"):
        page.get_by_text(name, exact=True).first.wait_for()
    points = page.locator(".js-plotly-plot .scatterlayer path.point")
    points.nth(2 * EPOCHS - 1).wait_for()
    assert points.count() == 2 * EPOCHS
    page.screenshot(path=shots / "curves.png")


def test_the_reference_explains_every_metric(run_id):
    page = (DOCS / "reference" / "metrics.md").read_text()
    run = mlflow.get_run(run_id)
    each = ("test_rmse", "test_rmse_expected")
    targets = {f"{name}_{target}" for name in each for target in TARGETS}
    logged = {name for name in run.data.metrics if not name.startswith("system/")} - targets
    assert logged <= set(re.findall(r"`([\w/]+)`", page))


def test_the_report_opens_as_an_artifact(address, page, run_id, shots):
    page.goto(f"{address.split('/runs?')[0]}/runs/{run_id}/artifacts/report.html")
    report = page.frame_locator("iframe").first
    report.get_by_role("heading", name="Measured on a simulated survey").wait_for()
    page.screenshot(path=shots / "artifact.png")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["report", "quality"])
def test_our_pages_are_accessible_and_fit(chromium, run_id, shots, name, width, scheme):
    written = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=f"{name}.html")
    size = {"width": width, "height": 900}
    with chromium.new_context(viewport=size, color_scheme=scheme) as context:
        page = context.new_page()
        requested = []
        page.on("request", lambda request: requested.append(request.url))
        page.goto(Path(written).as_uri())
        accessible_and_fits(page, shots / f"{name}-{width}-{scheme}.png")
        assert all(url.startswith(("file:", "data:", "blob:")) for url in requested)
