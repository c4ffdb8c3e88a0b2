"""Cross-validation: every galaxy once, by a network that never saw it."""

import mlflow
import numpy as np
import pandas as pd
import pytest
from helpers.small import small

from galopt.data.splits import fold_splits, folds
from galopt.errors import DataError
from galopt.experiments import crossvalidation
from galopt.experiments.evaluate_and_compare import compare

SETTINGS = {"train__epochs": 2, "augment__repeats": 0, "crossvalidate__folds": 2}
CONFIG = small(**SETTINGS)
ELSEWHERE = small(**SETTINGS, work__cluster="local", work__workers=2)
RESCALE = CONFIG.rescale


def test_folds_are_by_galaxy_equal_and_stratified():
    rng = np.random.default_rng(0)
    numbers = np.repeat(np.arange(150), 2)
    catalog = pd.DataFrame({"number": numbers, "a": rng.uniform(size=300)})
    catalog["b"] = 1 - catalog["a"]
    fold = folds(catalog, ["a", "b"], 5, seed=1)
    assert (catalog.assign(fold=fold).groupby("number")["fold"].nunique() == 1).all()
    assert np.bincount(fold).tolist() == [60] * 5
    for number in range(5):
        names = fold_splits(catalog, fold, number, RESCALE)
        assert set(names) == {"train", "validation", "test"}
        assert ((names == "test") == (fold == number)).all()
        assert (catalog.assign(s=names).groupby("number")["s"].nunique() == 1).all()


def test_too_few_galaxies_are_not_folded():
    with pytest.raises(DataError, match="5 galaxies are too few for 5 folds"):
        folds(pd.DataFrame({"a": np.ones(5), "b": np.zeros(5)}), ["a", "b"], 5, seed=1)


def test_a_resplit_dataset_has_the_galaxies_of_its_splits(blobs):
    fold = folds(blobs.catalog, blobs.targets, 4, seed=1)
    other = blobs.resplit(fold_splits(blobs.catalog, fold, 2, RESCALE))
    test, everything = other.split("test"), blobs.everything()
    assert len(test) == 50
    rows = np.flatnonzero(fold == 2)
    np.testing.assert_array_equal(test.images, everything.images[rows])
    np.testing.assert_array_equal(test.catalog["id"], everything.catalog["id"].iloc[rows])
    assert other.info["counts"]["test"] == 50
    assert other.info["hash"] != blobs.info["hash"]


def test_every_galaxy_is_predicted_once_by_the_network_of_its_fold(blobs, store):
    evaluation = crossvalidation.run(CONFIG, blobs)
    assert len(evaluation.split) == 200
    runs = store.search_runs([store.get_experiment_by_name("galopt").experiment_id])
    parent = next(run for run in runs if run.data.tags["galopt.kind"] == "crossvalidate")
    children = [r for r in runs if r.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    assert sorted(run.info.run_name for run in children) == ["fold 1 of 2", "fold 2 of 2"]
    assert parent.data.metrics["test_rmse"] == pytest.approx(evaluation.metrics["test_rmse"])
    assert 0.9 < parent.data.metrics["test_coverage"] <= 1
    tables = [
        pd.read_csv(mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}/predictions.csv"))
        for run in (parent, *children)
    ]
    whole, parts = tables[0], pd.concat(tables[1:])
    assert sorted(whole["id"]) == sorted(parts["id"]) == sorted(blobs.catalog["id"])
    joined = whole.merge(parts, on="id", suffixes=("", "_fold"))
    np.testing.assert_allclose(joined["predicted_disk"], joined["predicted_disk_fold"], atol=1e-6)
    page = mlflow.artifacts.load_text(f"runs:/{parent.info.run_id}/second_look.html")
    assert page.count("<figure>") == 60
    served = mlflow.pyfunc.load_model(f"runs:/{parent.info.run_id}/model")
    assert list(served.predict(np.array(blobs.split("test").images[:2])).columns) == blobs.targets


@pytest.mark.long
def test_the_workers_of_a_cluster_train_what_one_process_would(blobs, store, monkeypatch):
    alone = crossvalidation.run(CONFIG, blobs)

    def refuse(*arguments):
        raise AssertionError("the driver has trained")

    monkeypatch.setattr("galopt.training.train._fit", refuse)
    evaluation = crossvalidation.run(ELSEWHERE, blobs)
    np.testing.assert_allclose(evaluation.predicted, alone.predicted, atol=1e-3)
    runs = store.search_runs([store.get_experiment_by_name("galopt").experiment_id])
    parents = [r.info.run_id for r in runs if r.data.tags["galopt.kind"] == "crossvalidate"]
    difference = compare(*parents)
    assert difference.galaxies == len(blobs.catalog)
    assert difference.value == pytest.approx(0, abs=1e-3)
    children = [run for run in runs if "mlflow.parentRunId" in run.data.tags]
    assert len(children) == 4
    for run in children:
        assert len(store.get_metric_history(run.info.run_id, "val_rmse")) == 2
