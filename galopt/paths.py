"""Where a project keeps its files, relative to its folder; `dvc.yaml` names the same."""

from pathlib import Path

PARAMS = Path("params.yaml")
PRESETS = Path("presets")
PARAMS_SCHEMA = Path("params.schema.json")

DATA = Path("data")
SURVEY = DATA / "survey"
STAMPS = DATA / "stamps"
STAMPS_TABLE = DATA / "stamps.csv"
DATASET = DATA / "dataset"

DEMO = Path("demo/dataset")
"""The small survey of `galopt demo`."""

STORE = Path("mlflow.db")
"""MLflow's, unless MLFLOW_TRACKING_URI names another."""

CHECKPOINTS = Path("runs")
MODEL = Path("models/model.keras")
TRAINED = Path("metrics/train.json")
EVALUATED = Path("metrics/evaluation.json")
TRAINING_PLOTS = Path("plots/training")
EVALUATION_PLOTS = Path("plots/evaluation")

REPORT = Path("report/index.html")
"""The page of `dvc repro`."""
REPORTS = Path("reports")
"""Pages of tracked runs, written again."""
PREDICTIONS = Path("predictions.csv")
"""What `galopt predict` writes, if it is told nothing else."""

OUTPUTS = (
    SURVEY,
    STAMPS,
    DATASET,
    CHECKPOINTS,
    *(Path(name) for name in ("models", "metrics", "plots", "report", "mlruns", "mlartifacts")),
    Path(".dvc"),
)
"""Folders whose content stages, runs, DVC and MLflow write, replace and delete."""
