"""The paper's network, layer by layer."""

import keras
import numpy as np
import pytest
from keras import layers

from galopt.config.load import load_config, preset_names
from galopt.errors import ConfigError
from galopt.networks.augmentation import View, view_layer
from galopt.networks.build import build_network, load_model
from galopt.training.callback import reseed
from galopt.training.optimizers import make_optimizer

STAMPS = np.random.default_rng(0).integers(0, 255, (4, 84, 84)).astype(np.uint8)


def build(overrides: str | dict = "", targets: int = 5, seed: int = 1, concentration: bool = False):
    config = load_config("params.yaml", overrides)
    view = view_layer(config.network, config.augment, STAMPS, 0)
    return build_network(config.network, targets, 84, view, seed, concentration=concentration)


@pytest.mark.backend
@pytest.mark.parametrize("seed", [1, 20161121, 2**31 - 1])
def test_the_seed_alone_decides_the_first_weights(seed):
    small = "network.dense=[8] network.maxout=2 train.loss=binary_crossentropy"
    first, second = (build(small, seed=seed, concentration=True) for _ in range(2))
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    reseed(first, seed, epoch=5000)


def test_the_papers_network_is_as_published():
    model = build()
    assert [type(layer) for layer in model.layers] == [
        layers.InputLayer,
        View,
        layers.Conv2D,
        layers.MaxPooling2D,
        layers.Conv2D,
        layers.MaxPooling2D,
        layers.Conv2D,
        layers.Conv2D,
        layers.MaxPooling2D,
        layers.Flatten,
        layers.Dropout,
        layers.Dense,
        layers.Dropout,
        layers.Dense,
        layers.Dropout,
        layers.Dense,
    ]
    sides = [layer.output.shape[1] for layer in model.layers[1:9]]
    assert sides == [45, 40, 20, 16, 8, 6, 4, 2]
    assert model.get_layer("features").output.shape == (None, 512)
    assert model.get_layer("fractions").activation.__name__ == "sigmoid"
    assert [model.get_layer(f"convolution_{n}").kernel_size[0] for n in (1, 2, 3, 4)] == [
        6,
        5,
        3,
        3,
    ]


@pytest.mark.parametrize(
    ("layer", "init_std", "bias"),
    [
        ("convolution_1", 0.01, 0.1),
        ("convolution_2", 0.01, 0.1),
        ("convolution_3", 0.01, 0.1),
        ("convolution_4", 0.1, 0.1),
        ("dense_1", 0.001, 0.01),
        ("dense_2", 0.001, 0.01),
        ("fractions", 0.01, 0.1),
    ],
)
def test_initial_weights_have_the_published_spread(layer, init_std, bias):
    kernel, biases = build().get_layer(layer).get_weights()
    assert kernel.std() == pytest.approx(init_std, rel=0.05)
    assert kernel.mean() == pytest.approx(0, abs=init_std / 10)
    np.testing.assert_allclose(biases, bias, rtol=1e-6)


def test_no_two_layers_start_from_the_same_numbers():
    first, second = (build().get_layer(f"dense_{n}").get_weights()[0] for n in (1, 2))
    assert not np.allclose(first[:512], second[:512])


def test_fractions_lie_between_zero_and_one():
    fractions = build(targets=3).predict_on_batch(STAMPS)
    assert fractions.shape == (4, 3)
    assert fractions.min() >= 0
    assert fractions.max() <= 1


def test_softmax_fractions_sum_to_one():
    fractions = build("network.output=softmax").predict_on_batch(STAMPS)
    np.testing.assert_allclose(fractions.sum(axis=1), 1, rtol=1e-5)


def test_layers_that_do_not_fit_the_picture_are_refused():
    with pytest.raises(ConfigError, match=r"network.convolutions.3: kernel 9 .* 6 px"):
        build("network.convolutions.3.kernel=9")


@pytest.mark.parametrize(
    "preset",
    [pytest.param(p, marks=[pytest.mark.backend] * (p == "modern")) for p in preset_names()],
)
def test_each_preset_trains_a_step_saves_loads_and_predicts_the_same(preset, tmp_path):
    words = {"network.preset": preset, "network.dense": [16, 16], "train.precision": "float32"}
    config = load_config("params.yaml", words)
    targets = len(config.network.tree_answers) or 5
    view = view_layer(config.network, config.augment, STAMPS, 0)
    model = build_network(config.network, targets, 84, view, seed=1)
    model.compile(make_optimizer(config.train, steps=1), loss=config.train.loss)
    loss = model.train_on_batch(STAMPS, np.full((4, targets), 0.5, np.float32))
    assert np.isfinite(loss)
    fractions = model.predict_on_batch(STAMPS)
    assert fractions.min() >= 0
    assert fractions.max() <= 1
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict_on_batch(STAMPS), fractions)


def test_maxout_and_untied_biases_are_switched_on_by_one_key_each():
    names = [type(layer).__name__ for layer in build("network.maxout=2").layers]
    assert names.count("Maxout") == 2
    names = [type(layer).__name__ for layer in build("network.untied_biases=true").layers]
    assert names.count("UntiedBias") == 4


def test_sixteen_views_are_joined_before_the_dense_layers():
    overrides = "network.views=16 network.pixels=69 network.convolutions.3.filters=8"
    assert build(overrides).get_layer("features").output.shape == (None, 16 * 2 * 2 * 8)


def test_a_tree_for_other_targets_is_refused():
    with pytest.raises(ConfigError, match="has 37 answers, but the survey has 5 targets"):
        build("network.preset=dieleman2015")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ("network.output=tree", "go together"),
        (
            {"network.output": "tree", "network.tree": [{"answers": ["a", "b"], "after": "a"}]},
            "tree.0.after=a: must be an answer to an earlier question: there is none",
        ),
        (
            {"network.output": "tree", "network.tree": [{"answers": ["a", "b", "a"]}]},
            "an answer belongs to one question",
        ),
        ("network.views=16 network.crop=46", "crop=46: must be at most network.pixels=45"),
        ("network.maxout=0", "network.maxout=0"),
    ],
)
def test_networks_that_cannot_be_are_refused(overrides, message):
    with pytest.raises(ConfigError, match=message):
        build(overrides)


def test_a_weighted_mean_starts_as_the_mean_and_then_tells_the_middle_from_the_edge():
    even, weighted = (
        build(f"network.preset=modern network.pooling={p}") for p in ("average", "weighted")
    )
    np.testing.assert_allclose(
        weighted.predict_on_batch(STAMPS), even.predict_on_batch(STAMPS), atol=1e-5
    )
    mean = weighted.get_layer("weighted_mean")
    middle = np.zeros((5, 5, 128, 1), np.float32)
    middle[2, 2] = 1
    mean.set_weights([middle])
    maps = np.random.default_rng(1).random((2, 5, 5, 128), np.float32)
    seen = keras.ops.convert_to_numpy(mean(maps))
    np.testing.assert_allclose(seen[:, 0, 0], maps[:, 2, 2], rtol=1e-6)
