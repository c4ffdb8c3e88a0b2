"""What was found on the same dataset beside this run: by the search, by an ensemble."""

from typing import Any

from galopt.config.search import VALIDATION_ERRORS
from galopt.report.figures.diagnostics import draw_importances
from galopt.report.html import inline, svg
from galopt.report.run.report_data import ReportData

ENOUGH = 10
"""Complete trials below which the importance of a parameter is mostly luck."""


def search(subject: ReportData) -> dict[str, Any]:
    """Return what the newest search found, if there is one."""
    found = subject.findings.search
    bars = None
    enough = found is not None and found.states["complete"] >= ENOUGH
    if enough and found and found.importances is not None and len(found.importances):
        top = found.importances.iloc[0]
        words = f"Importance of each parameter; most, {top.importance:.2f}, has {top.parameter}."
        bars = inline(svg(draw_importances(found.importances)), "importances", words)
    error = VALIDATION_ERRORS[found.objective] if found else None
    return {"found": found, "error": error, "importances": bars, "enough": ENOUGH}


def ensemble(subject: ReportData) -> dict[str, Any]:
    """Return what the newest ensemble gained, if there is one."""
    return {"found": subject.findings.ensemble}
