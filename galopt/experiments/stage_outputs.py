"""What the DVC stages `train` and `evaluate` leave: files beside the tracked run."""

from pathlib import Path

import pandas as pd

from galopt.evaluation.evaluate import Evaluation
from galopt.experiments.run import Trained
from galopt.files import write_json


def save_training(trained: Trained, model: Path, metrics: Path, plots: Path) -> None:
    """Write the model, `train.json`, the table of epochs and the figures for DVC."""
    trained.model.save(model)
    table = pd.DataFrame(trained.result.history)
    table.insert(0, "epoch", range(1, len(table) + 1))
    _save_figures(trained.figures, plots)
    table.to_csv(plots / "history.csv", index=False)
    write_json(metrics, trained.summary())


def save_evaluation(
    evaluation: Evaluation,
    figures: dict[str, str],
    run_id: str,
    metrics: Path,
    plots: Path,
) -> None:
    """Write `evaluation.json`, the predictions and the figures for DVC."""
    _save_figures(figures, plots)
    evaluation.table.to_csv(plots / "predictions.csv", index=False)
    write_json(metrics, evaluation.metrics | {"mlflow_run_id": run_id})


def _save_figures(figures: dict[str, str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, drawn in figures.items():
        (folder / f"{name}.svg").write_text(drawn, encoding="utf-8")
