"""The page: its sections in order, each a function that says what its template shows."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from galopt import tracking
from galopt.compute.progress import busy
from galopt.config.load import load_config
from galopt.data.dataset import load
from galopt.data.quality import PAGE as QUALITY
from galopt.errors import DataError
from galopt.files import atomic_file, read_json
from galopt.paths import DATASET, EVALUATED, EVALUATION_PLOTS, PARAMS, TRAINED, TRAINING_PLOTS
from galopt.report.html import templates
from galopt.report.run import classes, examples, network, paper, reproduce, search
from galopt.report.run.related_runs import collect
from galopt.report.run.report_data import ReportData


@dataclass(frozen=True)
class PageSection:
    """A part of the page.

    Attributes
    ----------
    name : str
        Of its template and its anchor.
    title : str
        In the contents, if `context` gives no `title`.
    context : callable
        Subject to what the template needs; None leaves the section out.
    """

    name: str
    title: str
    context: Callable[[ReportData], dict[str, Any] | None]


SECTIONS = (
    PageSection("compare", "Can they be compared?", paper.compare),
    PageSection("differences", "What differs", paper.differences),
    PageSection("speed", "Speed", paper.speed),
    PageSection("examples", "The classes", examples.examples),
    PageSection("network", "Network", network.network),
    PageSection("training", "Training", network.training),
    PageSection("classes", "Results per class", classes.classes),
    PageSection("gallery", "Best and worst", examples.gallery),
    PageSection("saliency", "What the network looks at", examples.saliency),
    PageSection("search", "Search", search.search),
    PageSection("ensemble", "Ensemble", search.ensemble),
    PageSection("more", "More figures", network.more),
    PageSection("reproduce", "Reproduce", reproduce.reproduce),
)


def page(subject: ReportData) -> str:
    """Return the report as one self-contained HTML page; a search's opens with what it found."""
    environment = templates()
    shared = {"subject": subject, "info": subject.info, "config": subject.config}
    shown = []
    for section in sorted(SECTIONS, key=lambda section: section.name != subject.kind):
        context = section.context(subject)
        if context is not None:
            template = environment.get_template(f"sections/{section.name}.html.j2")
            title = context.get("title", section.title)
            shown.append((section.name, title, Markup(template.render(shared | context))))
    head = paper.headline(subject)
    return environment.get_template("page.html.j2").render(shared | head, sections=shown)


def log_report(subject: ReportData) -> None:
    """Log the page to the open run, with what the store knows of other runs and the dataset's."""
    with busy("Writing the report"):
        found = collect(subject.info["hash"], subject.kind, subject.run_id)
        tracking.log_text(page(replace(subject, findings=found)), "report.html")
    if (quality := subject.dataset.folder / QUALITY).exists():
        tracking.log_file(quality)


def write_report(path: Path) -> None:
    """Write the page of the trained and evaluated network that DVC's stages left behind.

    Raises
    ------
    DataError
        A stage has not run.
    """
    try:
        train = read_json(TRAINED)
        metrics = read_json(EVALUATED)
        history = pd.read_csv(TRAINING_PLOTS / "history.csv").to_dict("records")
        predictions = pd.read_csv(EVALUATION_PLOTS / "predictions.csv", dtype={"id": str})
    except FileNotFoundError as error:
        raise DataError(
            f"{error.filename}: missing, for DVC has trained nothing here; name a tracked run "
            "(uv run galopt runs lists them), or let DVC train: uv run dvc repro"
        ) from None
    from galopt.training.classes import suit_labels

    dataset = load(DATASET)
    files = [
        file
        for folder in (TRAINING_PLOTS, EVALUATION_PLOTS)
        for file in sorted(folder.glob("*.svg"))
    ]
    subject = ReportData(
        kind="run",
        dataset=dataset,
        config=suit_labels(load_config(PARAMS), dataset),
        run_id=train["mlflow_run_id"],
        train=train,
        history=history,  # type: ignore[arg-type]
        metrics=metrics,
        predictions=predictions,
        figures={file.stem: file.read_text("utf-8") for file in files},
        findings=collect(dataset.info["hash"]),
    )
    save_report(subject, path)


def save_report(subject: ReportData, path: Path) -> None:
    """Write the page, and the dataset's quality page beside it."""
    with atomic_file(path) as temporary:
        temporary.write_text(page(subject), encoding="utf-8")
    if (quality := subject.dataset.folder / QUALITY).exists():
        shutil.copy(quality, path.parent)
