"""Studies: what proposes and what stops trials, two objectives, what is tried again."""

import math
import sys

import optuna
import pytest
from helpers.study_of_noise import SPACE as NOISE
from optuna.trial import TrialState

from galopt.config import Sampler, Search
from galopt.config.load import build_config, load_config, read_preset
from galopt.errors import ConfigError, DataError, GaloptError
from galopt.experiments.search import figures, results
from galopt.experiments.search.lock import only_driver
from galopt.experiments.search.optuna_internals import trial_id
from galopt.experiments.search.sampler import SeededByTrial
from galopt.experiments.search.space import Space
from galopt.experiments.search.storage import open_storage
from galopt.experiments.search.study import (
    enqueue_again,
    enqueue_first,
    open_study,
    recover,
    retriable,
    settled,
)
from galopt.experiments.search.trial import Task, TrialHandle, run_trial

BEST = 1e-3
RATE = "train.learning_rate"


def study_by(sampler: Sampler, **options) -> optuna.Study:
    return optuna.create_study(study_name="one", sampler=SeededByTrial(sampler), **options)


def proposals(sampler: Sampler, trials: int) -> list[float]:
    """Return the learning rates proposed where the best is `BEST`."""
    study, space = study_by(sampler), Space(build_config({"search": {"space": NOISE}}))
    rates = []
    for _ in range(trials):
        trial = study.ask()
        rates.append(space.suggest(trial)[RATE])
        study.tell(trial, math.log10(rates[-1] / BEST) ** 2)
    return rates


def distance(rates: list[float]) -> float:
    """Return the mean distance from the best, in factors of ten."""
    return sum(abs(math.log10(rate / BEST)) for rate in rates) / len(rates)


@pytest.mark.parametrize("kind", ["tpe", "cmaes"])
def test_a_sampler_that_learns_ends_nearer_to_the_best_than_chance(kind):
    learned = proposals(Sampler(kind=kind, startup=8), 60)[-20:]
    assert distance(learned) < 0.6 * distance(proposals(Sampler(kind="random"), 60)[-20:])


@pytest.mark.parametrize("kind", ["tpe", "random", "cmaes"])
def test_every_sampler_proposes_trials_of_the_default_space_again_by_its_seed(kind):
    space = Space(load_config("params.yaml"))

    def trials(seed: int) -> list[dict]:
        study, found = study_by(Sampler(kind=kind, startup=3, seed=seed)), []
        for number in range(8):
            trial = study.ask()
            found.append(space.suggest(trial))
            space.configure(found[-1])
            study.tell(trial, number % 3)
        return found

    assert trials(1) == trials(1)
    assert trials(1) != trials(2)


@pytest.mark.parametrize("kind", ["tpe", "random", "cmaes"])
def test_a_study_that_is_resumed_draws_no_trial_twice(kind, storage):
    space = {**NOISE, "train.weight_decay": {"kind": "float", "low": 0, "high": 0.1}}
    settings = {"sampler": {"kind": kind, "startup": 3}, "space": space, "storage": storage}
    drawn = []
    for resumed in range(6):
        config = build_config({"search": settings | {"study": "resumed"}})
        study = open_study(config.search, open_storage(storage), {})
        for number in range(2 + resumed % 2):
            trial = study.ask()
            drawn.append(tuple(Space(config).suggest(trial).values()))
            study.tell(trial, sum(drawn[-1]) + number)
    assert len(drawn) == 15
    assert len(set(drawn)) == 15
    assert len({rate for rate, _ in drawn}) == 15


@pytest.mark.parametrize("lost", [{0}, {1, 2}, {0, 1, 3}])
def test_a_study_whose_trials_are_tried_again_draws_what_it_would_have(lost):
    def drawn(lost: set[int]) -> list[float]:
        study, found = study_by(Sampler(kind="random")), []
        while len(found) < 4:
            trial = study.ask()
            if trial.number in lost:  # killed before anything of it was drawn
                study.tell(trial, state=TrialState.FAIL)
                enqueue_again(study, study.trials[trial.number])
            else:
                found.append(trial.suggest_float("x", 0, 1))
                study.tell(trial, found[-1])
        return sorted(found)

    assert drawn(lost) == drawn(set())


def test_two_studies_of_one_seed_draw_other_trials():
    def first(name: str) -> float:
        sampler = SeededByTrial(Sampler(kind="random"))
        return optuna.create_study(study_name=name, sampler=sampler).ask().suggest_float("x", 0, 1)

    assert first("one") == first("one") != first("two")


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({"kind": "categorical", "choices": [64, 128]}, {"choices": [64, 256]}, r"\[64, 128\]"),
        ({"kind": "int", "low": 1, "high": 9}, {"log": True}, "int of logarithmic range"),
        ({"kind": "int", "low": 1, "high": 9}, {"kind": "float"}, "as int, .* says float"),
    ],
)
def test_a_space_whose_choices_changed_needs_another_study(before, now, said, storage):
    def begin(parameter: dict) -> optuna.Study:
        search = {"study": "one", "storage": storage, "space": {"train.batch_size": parameter}}
        return open_study(Search(**search), open_storage(storage), {})

    study = begin(before)
    Space(build_config({"search": {"space": {"train.batch_size": before}}})).suggest(study.ask())
    with pytest.raises(GaloptError, match=rf"study 'one' .*{said}.*another study, -P study=NAME"):
        begin(before | now)
    assert [trial.state.name for trial in begin(before).trials] == ["RUNNING"]


def test_a_range_of_a_space_may_change(storage):
    for high in (9, 20):
        space = {"train.batch_size": {"kind": "int", "low": 1, "high": high}}
        search = Search(study="one", storage=storage, space=space)
        study = open_study(search, open_storage(storage), {})
        study.ask().suggest_int("train.batch_size", 1, high)
    assert len(study.trials) == 2


def test_gaussian_processes_need_pytorch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ConfigError, match=r"search\.sampler\.kind=gp needs PyTorch"):
        SeededByTrial(Sampler(kind="gp"))


def test_gaussian_processes_learn():
    pytest.importorskip("torch")
    assert distance(proposals(Sampler(kind="gp", startup=5), 15)[-5:]) < 0.2


class Curve:
    """Reports the learning rate as every epoch's value."""

    def __call__(self, report: TrialHandle, values: dict) -> list[float]:
        """Return the learning rate."""
        for epoch in range(report.task.search.epochs):
            report.epoch(epoch, values[RATE])
        return [values[RATE]]


@pytest.fixture
def storage(tmp_path):
    return f"sqlite:///{tmp_path}/study.db"


def task(trial: optuna.Trial, search: Search) -> Task:
    return Task(
        search=search,
        trial_id=trial_id(trial),
        number=trial.number,
        first=trial.number,
        values={RATE: trial.params[RATE]},
        attributes={},
    )


@pytest.mark.parametrize(
    ("pruner", "pruned"),
    [
        ({"kind": "none"}, 0),
        ({"kind": "median", "startup": 4, "min_epochs": 2}, 16),
        ({"kind": "hyperband", "min_epochs": 1, "reduction_factor": 3}, 8),
    ],
)
def test_a_pruner_stops_trials_that_are_worse_than_those_before(storage, pruner, pruned):
    search = Search(storage=storage, study="curves", epochs=9, pruner=pruner)
    study = open_study(search, open_storage(storage), {})
    for number in range(20):  # each worse than the one before
        study.enqueue_trial({RATE: 1e-4 * 1.2**number})
        trial = study.ask()
        trial.suggest_float(RATE, 1e-5, 1e-1, log=True)
        outcome = run_trial(task(trial, search), Curve())
        study.tell(trial, outcome.values, state=outcome.state)
        assert outcome.state == TrialState.COMPLETE or "is not worth going on" in outcome.reason
    states = [trial.state for trial in study.trials]
    assert states[0] == TrialState.COMPLETE
    assert states.count(TrialState.PRUNED) >= pruned
    assert bool(states.count(TrialState.PRUNED)) == bool(pruned)


def test_two_objectives_make_a_front_and_the_lowest_error_wins(storage, tmp_path):
    search = Search(
        storage=storage,
        study="front",
        objectives=["val_rmse", "flops"],
        pruner={"kind": "none"},
    )
    study = open_study(search, open_storage(storage), {"dataset": "abc"})
    for width, rmse, flops in ((8, 0.20, 1e6), (16, 0.17, 2e6), (32, 0.16, 9e6), (24, 0.19, 8e6)):
        study.enqueue_trial({"network.dense.0": width})
        trial = study.ask()
        trial.suggest_int("network.dense.0", 8, 64)
        trial.suggest_float("network.dropout", 0, 0.5)
        study.tell(trial, [rmse, flops])
    assert {trial.number for trial in study.best_trials} == {0, 1, 2}
    assert results.best_trial(study).number == 2
    table = results.best_table(study)
    assert list(table["val_rmse"]) == [0.16, 0.17, 0.19, 0.20]
    assert list(table["flops"]) == [9e6, 2e6, 8e6, 1e6]
    drawn = {file.name for file in figures.draw(study, tmp_path)}
    assert {"pareto.html", "pareto.png", "history.png", "timeline.html"} <= drawn
    assert all((tmp_path / name).stat().st_size > 1000 for name in drawn)
    page = (tmp_path / "parallel_coordinates.html").read_text()
    assert page.rpartition("Plotly.newPlot(")[2].count(figures.BEST) == 1


def test_a_study_is_resumed_for_the_same_and_refused_for_another_dataset(storage):
    search = Search(storage=storage, study="one")
    opened = open_storage(storage)
    open_study(search, opened, {"dataset": "abc"})
    assert open_study(search, opened, {"dataset": "abc"}).study_name == "one"
    with pytest.raises(GaloptError, match=r"study 'one' was made for dataset='abc', not 'def'"):
        open_study(search, opened, {"dataset": "def"})


def test_looking_for_a_study_makes_no_database(tmp_path):
    with pytest.raises(GaloptError, match="no study here .*search: uv run mlflow run"):
        open_storage(f"sqlite:///{tmp_path}/search.db", make=False)
    assert not list(tmp_path.iterdir())


def test_the_papers_network_comes_first_and_once(storage, caplog):
    config = load_config("params.yaml", {"search.storage": storage})
    space = Space(config)
    study = open_study(config.search, open_storage(storage), {})
    for _ in range(2):
        enqueue_first(study, space)
    waiting = study.get_trials(states=(TrialState.WAITING,))
    assert [trial.user_attrs["origin"] for trial in waiting] == ["ignat2016"]
    paper = build_config(read_preset("ignat2016"))
    first = space.configure(space.suggest(study.ask()))
    assert (first.network, first.augment, first.train.learning_rate) == (
        paper.network, paper.augment, paper.train.learning_rate,
    )  # fmt: skip
    assert "lies outside" not in caplog.text


def test_a_failed_trial_is_tried_again_twice_without_what_was_noted_on_it(storage):
    study = open_study(Search(storage=storage), open_storage(storage), {})
    study.enqueue_trial({RATE: 0.002}, user_attrs={"origin": "ignat2016"})
    for attempt in range(3):
        trial = study.ask()
        assert trial.suggest_float(RATE, 1e-4, 1e-2) == 0.002
        assert trial.user_attrs == {"origin": "ignat2016"}
        trial.set_user_attr("reason", "its worker was lost")
        trial.set_user_attr("mlflow_run_id", "abc")
        frozen = study.tell(trial, state=TrialState.FAIL)
        assert len(settled(study.trials)) == 1
        assert retriable(frozen) == (attempt < 2)
        if retriable(frozen):
            enqueue_again(study, frozen)
        assert len(settled(study.trials)) == (attempt == 2)


def test_what_a_driver_left_is_failed_and_enqueued_once(storage):
    study = open_study(Search(storage=storage), open_storage(storage), {})
    study.ask().suggest_float(RATE, 1e-4, 1e-2)
    assert [trial.number for trial in recover(study)] == [0]
    assert recover(study) == []
    assert [trial.state.name for trial in study.trials] == ["FAIL", "WAITING"]
    assert study.trials[0].user_attrs["reason"] == "its driver ended"


def test_a_study_has_one_driver(storage):
    second = only_driver(storage, "one")
    with (
        only_driver(storage, "one"),
        only_driver(storage, "other"),
        pytest.raises(GaloptError, match="study 'one' .*is being searched by another"),
    ):
        second.__enter__()
    with only_driver(storage, "one"):
        pass


@pytest.mark.parametrize(
    ("raised", "state", "fatal"),
    [
        (ConfigError("no such network"), TrialState.PRUNED, False),
        (ValueError("odd"), TrialState.FAIL, False),
        (DataError("another dataset"), TrialState.FAIL, True),
        (OSError(28, "No space left on device", "runs/x"), TrialState.FAIL, True),
    ],
)
def test_an_objective_that_raises_gives_an_outcome_with_its_reason(storage, raised, state, fatal):
    def objective(report: TrialHandle, values: dict) -> list[float]:
        raise raised

    search = Search(storage=storage)
    trial = open_study(search, open_storage(storage), {}).ask()
    trial.suggest_float(RATE, 1e-4, 1e-2)
    outcome = run_trial(task(trial, search), objective)
    assert (outcome.state, outcome.fatal) == (state, fatal)
    assert (raised.filename if isinstance(raised, OSError) else str(raised)) in outcome.reason


def test_a_storage_that_cannot_be_opened_is_one_line(tmp_path):
    damaged = tmp_path / "damaged.db"
    damaged.write_text("no database at all, but long enough to be looked at " * 10)
    with pytest.raises(GaloptError, match="file is not a database") as caught:
        open_storage(f"sqlite:///{damaged}")
    assert "\n" not in str(caught.value)
