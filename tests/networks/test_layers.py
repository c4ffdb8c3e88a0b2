"""The layers: what they compute, how they are rebuilt, what they refuse. Any Keras backend."""

import keras
import numpy as np
import pytest
from keras import ops

from galopt.config.load import build_config
from galopt.networks.augmentation import View
from galopt.networks.layers import (
    DecisionTree,
    JoinViews,
    Maxout,
    MaxoutConv2D,
    UntiedBias,
    Viewpoints,
)

pytestmark = pytest.mark.backend

RNG = np.random.default_rng(0)
TREE = {"answers": [2, 2, 3], "after": [None, 0, 3]}


def array(tensor) -> np.ndarray:
    return ops.convert_to_numpy(tensor)


def random(*shape) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def test_maxout_is_the_largest_affine_map():
    layer, x = Maxout(4, pieces=3), random(5, 7)
    layer.build(x.shape)
    kernel, bias = layer.get_weights()
    maps = (x @ kernel + bias).reshape(5, 4, 3)
    np.testing.assert_allclose(array(layer(x)), maps.max(axis=-1), atol=1e-5)


def test_convolutional_maxout_is_the_largest_affine_map_at_every_position():
    layer, x = MaxoutConv2D(4, 3, pieces=2), random(2, 9, 9, 3)
    plain = keras.layers.Conv2D(8, 3)
    layer.build(x.shape)
    plain.build(x.shape)
    plain.set_weights(layer.get_weights())
    expected = array(plain(x)).reshape(2, 7, 7, 4, 2).max(axis=-1)
    np.testing.assert_allclose(array(layer(x)), expected, atol=1e-5)


def test_untied_biases_differ_between_positions():
    layer, x = UntiedBias(keras.initializers.RandomNormal(seed=0)), random(2, 3, 3, 4)
    added = array(layer(x)) - x
    np.testing.assert_allclose(added[0], layer.get_weights()[0], atol=1e-6)
    np.testing.assert_allclose(added[0], added[1], atol=1e-6)
    assert len(np.unique(layer.get_weights()[0])) == 36


def views_of(stamps: np.ndarray) -> np.ndarray:
    """Return the 16 views (B, 16, 45, 45, 1) of stamps (B, S, S)."""
    pictures = View(pixels=69, field=0.5, turns=(0, 45))(stamps)
    return array(Viewpoints(45)(pictures)).reshape(-1, 16, 45, 45, 1)


def test_a_quarter_turn_of_the_galaxy_only_permutes_its_viewpoints():
    stamp = RNG.integers(0, 256, (1, 84, 84)).astype(np.uint8)
    views = views_of(stamp)[0]
    turned = views_of(np.rot90(stamp, axes=(1, 2)).copy())[0]
    apart = abs(views[:, None] - turned[None]).max(axis=(2, 3, 4))
    nearest = apart.argmin(axis=1)
    assert sorted(nearest) == list(range(16))
    assert apart.min(axis=1).max() < 1e-2
    assert np.sort(apart, axis=1)[:, 1].min() > 0.1


def test_every_viewpoint_has_the_centre_of_the_galaxy_in_the_same_corner():
    y, x = np.mgrid[:84, :84] - 41.5
    stamp = np.round(255 * np.exp(-(x**2 + y**2) / 20)).astype(np.uint8)
    brightest = [np.unravel_index(v.argmax(), v.shape[:2]) for v in views_of(stamp[None])[0]]
    np.testing.assert_allclose(brightest, 34, atol=1)


def test_the_viewpoints_of_a_galaxy_are_joined_and_no_others():
    pictures = np.ones((3, 8, 8, 2), np.float32) * np.arange(3)[:, None, None, None]
    features = keras.layers.Flatten()(Viewpoints(5)(pictures))
    joined = array(JoinViews()(features))
    assert joined.shape == (3, 16 * 25)
    np.testing.assert_array_equal(joined, np.repeat([[0], [1], [2]], 400, axis=1))


def test_a_tree_normalises_each_question_and_multiplies_down():
    fractions = array(DecisionTree(**TREE)(np.array([[1, 3, 2, 2, 1, -5, 4]], np.float32)))
    np.testing.assert_allclose(fractions[0], [0.25, 0.75, 0.125, 0.125, 0.025, 0, 0.1], rtol=1e-5)


def test_a_tree_without_any_positive_score_gives_no_votes():
    np.testing.assert_array_equal(array(DecisionTree(**TREE)(-np.ones((2, 7), np.float32))), 0)


def test_galaxy_zoo_2_obeys_its_tree():
    network = build_config({"network": {"preset": "dieleman2015"}}).network
    tree = DecisionTree([len(question.answers) for question in network.tree], network.tree_parents)
    f = array(tree(abs(random(50, 37)) + 0.01))
    for asked, first, last in [
        (1, 0, 3),
        (f[:, 1], 3, 5),
        (f[:, 4], 5, 7),
        (f[:, 4], 7, 9),
        (f[:, 4], 9, 13),
        (1, 13, 15),
        (f[:, 0], 15, 18),
        (f[:, 13], 18, 25),
        (f[:, 3], 25, 28),
        (f[:, 7], 28, 31),
        (f[:, 7], 31, 37),
    ]:
        np.testing.assert_allclose(f[:, first:last].sum(axis=1), asked, rtol=1e-4)


LAYERS = {
    "maxout": (Maxout(4, 3, bias_initializer="ones"), (2, 7)),
    "maxout convolution": (MaxoutConv2D(4, 3, 2, padding="same"), (2, 9, 9, 3)),
    "untied": (UntiedBias("ones"), (2, 3, 3, 4)),
    "viewpoints": (Viewpoints(5), (2, 8, 8, 4)),
    "join": (JoinViews(4), (8, 3)),
    "tree": (DecisionTree(**TREE), (2, 7)),
}


@pytest.mark.parametrize(("layer", "shape"), LAYERS.values(), ids=LAYERS)
def test_a_layer_is_rebuilt_from_its_configuration(layer, shape):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert again.get_config() == layer.get_config()
    x = random(*shape)
    result = layer(x)
    assert result.shape == layer.compute_output_shape(shape)
    again.build(shape)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(array(again(x)), array(result))


@pytest.mark.parametrize(("layer", "shape"), LAYERS.values(), ids=LAYERS)
def test_a_layer_computes_in_the_precision_it_is_told(layer, shape):
    low = type(layer).from_config(layer.get_config() | {"dtype": "mixed_bfloat16"})
    result = low(random(*shape))
    assert keras.backend.standardize_dtype(result.dtype) == "bfloat16"
    assert all(keras.backend.standardize_dtype(w.dtype) == "float32" for w in low.weights)
    symbolic = low(keras.Input(shape[1:]))
    assert symbolic.shape[1:] == result.shape[1:]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Maxout(0), "units must be a positive integer, got 0"),
        (lambda: Maxout(4, pieces=1.5), r"pieces must be a positive integer, got 1\.5"),
        (lambda: MaxoutConv2D(-3, 3), "filters must be a positive integer, got -3"),
        (lambda: Viewpoints("45"), "crop must be a positive integer, got '45'"),
        (lambda: Viewpoints(45)(random(1, 40, 40, 2)), r"crop 45 .*40, 40"),
        (lambda: Viewpoints(5)(random(1, 8, 8, 3)), r"two halves of the channels.*8, 3"),
        (lambda: JoinViews(True), "views must be a positive integer, got True"),
        (lambda: DecisionTree([2, 0], [None, 0]), "answers must be a positive integer, got 0"),
        (lambda: DecisionTree([2, 2], [None]), r"\[2, 2\] and after \[None\]"),
        (lambda: DecisionTree([], []), "must be of one length, not 0"),
        (lambda: DecisionTree([2, 2], [None, 2]), "earlier answer, 0 to 1, got 2"),
        (lambda: DecisionTree([2, 2], [None, -1]), "earlier answer, 0 to 1, got -1"),
        (lambda: DecisionTree([2], [None])(random(1, 3)), "sum to 2, but there are 3 scores"),
    ],
)
def test_impossible_layers_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
