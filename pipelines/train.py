"""DVC stage `train`: the dataset in, a trained network and its tracked run out."""

from galopt.compute.keras_startup import start_keras
from galopt.compute.progress import busy
from galopt.config.load import load_config
from galopt.errors import command_line
from galopt.paths import CHECKPOINTS, DATASET, MODEL, PARAMS, TRAINED, TRAINING_PLOTS


def main() -> None:
    """Train as `params.yaml` says; a killed training run resumes."""
    with command_line():
        config = load_config(PARAMS)
        start_keras()
        with busy("Starting MLflow"):  # what is heavy, after what may be refused
            from galopt import tracking
            from galopt.data import dataset
            from galopt.experiments.run import run_training
            from galopt.experiments.stage_outputs import save_training
            from galopt.training.classes import suit_labels

        data = dataset.load(DATASET)
        config = suit_labels(config, data)
        with tracking.start_run(config, data) as run_id:
            trained = run_training(config, data, run_id, CHECKPOINTS)
        save_training(trained, model=MODEL, metrics=TRAINED, plots=TRAINING_PLOTS)
        trained.forget_checkpoints()


if __name__ == "__main__":
    main()
