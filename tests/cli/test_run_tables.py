"""Runs as tables."""

import re
from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from galopt.cli import run_tables
from galopt.cli.main import app
from galopt.compute.process_name import process_name
from galopt.config.load import flatten, load_config
from galopt.errors import GaloptError
from galopt.evaluation.bootstrap import Difference
from galopt.tracking.queries import TrackedRun, find_run


def run(number: int, kind: str = "run", dataset: str = "d", **changes) -> TrackedRun:
    given = {
        "id": f"{number:x}" * 32,
        "name": f"net{number} on sky",
        "status": "FINISHED",
        "started": datetime(2026, 1, number),
        "params": {"train.seed": str(number), "train.epochs": "3"},
        "tags": {"galopt.kind": kind, "galopt.survey": "sky", "galopt.dataset": dataset},
        "metrics": {"test_rmse": number / 10, "best_val_rmse": 0.2, "system/cpu": 50.0},
    }
    return TrackedRun(**given | changes)


def predictions(shift: float, galaxies: int = 40) -> pd.DataFrame:
    voted = np.linspace(0, 1, galaxies)
    moved = [value + shift for value in voted]
    ids = [f"g{number}" for number in range(len(voted))]
    return pd.DataFrame({"id": ids, "voted_disk": voted, "predicted_disk": moved})


def test_overview_puts_published_results_last_the_first_made_first():
    theirs = [run(n, "published", metrics={"published_rmse": n / 10}) for n in (2, 1)]
    runs = [run(4), run(3), *theirs]
    table = run_tables.overview(runs)
    assert table["name"].tolist() == ["net4", "net3", "net1", "net2"]
    assert table["test_rmse"].tolist() == [0.4, 0.3, 0.1, 0.2]
    assert table["floor"].isna().all()
    assert table["id"][0] == "44444444"


def test_overview_says_how_far_a_run_came():
    metrics = {"test_rmse": 0.16, "test_rmse_constant": 0.24, "test_rmse_floor": 0.14}
    assert run_tables.overview([run(1, metrics=metrics), run(2)])["way"].tolist() == ["80 %", ""]


def test_what_only_recorded_a_command_is_not_listed():
    assert run_tables.overview([run(2), run(1, kind="")])["name"].tolist() == ["net2"]


def test_overview_of_nothing_is_an_empty_table():
    assert run_tables.overview([]).empty


def test_overview_hides_trials_and_members_unless_asked():
    trial = run(2, kind="trial", tags={"galopt.kind": "trial", run_tables.PARENT: "1" * 32})
    assert run_tables.overview([run(1), trial])["id"].tolist() == ["11111111"]
    assert len(run_tables.overview([run(1), trial], everything=True)) == 2


def test_overview_sorts_ours_and_leaves_the_published_last():
    runs = [run(4), run(3), run(2, "published", params={})]
    assert run_tables.overview(runs, "test_rmse")["name"].tolist() == ["net3", "net4", "net2"]
    with pytest.raises(GaloptError, match="--sort rmse: no such column; there are when"):
        run_tables.overview(runs, "rmse")


def test_overview_marks_what_did_not_finish():
    assert run_tables.overview([run(1, status="KILLED")])["name"][0] == "net1 (killed)"
    tags = {"galopt.kind": "search", "galopt.survey": "sky", "galopt.process": process_name()}
    assert run_tables.overview([run(1, status="RUNNING", tags=tags)])["name"][0] == "net1 (running)"
    tags["galopt.process"] += "0"  # another start of the same process id
    assert run_tables.overview([run(1, status="RUNNING", tags=tags)])["name"][0] == "net1 (gone)"


def test_the_published_results_are_apart_and_the_columns_explained(monkeypatch):
    theirs = run(2, "published", params={}, metrics={"published_rmse": 0.17})
    monkeypatch.setattr("galopt.tracking.queries.all_runs", lambda: [run(3), theirs])
    ours, published = CliRunner().invoke(app, ["runs"]).output.split("Published, on other galaxies")
    assert "net3" in ours
    assert "way: from the constant" in ours
    assert "net2" not in ours
    assert re.search(r"net2 +sky +0\.1700", published)
    assert "net3" not in published
    monkeypatch.setattr("galopt.tracking.queries.all_runs", lambda: [run(3)])
    assert "Published" not in CliRunner().invoke(app, ["runs"]).output


def test_last_takes_the_newest_measured_runs_oldest_first():
    runs = [run(5, status="FAILED"), run(4), run(3, kind="search"), run(2), run(1)]
    assert [one.id[0] for one in run_tables.last(runs, 2)] == ["2", "4"]
    with pytest.raises(GaloptError, match="only 3 finished runs to compare"):
        run_tables.last(runs, 4)
    with pytest.raises(GaloptError, match="only 1 finished run to compare"):
        run_tables.last(runs[-1:], 2)


def test_side_by_side_shows_metrics_and_differing_parameters():
    table = run_tables.side_by_side([run(1), run(2), run(3, "published", params={}, metrics={})])
    facts = table.set_index("what")
    assert list(facts) == ["11111111", "22222222", "33333333"]
    assert list(facts.index[3:]) == ["test_rmse", "best_val_rmse", "train.seed"]
    assert facts.loc["test_rmse"].tolist() == ["0.1", "0.2", ""]
    assert facts.loc["train.seed"].tolist() == ["1", "2", ""]
    assert "train.epochs" not in facts.index
    assert "system/cpu" not in facts.index


def test_losses_stand_side_by_side_where_they_are_of_one_kind():
    metrics = {"val_loss": 0.1, "network/weights": 5529315.0, "network/receptive_field": 37.0}
    runs = [run(n, metrics=metrics, params={"train.loss": "mse"}) for n in (1, 2)]
    facts = run_tables.side_by_side(runs, everything=False).set_index("what")
    assert facts.loc["val_loss"].tolist() == ["0.1", "0.1"]
    assert facts.loc["network/weights"].tolist() == ["5529315", "5529315"]
    assert "network/receptive_field" not in facts.index
    runs[1] = run(2, metrics=metrics, params={"train.loss": "binary_crossentropy"})
    assert "val_loss" not in run_tables.side_by_side(runs, everything=False)["what"].tolist()
    assert set(metrics) < set(run_tables.side_by_side(runs)["what"])


def test_the_best_epoch_is_shown_from_one():
    runs = [run(n, metrics={"best_epoch": float(n)}) for n in (1, 7)]
    facts = run_tables.side_by_side(runs).set_index("what")
    assert facts.loc["best_epoch"].tolist() == ["2", "8"]


def test_what_a_preset_explains_is_one_row_unless_all_is_asked_for():
    words = ("network.preset=ignat2016 train.epochs=3", "network.preset=modern train.epochs=3")
    configs = [load_config(overrides=text) for text in (*words, f"{words[1]} train.patience=2")]
    logged = [{key: str(value) for key, value in flatten(config).items()} for config in configs]
    runs = [run(number, params=params) for number, params in enumerate(logged, 1)]
    full = run_tables.side_by_side(runs[:2]).set_index("what")
    folded = run_tables.side_by_side(runs[:2], everything=False).set_index("what")
    explained = {what for what in full.index if what.startswith(("augment.", "network.", "train."))}
    counted = f"network.preset ({len(explained) - 1} parameters)"
    assert folded.loc[counted].tolist() == ["ignat2016", "modern"]
    assert not explained & set(folded.index)
    folded = run_tables.side_by_side([runs[0], runs[2]], everything=False).set_index("what")
    assert "train.patience" in folded.index


def test_a_search_is_no_network():
    with pytest.raises(GaloptError, match=r"net2 \(2+\) is a search and no network"):
        run_tables.check_runs([run(1), run(2, kind="search")])


def test_runs_on_the_same_galaxies_are_told_apart(monkeypatch):
    shifts = {run(1).id: 0.2, run(2).id: 0.1}
    monkeypatch.setattr(run_tables, "predictions", lambda run: predictions(shifts[run.id]))
    (difference,) = run_tables.differences([run(1), run(2)])
    assert isinstance(difference, Difference)
    assert difference.value == pytest.approx(-0.1)
    assert run_tables.sentence(run(1), run(2), difference).startswith(
        "net2 (22222222) is really better than net1 (11111111): RMSE 0.1000 lower"
    )
    assert "One training each" in run_tables.sentence(run(1), run(2), difference)
    averaged = run_tables.sentence(run(1), run(2, kind="ensemble"), difference)
    assert "One training each" not in averaged


def test_a_handful_of_galaxies_tells_no_run_from_another(monkeypatch):
    shifts = {run(1).id: 0.2, run(2).id: 0.1}
    few = lambda run: predictions(shifts[run.id], galaxies=6)  # noqa: E731
    monkeypatch.setattr(run_tables, "predictions", few)
    (difference,) = run_tables.differences([run(1), run(2)])
    words = run_tables.sentence(run(1), run(2), difference)
    assert words.startswith("6 test galaxies are too few to tell net2 (22222222) from net1")
    assert "mlflow run . -e crossvalidate" in words
    assert "better" not in words
    assert run_tables.class_sentences(run(1), run(2), difference) == []


def test_runs_on_other_galaxies_or_without_predictions_are_not(monkeypatch):
    monkeypatch.setattr(run_tables, "predictions", lambda run: None)
    others = run_tables.differences([run(1), run(2, dataset="e"), run(3)])
    assert "different galaxies" in others[0]
    assert "no table of predictions" in others[1]
    assert run_tables.sentence(run(1), run(3), others[1]).startswith("net3 (33333333) and net1")


def test_differences_are_rows_of_the_saved_table():
    runs = [run(1), run(2), run(3)]
    table = run_tables.with_differences(
        run_tables.side_by_side(runs), [Difference(0.1, 0.05, 0.15, 9), "no reason"]
    )
    assert table.iloc[-3].tolist() == ["test_rmse minus first", "", "+0.10000", ""]
    assert table.iloc[-1].tolist() == ["95 % interval, high", "", "+0.15000", ""]


@pytest.mark.parametrize("runs", [[run(1)], [run(1), run(1)]])
def test_one_run_is_no_comparison(runs):
    with pytest.raises(GaloptError, match="two or more different runs"):
        run_tables.check_runs(runs)


@pytest.mark.parametrize("reference", ["1" * 32, "111", "net1 on sky", "net1", "net1 o"])
def test_run_is_found_by_id_start_or_name(reference):
    assert find_run(reference, [run(1), run(2)]) == run(1)


def test_unknown_and_ambiguous_references_are_explained():
    twice = [run(1), run(2, name="net1 on sky")]
    with pytest.raises(GaloptError, match="no run 'zzz'"):
        find_run("zzz", twice)
    with pytest.raises(GaloptError, match="no run ''"):
        find_run("", twice)
    with pytest.raises(GaloptError, match="2 runs are called 'net1': give an id, such as 1111"):
        find_run("net1", twice)
