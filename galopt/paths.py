"""Where a project keeps its files, relative to its folder; `dvc.yaml` names the same."""

from pathlib import Path

PARAMS = Path("params.yaml")

DATA = Path("data")
SURVEY = DATA / "survey"
DATASET = DATA / "dataset"

CHECKPOINTS = Path("runs")
MODEL = Path("models/model.keras")
TRAINED = Path("metrics/train.json")
EVALUATED = Path("metrics/evaluation.json")
TRAINING_PLOTS = Path("plots/training")
EVALUATION_PLOTS = Path("plots/evaluation")

REPORT = Path("report/index.html")
