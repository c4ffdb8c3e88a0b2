"""Networks that see colours: each plane is viewed alike, brightness follows the principal axis."""

import keras
import numpy as np
import pytest

from galopt.config import Augment, Evaluate
from galopt.config.load import build_config
from galopt.errors import ConfigError
from galopt.networks.architecture import channels_of, totals
from galopt.networks.augmentation import View, view_layer
from galopt.networks.build import build_network, load_model
from galopt.networks.inference import predict, predict_averaged
from galopt.networks.pixel_statistics import principal_axis

pytestmark = pytest.mark.backend

RNG = np.random.default_rng(3)
STAMPS = RNG.integers(0, 255, (6, 40, 40, 4)).astype(np.uint8)
SMALL = {
    "network": {
        "pixels": 20,
        "channels": "auto",
        "convolutions": [{"filters": 4, "kernel": 5, "pool": 2}],
        "dense": [8],
    }
}
NETWORK = build_config(SMALL).network


def view(stamps, **augment) -> View:
    return view_layer(NETWORK, Augment(**augment), stamps, seed=1)


@pytest.mark.parametrize("options", [{}, {"turns": (0, 45)}, {"recentre": 0.1}])
def test_each_plane_is_viewed_as_a_grey_stamp_is(options):
    whole = np.repeat(STAMPS[..., :1], 3, axis=3) if "recentre" in options else STAMPS[..., :3]
    seen = np.asarray(
        View(20, 0.5, channels=3, mean=[0.1, 0.2, 0.3], std=[0.5, 0.6, 0.7], **options)(whole)
    )
    for plane in range(3):
        grey = View(20, 0.5, mean=0.1 * (plane + 1), std=0.5 + 0.1 * plane, **options)
        np.testing.assert_allclose(seen[..., plane::3], grey(whole[..., plane]), atol=1e-5)


def test_grey_stamps_are_repeated_with_and_without_an_axis_of_planes():
    layer = View(20, 0.5, channels=3)
    seen = np.asarray(layer(STAMPS[..., :1]))
    np.testing.assert_array_equal(seen, layer(STAMPS[..., 0]))
    np.testing.assert_array_equal(seen[..., 0], seen[..., 2])


def test_views_are_standardised_plane_by_plane():
    stamps = np.stack([STAMPS[..., 0] // 8, STAMPS[..., 1]], axis=-1)
    layer = view(stamps)
    levels = stamps.reshape(-1, 2) / 255
    np.testing.assert_allclose(layer.mean, levels.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(layer.std, levels.std(axis=0), rtol=1e-6)


def test_planes_alike_take_the_brightness_of_a_grey_stamp():
    alike = np.repeat(STAMPS[..., :1], 3, axis=3)
    std = [float((alike / 255).std())] * 3
    np.testing.assert_allclose(principal_axis(alike, std), [1, 1, 1], rtol=1e-6)


def test_brightness_shifts_the_colours_along_their_principal_axis():
    light = RNG.normal(100, 20, (6, 40, 40, 1))
    stamps = np.clip(light * [1.0, 0.5, 0.1] + 60, 0, 255).astype(np.uint8)
    layer = view(stamps, brightness=0.5, rotation=0, shift=0, zoom=1, flip=False)
    keras.utils.set_random_seed(1)
    change = np.asarray(layer(stamps, training=True)) - np.asarray(layer(stamps))
    shift = change.mean(axis=(1, 2))
    np.testing.assert_allclose(change - shift[:, None, None], 0, atol=1e-4)  # one shift a galaxy
    levels = shift * np.array(layer.std)
    assert np.abs(levels[:, 0] / levels[:, 1] - 2).max() < 0.1
    assert np.abs(levels[:, 2]).max() < 0.2 * np.abs(levels[:, 0]).max()


@pytest.mark.parametrize(
    ("channels", "planes", "seen"), [("auto", 4, 4), ("auto", 1, 1), (3, 1, 3), (3, 3, 3)]
)
def test_channels_follow_the_stamps_or_repeat_a_grey_one(channels, planes, seen):
    network = NETWORK.model_copy(update={"channels": channels})
    assert channels_of(network, planes) == seen
    assert totals(network, 2, planes)["weights"] > 0


def test_other_channels_than_planes_are_refused():
    network = NETWORK.model_copy(update={"channels": 3})
    with pytest.raises(ConfigError, match="3: the stamps have 4 planes; set network.channels=auto"):
        view_layer(network, Augment(), STAMPS, 1)


def test_a_network_of_four_bands_trains_saves_loads_and_averages_views(tmp_path):
    model = build_network(NETWORK, 2, 40, view(STAMPS), 1, planes=4)
    assert model.input_shape == (None, 40, 40, 4)
    model.compile(optimizer="adam", loss="mse")
    model.train_on_batch(STAMPS, np.full((6, 2), 0.5))
    model.save(tmp_path / "a.keras")
    loaded = load_model(tmp_path / "a.keras")
    np.testing.assert_allclose(predict(loaded, STAMPS), predict(model, STAMPS), atol=1e-6)
    mean, deviation = predict_averaged(loaded, STAMPS, Evaluate(rotations=4))
    assert mean.shape == deviation.shape == (6, 2)


def test_a_grey_network_of_before_planes_takes_stamps_with_their_axis():
    stamps = keras.Input((40, 40), dtype="uint8", name="stamps")
    seen = keras.layers.Flatten()(View(20, 0.5, name="view")(stamps))
    fractions = keras.layers.Dense(2, "sigmoid", name="fractions")(seen)
    model = keras.Model(stamps, fractions)
    grey = STAMPS[..., :1]
    np.testing.assert_array_equal(predict(model, grey), predict(model, grey[..., 0]))
    assert predict_averaged(model, grey, Evaluate(rotations=2))[0].shape == (6, 2)
