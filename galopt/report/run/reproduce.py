"""How to make each number again: commands, hashes, commits and versions."""

from typing import Any

from galopt.compute.versions import commit, versions
from galopt.config.rerun_command import command, differences, started_by
from galopt.data.quality import PAGE as QUALITY
from galopt.report.run.report_data import ReportData

PARENTS = {"the ablation": "ablation", "the search": "search", "the ensemble": "ensemble"}


def reproduce(subject: ReportData) -> dict[str, Any]:
    """Return the provenance of this page and of every number on it."""
    found = {name: getattr(subject.findings, kind) for name, kind in PARENTS.items()}
    runs = {name: finding.run for name, finding in found.items() if finding}
    own = [run for run in runs.values() if run.id == subject.run_id]
    if subject.kind == "run":
        line = command(subject.config)
    else:
        line = started_by(subject.kind, own[0].params if own else {})
    return {
        "command": line,
        "differences": {
            key: value
            for key, value in differences(subject.config).items()
            if key.split(".")[0] not in ("work", "search", "ensemble", "ablate", "crossvalidate")
        },
        "commit": commit(),
        "versions": versions(),
        "train": subject.train,
        "quality": QUALITY if (subject.dataset.folder / QUALITY).exists() else None,
        "others": [
            (name, run, started_by(run.kind, run.params))
            for name, run in runs.items()
            if run not in own
        ],
    }
