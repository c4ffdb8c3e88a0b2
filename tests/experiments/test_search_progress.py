"""What a person sees of a search while it runs."""

import logging

import optuna

from galopt.compute.progress import progress_bar
from galopt.config.load import build_config
from galopt.experiments.search import tracked_search
from galopt.experiments.search.tracked_search import TrackedTrials


def test_the_bar_counts_the_epochs_of_settled_and_running_trials():
    study = optuna.create_study()
    study.tell(study.ask(), 0.2)
    running = study.ask()
    for epoch in range(2):
        running.report(0.3, epoch)
    config = build_config({"search": {"trials": 3, "epochs": 4}})
    bar = progress_bar()
    TrackedTrials(study, "", config, bar)
    (task,) = bar.tasks
    assert (task.completed, task.total) == (4 + 2, 3 * 4)
    assert task.description == "1/3 trials, best 0.2000; epochs"


def test_the_figures_which_take_a_while_are_announced(monkeypatch, caplog):
    caplog.set_level(logging.INFO, "galopt")
    for name in ("log_file", "log_text", "log_search"):
        monkeypatch.setattr(tracked_search, name, lambda *_: None)
    monkeypatch.setattr(tracked_search.figures, "draw", lambda *_: [])
    study = optuna.create_study()
    study.set_user_attr("made_for", {"search.objectives": ["val_rmse"]})
    tracked_search.log_findings(study)
    assert caplog.messages == ["Drawing the study"]
