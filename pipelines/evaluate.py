"""DVC stage `evaluate`: the test galaxies, measured and added to the run that trained."""

from pathlib import Path

from galopt.config.load import load_config
from galopt.errors import DataError, exit_on_error
from galopt.files import read_json


def main() -> None:
    """Evaluate `models/model.keras` on `data/dataset`."""
    with exit_on_error():
        config = load_config()
        from galopt import tracking
        from galopt.data import dataset
        from galopt.experiments.run import describe, run_evaluation, verdict
        from galopt.experiments.stages import save_evaluation
        from galopt.networks.build import load_model

        data = dataset.load()
        trained = Path("metrics/train.json")
        if not trained.exists():
            raise DataError(f"no {trained}: train the network that it tells of, uv run dvc repro")
        run_id = read_json(trained)["mlflow_run_id"]
        model = load_model(Path("models/model.keras"))
        with tracking.start_run(config, data, run_id=run_id):
            evaluation, pictures = run_evaluation(model, data, config.evaluate)
            describe(config, data, evaluation)
        save_evaluation(
            evaluation,
            pictures,
            run_id,
            Path("metrics/evaluation.json"),
            Path("plots/evaluation"),
        )
        print(verdict(evaluation, data))


if __name__ == "__main__":
    main()
