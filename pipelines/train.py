"""DVC stage `train`: the dataset in, a trained network and its tracked run out."""

from pathlib import Path

from galopt.config.load import load_config
from galopt.errors import exit_on_error


def main() -> None:
    """Train as `params.yaml` says; a killed training resumes."""
    with exit_on_error():
        config = load_config()
        from galopt import tracking
        from galopt.data import dataset
        from galopt.experiments.run import forget_checkpoints, run_training
        from galopt.experiments.stages import save_training

        data = dataset.load()
        with tracking.start_run(config, data) as run_id:
            trained = run_training(config, data, run_id)
        save_training(
            trained,
            data,
            model=Path("models/model.keras"),
            metrics=Path("metrics/train.json"),
            plots=Path("plots/training"),
        )
        forget_checkpoints(config, data)


if __name__ == "__main__":
    main()
