"""Galaxy Zoo's own layouts, from the folder as it lies there to a trained network."""

import numpy as np
import pandas as pd
import pytest
from helpers.layouts import write_images

from galopt.config.load import build_config
from galopt.data.rescale import build_dataset
from galopt.data.stamps import make_stamps
from galopt.data.survey import make_survey
from galopt.evaluation.evaluate import evaluate
from galopt.metrics import rmse
from galopt.training.train import train

PRESET = "dieleman2015"
SMALL = {
    "network.convolutions.0.filters": 4,
    "network.convolutions.1.filters": 4,
    "network.convolutions.2.filters": 4,
    "network.convolutions.3.filters": 4,
    "network.dense": [16, 16],
    "train.epochs": 1,
    "train.precision": "float32",
}


def make_dataset(folder, changes=None, small=SMALL, **stated):
    survey = {"source": "folder", "folder": {"path": str(folder)} | stated}
    config = build_config(
        {"survey": survey, "network": {"preset": PRESET}}, small | (changes or {})
    )
    data = folder.parent / "data"
    make_survey(config, data / "survey")
    make_stamps(config, data / "survey", data)
    return config, build_dataset(config, data, data / "dataset")


def shares_of_the_tree(galaxies):
    """Return answers of the Galaxy Zoo challenge that obey its tree."""
    network = build_config({"network": {"preset": PRESET}}).network
    rng = np.random.default_rng(0)
    asked: list[np.ndarray] = []
    for question, parent in zip(network.tree, network.tree_parents, strict=True):
        share = rng.dirichlet(np.ones(len(question.answers)), galaxies).T
        asked += list(share if parent is None else share * asked[parent])
    return dict(zip(network.tree_answers, asked, strict=True))


def write_challenge(folder, galaxies, side):
    """Write galaxies as the challenge published them, and return their ids."""
    ids = [100008 + 15 * number for number in range(galaxies)]
    write_images(folder, [f"images_training_rev1/{galaxy}.jpg" for galaxy in ids], side)
    table = pd.DataFrame({"GalaxyID": ids} | shares_of_the_tree(galaxies))
    table.to_csv(folder / "training_solutions_rev1.csv", index=False)
    return ids


def test_the_galaxy_zoo_challenge_trains_its_network_without_any_setting(tmp_path):
    ids = write_challenge(tmp_path / "kaggle", 40, side=32)
    config, built = make_dataset(tmp_path / "kaggle")
    assert built.targets == config.network.tree_answers
    assert built.info["fractions"] == "raw"
    assert set(built.catalog["id"]) == set(map(str, ids))
    result = train(config, built, tmp_path / "run")
    fractions = result.model.predict_on_batch(np.asarray(built.split("test").images))
    np.testing.assert_allclose(fractions[:, 3:5].sum(axis=1), fractions[:, 1], atol=1e-5)


@pytest.mark.slow
def test_the_published_network_trains_an_epoch_on_2000_galaxies_of_the_challenge(tmp_path):
    write_challenge(tmp_path / "kaggle", 2000, side=424)
    whole = {"rescale.pixels": 141, "augment.repeats": 0, "train.epochs": 1}
    config, built = make_dataset(tmp_path / "kaggle", whole, small={})
    assert built.images.shape == (2000, 141, 141, 3)
    (epoch,) = train(config, built, tmp_path / "run").history
    voted = built.split("validation").fractions
    constant = np.broadcast_to(built.split("train").fractions.mean(axis=0), voted.shape)
    assert epoch["val_rmse"] < 1.5 * rmse(voted, constant)


def test_counts_of_zoobot_become_shares_of_all_voters(tmp_path):
    rng = np.random.default_rng(1)
    names = [f"J{number:06d}.png" for number in range(40)]
    write_images(tmp_path / "decals", [f"png/{name}" for name in names])
    smooth, featured = rng.integers(5, 20, (2, 40))
    edge_on = rng.binomial(featured, 0.3)
    table = pd.DataFrame(
        {
            "id_str": [name.removesuffix(".png") for name in names],
            "file_loc": [str(tmp_path / "decals" / "png" / name) for name in names],
            "smooth-or-featured_smooth": smooth,
            "smooth-or-featured_featured-or-disk": featured,
            "smooth-or-featured_total-votes": smooth + featured,
            "disk-edge-on_yes": edge_on,
            "disk-edge-on_no": featured - edge_on,
        }
    )
    table.to_parquet(tmp_path / "decals" / "catalogue.parquet")
    smooth_or, edge = (
        ["smooth-or-featured_smooth", "smooth-or-featured_featured-or-disk"],
        ["disk-edge-on_yes", "disk-edge-on_no"],
    )
    tree = [{"answers": smooth_or}, {"answers": edge, "after": smooth_or[1]}]
    changes = {"network.tree": tree, "train.loss": "beta_binomial", "train.learning_rate": 0.001}
    config, built = make_dataset(tmp_path / "decals", changes, votes_are="counts")
    assert built.targets == [*smooth_or, *edge]
    catalog = built.catalog.set_index("id").loc[table["id_str"]]
    assert catalog["n_votes"].tolist() == (smooth + featured).tolist()
    np.testing.assert_allclose(catalog["disk-edge-on_yes"], edge_on / (smooth + featured))
    assert built.info["fractions"] == "raw"
    assert built.info["floor"]["overall"] > 0
    result = train(config, built, tmp_path / "run")
    found = evaluate(result.model, built)
    assert (found.deviation > 0).all()
    wrong = found.split.fractions[:, 2:] - found.predicted[:, 2:]
    assert found.metrics["test_rmse_disk-edge-on"] == pytest.approx(np.sqrt(np.mean(wrong**2)))
    assert found.metrics["test_rmse_constant_smooth-or-featured"] > 0
