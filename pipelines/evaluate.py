"""DVC stage `evaluate`: the test galaxies, measured and added to the run that trained."""

from galopt.compute.keras_startup import start_keras
from galopt.compute.progress import busy
from galopt.config.load import load_config
from galopt.errors import DataError, command_line
from galopt.files import read_json
from galopt.paths import DATASET, EVALUATED, EVALUATION_PLOTS, MODEL, PARAMS, TRAINED


def main() -> None:
    """Evaluate `models/model.keras` on `data/dataset`."""
    with command_line():
        config = load_config(PARAMS)
        start_keras()
        with busy("Starting MLflow"):  # what is heavy, after what may be refused
            from galopt import tracking
            from galopt.data import dataset
            from galopt.experiments.run import describe, run_evaluation
            from galopt.experiments.run_summary import verdict
            from galopt.experiments.stage_outputs import save_evaluation
            from galopt.prediction.model import MorphologyModel

        data = dataset.load(DATASET)
        if not TRAINED.exists():
            raise DataError(f"no {TRAINED}: train the network that it tells of, uv run dvc repro")
        run_id = read_json(TRAINED)["mlflow_run_id"]
        model = MorphologyModel.load(MODEL)
        with tracking.start_run(config, data, run_id=run_id):
            evaluation, pictures = run_evaluation(model, data)
            describe(config, data, evaluation)
        save_evaluation(
            evaluation,
            pictures,
            run_id,
            EVALUATED,
            EVALUATION_PLOTS,
        )
        print(verdict(evaluation, data, run_id, config.survey))


if __name__ == "__main__":
    main()
