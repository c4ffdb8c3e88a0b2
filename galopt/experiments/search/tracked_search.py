"""One tracked search: a run of the study, its trials below it, its figures and its best ten."""

import logging
import shutil
import tempfile
from math import isfinite
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState
from rich.progress import Progress

from galopt.compute.progress import busy, progress_bar
from galopt.config import Config
from galopt.config.load import build_config, flatten
from galopt.config.search import VALIDATION_ERRORS
from galopt.data.dataset import Dataset
from galopt.errors import ConfigError
from galopt.experiments.search import figures, results
from galopt.experiments.search.objective import TrainingObjective
from galopt.experiments.search.optuna_internals import earlier_attempts
from galopt.experiments.search.run_study import drive, locked_study
from galopt.experiments.search.space import Space
from galopt.experiments.search.study import settled
from galopt.experiments.search.summary import summary
from galopt.paths import CHECKPOINTS
from galopt.report.run.page import log_report
from galopt.report.run.report_data import ReportData
from galopt.tracking import log_file, log_text, trial_runs
from galopt.tracking.search_runs import log_search, start_search, store_uri
from galopt.training.classes import suit_labels

logger = logging.getLogger(__name__)


def search(config: Config, dataset: Dataset) -> bool:
    """Search for a better network, as `config.search` says, in one tracked run.

    Parameters
    ----------
    config : Config
        Where the search starts: what is not searched is the same in all trials.
    dataset : Dataset

    Returns
    -------
    bool
        Whether the study came to its end; False if it was interrupted.

    Raises
    ------
    ConfigError
        The objective is one of classes, and votes are learnt.
    """
    loss = suit_labels(config, dataset).train.loss
    if "val_error_rate" in config.search.objectives and loss != "categorical_crossentropy":
        raise ConfigError("search.objectives: val_error_rate needs one class per galaxy, learnt so")
    stated = config.model_dump()
    space = Space(build_config(stated, {"train.epochs": config.search.epochs}))
    with locked_study(config.search, made_for(space, dataset)) as (study, lock):
        former = study.user_attrs.get("mlflow_run_id")
        with start_search(config, dataset, former) as run_id:
            study.set_user_attr("mlflow_run_id", run_id)
            if "base" not in study.user_attrs:
                shared = {"augment", "network", "train"}
                study.set_user_attr("base", config.model_dump(mode="json", include=shared))
            objective = TrainingObjective(
                space.config, str(dataset.folder), dataset.info["hash"], store_uri()
            )
            with progress_bar() as bar:
                trials = TrackedTrials(study, run_id, config, bar)
                finished = drive(study, lock, space, objective, trials)
            log_findings(study)
            log_report(ReportData("search", dataset, space.config, run_id))
        logger.info(summary(study, config.search, dataset, run_id))
    return finished


def made_for(space: Space, dataset: Dataset) -> dict[str, Any]:
    """Return what all trials of a study share: the dataset and what is not searched."""
    searched = {key.removesuffix(".count") for key in space.parameters}
    lists = {key.removesuffix(".count") for key in space.parameters if key.endswith(".count")}
    shared = {
        key: value
        for key, value in flatten(space.config).items()
        if key.split(".")[0] in ("augment", "network", "train")
        and key not in searched
        and not any(key.startswith(f"{name}.") for name in lists)
    }
    return {"dataset": dataset.info["hash"], **shared}


def log_findings(study: optuna.Study) -> None:
    """Log the study's figures, its best ten, what matters and its verdict to the open run."""
    with busy("Drawing the study"), tempfile.TemporaryDirectory() as folder:
        for file in figures.draw(study, Path(folder)):
            log_file(file, "study")
    log_text(figures.importances(study).to_csv(index=False), "importances.csv")
    table = results.best_table(study)
    log_text(table.to_csv(index=False), "best.csv")
    log_search(results.verdict(study), table)


class TrackedTrials:
    """Keeps a child run for each trial and tells a person how the search is going.

    Parameters
    ----------
    study : optuna.Study
    run_id : str
        The study's run.
    config : Config
    bar : Progress
        Counts epochs; those that a pruned trial was spared count as done.
    """

    def __init__(self, study: optuna.Study, run_id: str, config: Config, bar: Progress) -> None:
        self.study, self.run_id, self.search = study, run_id, config.search
        self.best = min((t.values[0] for t in results.complete(study)), default=float("inf"))
        self.done = len(settled(study.get_trials(deepcopy=False)))
        self.bar = bar
        self.task = bar.add_task("", total=self.search.trials * self.search.epochs)
        self.waiting()

    def waiting(self) -> None:
        """Show how many epochs are done."""
        running = self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        epochs = self.done * self.search.epochs + sum(len(t.intermediate_values) for t in running)
        words = f"{self.done}/{self.search.trials} trials"
        if isfinite(self.best):
            words += f", best {self.best:.4f}"
        self.bar.update(self.task, completed=epochs, description=f"{words}; epochs")

    def started(self, trial: Trial) -> None:
        """Open the trial's run; the worker finds its id on the trial."""
        tags = {"galopt.study": self.study.study_name}
        run_id = trial_runs.start_trial(self.run_id, trial.number, tags)
        trial.set_user_attr("mlflow_run_id", run_id)

    def ended(self, trial: FrozenTrial, done: int) -> None:
        """Close the trial's run and print a line."""
        self.done = done
        # An objective that is a curve's name, too: the metric is named as a run's.
        names = [f"best_{n}" if n in VALIDATION_ERRORS else n for n in self.search.objectives]
        values = dict(zip(names, trial.values or (), strict=False))
        reason = trial.user_attrs.get("reason")
        trial_runs.end_trial(trial.user_attrs["mlflow_run_id"], trial.state.name, reason, values)
        if trial.state.name == "COMPLETE":
            self.best = min(self.best, trial.values[0])
            trial_runs.log_progress(self.run_id, names[0], done, self.best)
        if trial.state.name != "FAIL":
            first = [*earlier_attempts(trial), trial.number][0]
            shutil.rmtree(CHECKPOINTS / f"{self.study.study_name}-{first}", ignore_errors=True)
        told = f"{results.error_name(self.study)} {trial.values[0]:.4f}" if values else reason
        logger.info(
            f"[{done}/{self.search.trials}] trial {trial.number} {trial.state.name.lower()}: "
            f"{told}; best {self.best:.4f}"
        )
        self.waiting()

    def lost(self, trial: FrozenTrial) -> None:
        """Close the run of a trial whose driver ended."""
        if run_id := trial.user_attrs.get("mlflow_run_id"):
            trial_runs.kill_trial(run_id, "its driver ended")
        logger.info(f"trial {trial.number} was running when the search ended: it is tried again")
