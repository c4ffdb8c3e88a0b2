"""`galopt search`: look at a study, keep its best network, measure it fairly."""

from typing import TYPE_CHECKING, Annotated

import typer

from galopt.paths import CHECKPOINTS, DATASET, PARAMS

if TYPE_CHECKING:
    from galopt.config import Config

app = typer.Typer(no_args_is_help=True, help="Look at a study and keep what it has found.")

Study = Annotated[str | None, typer.Option(help="name of the study [search.study]")]
Storage = Annotated[str | None, typer.Option(help="its database [search.storage]")]


@app.command()
def status(study: Study = None, storage: Storage = None) -> None:
    """Say how far a study is, which trials are running, and print its best ten.

    * `galopt search status`

    * `galopt search status --study wide --storage postgresql://me@host/studies`
    """
    from galopt.cli.tables import show
    from galopt.experiments.search.results import best_table, options, progress, verdict
    from galopt.experiments.search.storage import open_storage
    from galopt.experiments.search.study import load_study

    config = _config(study, storage)
    search = config.search
    found = load_study(search, open_storage(search.storage, make=False))
    print(progress(found, config))
    print(verdict(found))
    table = best_table(found)
    if not table.empty:
        settings = [name for name in table if "." in str(name)]
        words = [
            " ".join(f"{name}={_short(value)}" for name, value in row.dropna().items())
            for _, row in table[settings].iterrows()
        ]
        show(table.drop(columns=settings).assign(parameters=words), cut="parameters")
        print(f"The best in full: uv run galopt search best{options(search)}")


@app.command()
def best(
    study: Study = None,
    storage: Storage = None,
    write: Annotated[bool, typer.Option("--write", help="keep it as a preset")] = False,
) -> None:
    """Print the best configuration; `--write` keeps it as a preset named after the study.

    * `galopt search best`

    * `galopt search best --write`
    """
    stated = _config(study, storage)
    from galopt.config.rerun_command import command
    from galopt.experiments.search import results

    found, trial, config = results.find(stated)
    print(f"trial {trial.number}, {results.error_name(found)} {trial.values[0]:.4f}")
    for key, value in trial.params.items():
        print(f"  {key}: {_short(value)}")
    if not write:
        print(command(config))
        return
    print(results.write_preset(found, trial, config))
    words = f"uv run mlflow run . --env-manager local -P preset={found.study_name}"
    if overrides := results.overruled(found, config):
        print("params.yaml states other values, which win over a preset; the overrides undo it:")
        words += f' -P overrides="{" ".join(word.replace(" ", "") for word in overrides)}"'
    print(words)


@app.command()
def retrain(
    study: Study = None,
    storage: Storage = None,
    seeds: Annotated[int, typer.Option(min=2, help="training runs, each with its own seed")] = 3,
) -> None:
    """Train the best configuration on the full budget with several seeds; report the mean.

    The best of many noisy trials flatters itself, the mean does not: both are compared on the
    same validation galaxies and epochs. Each training run is a run of its own, and becomes the
    champion if it is better than the present one.

    * `galopt search retrain --seeds 5`
    """
    from statistics import mean, stdev

    stated = _config(study, storage)
    from galopt.compute.keras_startup import start_keras
    from galopt.compute.progress import busy
    from galopt.data import dataset
    from galopt.experiments.search import results

    found, trial, config = results.find(stated)
    data = dataset.load(DATASET)
    results.check_dataset(found, data)
    start_keras()
    with busy("Starting MLflow"):
        from galopt.evaluation.evaluate import EXPECTED_RMSE
        from galopt.experiments.run import run_experiment
        from galopt.tracking.queries import run_of, values

    trained = [run_experiment(one, data, CHECKPOINTS) for one in results.seeds(config, seeds)]
    epochs = results.trial_epochs(found, config)
    curve, *_ = results.objectives(found)
    errors = [min(values(run_of(run.id), curve)[:epochs]) for run in trained]
    print(
        f"{results.error_name(found)} within the trial's {epochs} epochs {mean(errors):.4f} ± "
        f"{stdev(errors):.4f} over {seeds} seeds; the trial had {trial.values[0]:.4f}"
    )
    if config.train.schedule != "constant":
        print("(the learning rate now falls over all epochs and not over the trial's)")
    measured = [run.evaluation.metrics for run in trained]
    errors = [metrics["test_rmse"] for metrics in measured]
    print(f"test RMSE after {config.train.epochs} epochs {mean(errors):.4f} ± {stdev(errors):.4f}")
    if EXPECTED_RMSE in measured[0]:
        errors = [metrics[EXPECTED_RMSE] for metrics in measured]
        print(f"from the expected votes {mean(errors):.4f} ± {stdev(errors):.4f}")


def _config(study: str | None, storage: str | None) -> "Config":
    from galopt.config.load import load_config

    stated = {"search.study": study, "search.storage": storage}
    return load_config(PARAMS, {key: value for key, value in stated.items() if value})


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
