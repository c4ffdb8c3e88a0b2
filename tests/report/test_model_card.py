"""A model's card and a run's description."""

from dataclasses import replace

import mlflow
import numpy as np
import pytest

from galopt import tracking
from galopt.evaluation.evaluate import Evaluation, score
from galopt.report import model_card


@pytest.fixture
def evaluation(blobs) -> Evaluation:
    test = blobs.split("test")
    noise = np.random.default_rng(0).normal(0, 0.1, test.fractions.shape).astype("f4")
    return score(blobs, test, test.fractions + noise)


def test_intervals_hold_the_measured_error(evaluation):
    found = model_card.intervals(evaluation)
    assert list(found) == ["all targets", "spheroid", "disk"]
    for name, metric in (("all targets", "test_rmse"), ("disk", "test_rmse_disk")):
        assert found[name].value == pytest.approx(evaluation.metrics[metric])
        assert found[name].low < found[name].value < found[name].high


def test_a_card_says_what_a_user_must_know(blobs, evaluation):
    card = model_card.card("a network on blobs", blobs, evaluation, networks=3)
    assert card.startswith("# a network on blobs\n")
    for section in ("Data", "Measured", "Intended use", "Limits", "Licence and citation"):
        assert f"\n\n## {section}" in card
    found = model_card.intervals(evaluation)["disk"]
    assert f"\n| disk | {found.value:.4f} | {found.low:.4f} to {found.high:.4f} |\n" in card
    assert f"`{blobs.info['hash']}`" in card
    assert "average of 3 networks" in card
    assert "BSD-3-Clause" in card
    assert "Ignat" in card
    assert "\n\n\n" not in card


def test_a_card_is_never_longer_than_mlflow_holds(blobs, evaluation):
    many = [f"a target with a rather long name, number {number}" for number in range(200)]
    info = blobs.info | {"targets": many}
    card = model_card.card("a", replace(blobs, info=info), evaluation)
    assert len(card) == model_card.MOST


def test_cards_and_descriptions_are_where_people_look(blobs, evaluation, tmp_path):
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    try:
        client = mlflow.MlflowClient()
        experiment = mlflow.create_experiment("cards", artifact_location=str(tmp_path / "files"))
        with mlflow.start_run(experiment_id=experiment) as run:
            client.create_registered_model("galopt")
            client.create_model_version("galopt", f"runs:/{run.info.run_id}/model", run.info.run_id)
            tracking.describe_run(model_card.note(blobs, evaluation))
            tracking.describe_model("# A card")
        assert client.get_model_version("galopt", "1").description == "# A card"
        assert (tmp_path / "files" / run.info.run_id / "artifacts" / "model_card.md").exists()
        described = client.get_run(run.info.run_id).data.tags["mlflow.note.content"]
        assert described.startswith(f"**RMSE {evaluation.metrics['test_rmse']:.4f}** (95 %")
    finally:
        mlflow.set_tracking_uri(None)
