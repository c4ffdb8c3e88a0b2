"""Several networks: how they differ, how they are averaged, what the differences are worth."""

from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from galopt.config.load import build_config, load_config, preset_names
from galopt.errors import ConfigError
from galopt.evaluation.kept_results import Measurement
from galopt.experiments import ablation, ensemble
from galopt.experiments.child_runs import Member
from galopt.experiments.run import Trained
from galopt.training.train import TrainResult

TINY = {
    "network.convolutions": [{"filters": 4, "kernel": 6, "pool": 4, "init_std": 0.1}],
    "network.dense": [8],
    "network.dense_init_std": 0.1,
    "network.pixels": 24,
    "augment.repeats": 0,
    "train.epochs": 1,
    "train.precision": "float32",
    "ensemble.members": 3,
    "ensemble.variants": {"plain": "", "wide": "network.dense=[16]"},
    "ablate.seeds": 2,
    "ablate.differences": {"brightness": "augment.brightness=0.5", "maxout": "network.maxout=2"},
}


@pytest.fixture
def config(monkeypatch):
    """Return a tiny configuration."""
    return load_config("params.yaml", TINY)


def test_members_differ_in_turn_and_in_their_seeds(config, blobs):
    names, configs = zip(*ensemble.variants(config, blobs), strict=True)
    assert names == ("1: plain", "2: wide", "3: plain")
    assert [member.network.dense for member in configs] == [[8], [16], [8]]
    assert [member.train.seed for member in configs] == [2016, 2017, 2018]


@pytest.mark.parametrize("preset", preset_names())
def test_every_preset_has_the_parts_its_variants_change(preset, blobs):
    config = build_config({"network": {"preset": preset}})
    assert len(ensemble.variants(config, blobs)) == 17


def test_a_variant_of_what_is_not_there_is_refused(config, blobs):
    wrong = load_config("params.yaml", TINY | {"ensemble.variants": {"x": "network.depth=3"}})
    with pytest.raises(ConfigError, match=r"ensemble.variants\['x'\].*depth=3: no such parameter"):
        ensemble.variants(wrong, blobs)


def test_a_variant_that_does_not_fit_is_refused_before_any_is_trained(config, blobs, store):
    variants = {"plain": "", "coarse": "network.pixels=16 network.convolutions.0.kernel=15"}
    several = config.ensemble.model_copy(update={"variants": variants})
    config = config.model_copy(update={"ensemble": several})
    with pytest.raises(ConfigError, match="2: coarse: network.convolutions.0: kernel 15"):
        ensemble.run(config, blobs)
    runs = store.search_runs([store.get_experiment_by_name("galopt").experiment_id])
    parent = next(run for run in runs if run.data.tags["galopt.kind"] == "ensemble")
    assert parent.info.status == "FAILED"
    assert not any("mlflow.parentRunId" in run.data.tags for run in runs)


def test_stacking_finds_the_weights_that_made_the_votes():
    rng = np.random.default_rng(0)
    predicted = rng.uniform(size=(3, 200, 4)).astype(np.float32)
    weights = ensemble.stack(predicted, 0.7 * predicted[0] + 0.3 * predicted[2])
    np.testing.assert_allclose(weights, [0.7, 0, 0.3], atol=1e-3)


def test_members_without_any_merit_weigh_the_same():
    assert ensemble.stack([np.zeros((5, 2))] * 4, np.ones((5, 2))) == pytest.approx([0.25] * 4)


def member(name: str, noise: float, dataset, seed: int) -> Member:
    """Return a member that predicts the votes with an error of its own."""
    from galopt.evaluation.evaluate import score

    rng = np.random.default_rng(seed)
    voted = {split: dataset.split(split).fractions for split in ("validation", "test")}
    seen = {k: v + rng.normal(0, noise, v.shape).astype(np.float32) for k, v in voted.items()}
    evaluation = score(dataset, dataset.split("test"), seen["test"])
    result = TrainResult(None, [{"val_rmse": noise, "epoch_seconds": 2.0}], "float32")
    trained = Trained(result, None, "", Path(name), {})
    return Member(name, trained, seen["validation"], evaluation)


def test_averaging_independent_errors_gains_what_theory_says(blobs):
    members = [member(str(number), 0.2, blobs, number) for number in range(9)]
    evaluation, gain, table = ensemble.combine(members, blobs)
    metrics = evaluation.metrics
    assert metrics["test_rmse"] == pytest.approx(0.2 / 3, rel=0.2)
    spread = evaluation.table[[f"deviation_{target}" for target in blobs.targets]]
    assert np.sqrt((spread**2).to_numpy().mean()) == pytest.approx(0.2, rel=0.2)
    assert metrics["ensemble_gain"] == pytest.approx(
        metrics["test_rmse_best_member"] - metrics["test_rmse"]
    )
    assert gain.real
    assert 0 < metrics["ensemble_gain_low"] < metrics["ensemble_gain"]
    assert table["weight"].sum() == pytest.approx(1)


def test_the_ablation_compares_every_arm_with_the_first(blobs):
    trained = {
        "plain": [member("a", 0.2, blobs, 1), member("b", 0.2, blobs, 2)],
        "better": [member("c", 0.1, blobs, 3), member("d", 0.1, blobs, 4)],
        "all together": [member("e", 0.1, blobs, 5), member("f", 0.1, blobs, 6)],
    }
    table = ablation.table(trained, blobs).set_index("arm")
    assert list(table.index) == ["plain", "better", "averaging", "all together"]
    assert table.loc["plain", ["difference", "low", "high"]].tolist() == [0, 0, 0]
    assert table.loc["better", "high"] < 0
    assert table.loc["averaging", "test_rmse"] == pytest.approx(0.2 / np.sqrt(2), rel=0.2)
    assert table.loc["all together", "test_rmse"] == pytest.approx(0.1 / np.sqrt(2), rel=0.2)


def test_the_arms_are_each_difference_alone_and_all_together(config):
    arms = ablation.arms(config)
    assert list(arms) == ["ignat2016", "brightness", "maxout", "all together"]
    seen = {
        arm: (c[0].augment.brightness, c[0].network.maxout, [x.train.seed for x in c])
        for arm, c in arms.items()
    }
    assert seen == {
        "ignat2016": (0, 1, [2016, 2017]),
        "brightness": (0.5, 1, [2016, 2017]),
        "maxout": (0, 2, [2016, 2017]),
        "all together": (0.5, 2, [2016, 2017]),
    }


def test_all_together_may_need_something_besides(config):
    differences = {"maxout": "network.maxout=2", "all together": "train.learning_rate=0.0001"}
    ablate = config.ablate.model_copy(update={"differences": differences})
    arms = ablation.arms(config.model_copy(update={"ablate": ablate}))
    rates = {arm: (c[0].network.maxout, c[0].train.learning_rate) for arm, c in arms.items()}
    usual = config.train.learning_rate
    assert rates == {"ignat2016": (1, usual), "maxout": (2, usual), "all together": (2, 0.0001)}


@pytest.mark.parametrize("name", ["ignat2016", "averaging"])
def test_a_difference_that_is_called_like_another_arm_is_refused(config, name):
    ablate = config.ablate.model_copy(update={"differences": {name: "network.maxout=2"}})
    with pytest.raises(ConfigError, match=f"'{name}' is another arm's name"):
        ablation.arms(config.model_copy(update={"ablate": ablate}))


def test_members_are_averaged_over_the_same_views(config, blobs):
    kinds = {"plain": "", "turned": "evaluate.rotations=8"}
    several = config.ensemble.model_copy(update={"variants": kinds})
    with pytest.raises(ConfigError, match="'turned'.*for the whole ensemble"):
        ensemble.variants(config.model_copy(update={"ensemble": several}), blobs)


def test_an_ensemble_is_one_tracked_parent_one_served_model_and_its_members(config, blobs, store):
    evaluation = ensemble.run(config, blobs)
    runs = store.search_runs([store.get_experiment_by_name("galopt").experiment_id])
    parent = next(run for run in runs if run.data.tags["galopt.kind"] == "ensemble")
    children = [
        run for run in runs if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id
    ]
    assert sorted(run.info.run_name for run in children) == ["1: plain", "2: wide", "3: plain"]
    assert parent.data.metrics["test_rmse"] == pytest.approx(evaluation.metrics["test_rmse"])
    served = mlflow.pyfunc.load_model("models:/galopt/1")
    predicted = served.predict(np.array(blobs.split("test").images)).to_numpy()
    np.testing.assert_allclose(predicted, evaluation.predicted, atol=1e-5)
    page = mlflow.artifacts.load_text(f"runs:/{parent.info.run_id}/report.html")
    assert "the average of 3 networks like" in page
    mean = np.mean([run.data.metrics["test_rmse"] for run in children])
    assert evaluation.metrics["test_rmse"] <= mean + 1e-6
    kept = Measurement.read(
        mlflow.artifacts.load_text(f"runs:/{parent.info.run_id}/measurement.json")
    )
    assert {key.split(".")[0] for key in kept.parameters}.isdisjoint({"search", "work"})
    rows = kept.frame.set_index("arm")["test_rmse"]
    assert rows["the best single network"] == pytest.approx(
        evaluation.metrics["test_rmse_best_member"], abs=1e-5
    )
    assert rows["the average"] == pytest.approx(evaluation.metrics["test_rmse"], abs=1e-5)


@pytest.mark.long
def test_an_ablation_of_one_seed_logs_one_table_and_one_figure(config, blobs, store):
    once = config.ablate.model_copy(update={"seeds": 1})
    table = ablation.run(config.model_copy(update={"ablate": once}), blobs)
    assert "averaging" not in set(table["arm"])
    assert np.isfinite(table["test_rmse"]).all()
    assert table["seeds"].isna().all()
    runs = store.search_runs([store.get_experiment_by_name("galopt").experiment_id])
    parent = next(run for run in runs if run.data.tags["galopt.kind"] == "ablation")
    files = [file.path for file in store.list_artifacts(parent.info.run_id)]
    assert {"ablation.csv", "measurement.json", "report.html"} <= set(files)
    kept = mlflow.artifacts.load_text(f"runs:/{parent.info.run_id}/measurement.json")
    measured = Measurement.read(kept)
    pd.testing.assert_frame_equal(measured.frame, table, check_dtype=False, atol=1e-5)
    assert (measured.dataset, measured.galaxies) == (blobs.info["hash"], blobs.info["counts"])
    assert measured.parameters["train.epochs"] == len(measured.networks[0]["val_rmse"])
    assert [network["test_rmse"] for network in measured.networks[:1]] == [
        pytest.approx(table["test_rmse"].iloc[0])
    ]
    assert [f.path for f in store.list_artifacts(parent.info.run_id, "plots")] == [
        "plots/ablation.svg"
    ]
