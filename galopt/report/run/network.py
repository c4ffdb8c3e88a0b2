"""The network and its training: the paper's figures 4, 5 and 6."""

from typing import Any

import numpy as np

from galopt.evaluation.published import PAPER
from galopt.networks import architecture
from galopt.report.figures.architecture import diagram, sentence
from galopt.report.html import inline, svg
from galopt.report.run.examples import EXAMPLES, clearest, view
from galopt.report.run.report_data import ReportData

PLACED = {"learning_curve", "augmented", "predicted", "saliency", "best", "worst"}
"""Figures that have their place on the page, or that its own galleries replace."""


def network(subject: ReportData) -> dict[str, Any]:
    """Return the drawing of the architecture and the table of its layers, of a search's best."""
    config, called = subject.config, subject.config.network.preset
    found = subject.findings.search
    if subject.kind == "search" and found and found.winner:
        config, called = found.winner, f"trial {found.trial}, the best of the search"
    settings, targets = config.network, len(subject.dataset.targets)
    commonest = str(subject.dataset.catalog[subject.dataset.targets].mean().idxmax())
    galaxy = max(
        (view(subject, row) for row in clearest(subject, commonest)[:EXAMPLES]), key=np.std
    )
    planes = len(subject.dataset.bands)
    drawing = svg(diagram(settings, targets, galaxy, planes))
    return {
        "drawing": inline(drawing, "architecture", sentence(settings, targets, planes)),
        "layers": list(architecture.layers(settings, targets, planes)),
        "channels": architecture.channels_of(settings, planes),
        "train": subject.train,
        "config": config,
        "called": called,
    }


def training(subject: ReportData) -> dict[str, Any] | None:
    """Return the learning curve; None where several networks were trained."""
    train, history = subject.train, subject.history
    if train is None or history is None:
        return None
    curve = (
        f"RMSE by epoch. On the validation galaxies it goes from {history[0]['val_rmse']:.3f} to "
        f"its lowest, {train['val_rmse']:.3f}, at epoch {train['best_epoch']} of "
        f"{train['epochs']}."
    )
    if subject.like_paper:
        curve += f" A line marks the paper's {PAPER.rmse}."
    return {
        "history": history,
        "train": train,
        "curve": subject.figure("learning_curve", curve),
        "augmented": subject.figure(
            "augmented", "Five training galaxies, one a row: the central view, then random ones."
        ),
    }


def more(subject: ReportData) -> dict[str, Any] | None:
    """Return the figures that have no place of their own; None if there are none."""
    names = sorted(subject.figures.keys() - PLACED)
    titled = [(name.replace("_", " ").capitalize(), name) for name in names]
    figures = [(title, subject.figure(name, title)) for title, name in titled]
    return {"figures": figures} if figures else None
