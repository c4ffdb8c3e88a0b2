"""What was found on the same dataset beside this run: by the search, by an ensemble."""

from typing import Any

from galopt import charts
from galopt.report.subject import Subject
from galopt.vector import inline, svg


def search(subject: Subject) -> dict[str, Any]:
    """Return what the newest search found, if there is one."""
    found = subject.findings.search
    bars = None
    if found and found.importances is not None and len(found.importances):
        top = found.importances.iloc[0]
        words = f"Importance of each parameter; most, {top.importance:.2f}, has {top.parameter}."
        bars = inline(svg(charts.importances(found.importances)), "importances", words)
    return {"found": found, "importances": bars}


def ensemble(subject: Subject) -> dict[str, Any]:
    """Return what the newest ensemble gained, if there is one."""
    return {"found": subject.findings.ensemble}
