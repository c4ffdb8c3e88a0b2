"""Predictions averaged over views."""

from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

from galopt.config import Evaluate
from galopt.config.load import build_config
from galopt.errors import ConfigError
from galopt.evaluation.evaluate import evaluate
from galopt.networks.augmentation import View
from galopt.networks.build import build_network
from galopt.networks.inference import combine, predict, predict_averaged, transforms

pytestmark = pytest.mark.backend

PUBLISHED = Evaluate(rotations=10, zooms=[1 / 1.2, 1, 1.2], flip=True)
STAMPS = np.random.default_rng(0).integers(0, 256, (6, 32, 32)).astype(np.uint8)


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """Return a small network with weights that make its views differ."""
    config = build_config(
        {
            "network": {
                "pixels": 16,
                "convolutions": [{"filters": 4, "kernel": 5, "pool": 4, "init_std": 0.5}],
                "dense": [],
            }
        }
    )
    built = build_network(config.network, 3, 32, View(16, 0.5, 3, name="view"), seed=0)
    kernel, bias = built.get_layer("fractions").get_weights()
    built.get_layer("fractions").set_weights([100 * kernel, bias])
    return built


def test_sixty_views_are_published():
    assert len(list(transforms(PUBLISHED))) == 60


def test_one_view_is_the_plain_prediction(model):
    mean, deviation = predict_averaged(model, STAMPS, Evaluate())
    np.testing.assert_allclose(mean, predict(model, STAMPS), atol=1e-6)
    assert not deviation.any()


def test_the_mean_over_quarter_turns_and_mirrors_does_not_see_how_a_galaxy_lies(model):
    views = Evaluate(rotations=4, flip=True)
    mean, deviation = predict_averaged(model, STAMPS, views)
    turned = np.flip(np.rot90(STAMPS, axes=(1, 2)), axis=2)
    np.testing.assert_allclose(predict_averaged(model, turned, views)[0], mean, atol=1e-4)
    assert deviation.min() > 0
    assert abs(predict(model, turned) - predict(model, STAMPS)).max() > 1e-3


def test_mean_and_deviation_are_those_of_the_single_views(model):
    views = Evaluate(zooms=[0.9, 1.1])
    each = [predict_averaged(model, STAMPS, Evaluate(zooms=[zoom]))[0] for zoom in views.zooms]
    mean, deviation = predict_averaged(model, STAMPS, views)
    np.testing.assert_allclose(mean, np.mean(each, axis=0), atol=1e-6)
    np.testing.assert_allclose(deviation, np.std(each, axis=0), atol=1e-6)


def test_networks_are_joined_by_the_law_of_total_variance():
    rng = np.random.default_rng(1)
    means = [rng.normal(0.5, 0.3, (40_000, 1)) for _ in range(6)]
    mean, deviation = combine(means, [np.full((40_000, 1), 0.4)] * 6)
    np.testing.assert_allclose(mean, np.mean(means, axis=0))
    assert np.sqrt(np.mean(deviation**2)) == pytest.approx(0.5, rel=0.01)
    assert combine(means[:1], [None])[1].max() == 0


def test_the_evaluation_says_how_far_the_views_agree(blobs):
    config = build_config({}, {"network.convolutions": [{"filters": 2, "kernel": 5, "pool": 4}]})
    view = View(45, 0.5, 3, name="view")
    model = build_network(config.network, 2, blobs.side, view, seed=0)
    table = evaluate(model, blobs, Evaluate(rotations=2)).table
    assert {"deviation_spheroid", "deviation_disk"} <= set(table)
    assert "deviation_disk" not in evaluate(model, blobs).table


def test_views_beyond_the_stamp_are_refused():
    with pytest.raises(ConfigError, match=r"evaluate.zooms=\[0.5\].*larger than the stamp"):
        build_config({}, "evaluate.zooms=[0.5]")


def test_views_are_averaged_in_any_thread():
    """Keras numbers its names anew in each thread; two inputs of one name are refused."""
    stamps = keras.Input((32, 32), dtype="uint8", name="input_layer")
    seen = keras.layers.Flatten()(View(16, 0.5, name="view")(stamps))
    model = keras.Model(stamps, keras.layers.Dense(2, "sigmoid", name="fractions")(seen))
    images = np.zeros((3, 32, 32), np.uint8)
    with ThreadPoolExecutor(1) as pool:
        mean, _ = pool.submit(predict_averaged, model, images, Evaluate(rotations=2)).result()
    np.testing.assert_allclose(mean, 0.5)
