"""The measurement of an ablation or an ensemble, logged so that it can be kept with the code."""

import json
from collections.abc import Iterable

import pandas as pd

from galopt import tracking
from galopt.compute.versions import VERSION
from galopt.config import Config
from galopt.config.rerun_command import differences, started_by
from galopt.data.dataset import Dataset
from galopt.evaluation.evaluate import EXPECTED_RMSE
from galopt.evaluation.measured import Measurement
from galopt.experiments.child_runs import Member


def log_measurement(
    kind: str, config: Config, dataset: Dataset, table: pd.DataFrame, members: Iterable[Member]
) -> None:
    """Log ``measurement.json`` on the open run: what `docs/results.py` keeps."""
    measured = Measurement(
        kind,
        dataset.info["name"],
        dataset.info["hash"],
        dataset.info["counts"],
        differences(config),
        started_by(kind, {}),
        VERSION,
        json.loads(table.to_json(orient="records", double_precision=6)),
        [_network(member) for member in members],
    )
    tracking.log_text(measured.write(), "measurement.json")


def _network(member: Member) -> dict[str, object]:
    metrics = member.evaluation.metrics
    return {
        "name": member.name,
        **{name: metrics[name] for name in ("test_rmse", EXPECTED_RMSE) if name in metrics},
        "val_rmse": [round(epoch["val_rmse"], 5) for epoch in member.trained.result.history],
    }
