"""What was found on the same dataset beside this run: by the search, by an ensemble."""

from typing import Any

from galopt.config.search import VALIDATION_ERRORS
from galopt.report.figures.diagnostics import draw_importances
from galopt.report.html import inline, svg
from galopt.report.run.report_data import ReportData

ENOUGH = 10
"""Complete trials below which the importance of a parameter is mostly luck."""


def search(subject: ReportData) -> dict[str, Any] | None:
    """Return what the newest search found; None if there is none, and the page is not its own."""
    found = subject.findings.search
    if found is None and subject.kind != "search":
        return None
    bars = None
    enough = found is not None and found.states["complete"] >= ENOUGH
    if enough and found and found.importances is not None and len(found.importances):
        top = found.importances.iloc[0]
        words = f"Importance of each parameter; most, {top.importance:.2f}, has {top.parameter}."
        bars = inline(svg(draw_importances(found.importances)), "importances", words)
    error = VALIDATION_ERRORS[found.objective] if found else None
    return {"found": found, "error": error, "importances": bars, "enough": ENOUGH}


def ensemble(subject: ReportData) -> dict[str, Any] | None:
    """Return what the newest ensemble gained; None if there is none."""
    found = subject.findings.ensemble
    return {"found": found} if found else None
