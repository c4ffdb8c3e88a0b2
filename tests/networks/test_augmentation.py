"""Random views: their distributions, their geometry, their edges."""

import numpy as np
import pytest
from keras import ops
from scipy import stats

from galopt.config import Augment, Network
from galopt.config.load import build_config
from galopt.errors import ConfigError
from galopt.networks.augmentation import View, view_layer
from galopt.networks.pixel_statistics import mean_and_deviation

pytestmark = pytest.mark.backend

SIDE = 84


def blob(side: int = SIDE) -> np.ndarray:
    """Return an off-centre, elongated, smooth galaxy, (1, side, side) uint8."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    light = np.exp(-((x - 6) ** 2) / 90 - (y - 2) ** 2 / 30)
    return np.round(255 * light)[None].astype(np.uint8)


def centre_of_light(views: np.ndarray) -> np.ndarray:
    """Return the (x, y) of the light of views (B, P, P, 1), px from the centre, shape (B, 2)."""
    side = views.shape[1]
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    light = views[..., 0]
    total = light.sum(axis=(1, 2))
    return np.stack([(light * x).sum((1, 2)), (light * y).sum((1, 2))], axis=1) / total[:, None]


def array(tensor) -> np.ndarray:
    return ops.convert_to_numpy(tensor)


def test_a_view_of_the_whole_stamp_is_the_stamp():
    stamp = blob()
    view = View(pixels=SIDE, field=1.0)(stamp)
    np.testing.assert_allclose(array(view)[0, ..., 0], stamp[0] / 255, atol=1e-2)


@pytest.mark.parametrize(("x", "y"), [(0, 0), (6, 2), (-5, 4)])
def test_a_recentred_view_has_the_light_in_its_middle(x, y):
    stamp = np.roll(blob(), (y - 2, x - 6), axis=(1, 2))
    stamp[0, 5:12, 70:80] = 200  # a neighbour
    layer = View(pixels=45, field=0.4, recentre=0.125)
    assert centre_of_light(array(layer(stamp)))[0] == pytest.approx((0, 0), abs=0.7)


def test_a_blank_stamp_has_its_middle_for_a_centre():
    blank = np.full((1, SIDE, SIDE), 9, np.uint8)
    view = array(View(pixels=45, field=0.4, recentre=0.125)(blank))
    np.testing.assert_allclose(view, 9 / 255, rtol=1e-5)


def test_light_further_away_than_allowed_is_not_followed():
    layer = View(pixels=45, field=0.4, recentre=3 / SIDE)
    x, y = centre_of_light(array(layer(blob())))[0] * SIDE * 0.4 / 45
    assert (x, y) == pytest.approx((6 - 3, 0), abs=0.5)


def test_a_recentred_view_that_would_reach_past_the_edge_is_refused():
    with pytest.raises(ConfigError, match="past the edge at 0.5: lower network.field, network.rec"):
        build_config({}, "network.recentre=0.04")
    with pytest.raises(ConfigError, match="the view at the smallest zoom is larger"):
        build_config({}, "network.recentre=0.12 augment.zoom=1.0 evaluate.zooms=[0.9]")
    build_config({}, "network.recentre=0.04 augment.zoom=1.2")


def test_outside_training_the_view_is_central_and_never_changes():
    layer = View(pixels=45, field=0.5, rotation=360, shift=0.01, zoom=1.3, flip=True, brightness=1)
    first, second = array(layer(blob())), array(layer(blob()))
    np.testing.assert_array_equal(first, second)
    x, y = centre_of_light(first)[0] * SIDE * 0.5 / 45
    assert (x, y) == pytest.approx((6, 2), abs=0.3)


@pytest.mark.parametrize(
    ("move", "expected"),
    [
        ({"rotation": np.pi / 2}, (2, -6)),
        ({"mirror": -1.0}, (-6, 2)),
        ({"zoom": 1.2}, (7.2, 2.4)),
        ({"shift_x": 6 / SIDE, "shift_y": 2 / SIDE}, (0, 0)),
    ],
)
def test_each_operation_moves_the_light_as_it_says(move, expected):
    layer = View(pixels=61, field=61 / SIDE)
    x, y = centre_of_light(array(layer.resample(blob(), **move)))[0]
    assert (x, y) == pytest.approx(expected, abs=0.3)


def test_the_inverse_transform_brings_the_picture_back():
    stamp, angle = blob(), 0.7
    layer = View(pixels=SIDE, field=1.0)
    turned = np.round(array(layer.resample(stamp, rotation=angle))[..., 0] * 255).astype(np.uint8)
    back = array(layer.resample(turned, rotation=-angle))[0, 10:-10, 10:-10, 0]
    np.testing.assert_allclose(back, stamp[0, 10:-10, 10:-10] / 255, atol=0.03)


def test_random_views_follow_their_distributions():
    layer = View(pixels=63, field=0.75, rotation=360, shift=0.05, zoom=1.0, flip=False, seed=3)
    stamps = np.repeat(blob(), 2000, axis=0)
    views = array(layer(stamps, training=True))
    scale = SIDE * 0.75 / 63
    distance = np.linalg.norm(centre_of_light(views), axis=1) * scale
    # The light lies at |(6, 2) - shift|, shift uniform within 0.05 sides = 4.2 px.
    assert np.mean(distance**2) == pytest.approx(40 + 2 * 4.2**2 / 3, rel=0.05)
    angles = np.arctan2(*centre_of_light(views).T)
    assert np.histogram(angles, 8, (-np.pi, np.pi))[0] == pytest.approx(250, rel=0.25)


def test_shifts_are_uniform_and_those_in_x_say_nothing_of_those_in_y():
    layer = View(pixels=63, field=0.75, shift=0.05, seed=3)
    views = array(layer(np.repeat(blob(), 1000, axis=0), training=True))
    shifts = (centre_of_light(views) - centre_of_light(array(layer(blob())))) * SIDE * 0.75 / 63
    for axis in shifts.T:
        assert stats.kstest(axis / 4.2, stats.uniform(-1, 2).cdf).pvalue > 1e-4
    assert abs(stats.pearsonr(*shifts.T).statistic) < 0.1


def test_rotations_are_uniform_up_to_the_angle_asked_for():
    layer = View(pixels=63, field=0.75, rotation=90, seed=8)
    views = array(layer(np.repeat(blob(), 1000, axis=0), training=True))
    (x, y), (x_before, y_before) = (
        centre_of_light(views).T,
        centre_of_light(array(layer(blob())))[0],
    )
    turned = np.rad2deg(np.arctan2(y_before, x_before) - np.arctan2(y, x))
    assert stats.kstest(turned, stats.uniform(0, 90).cdf).pvalue > 1e-4


def test_zoom_is_log_uniform():
    layer = View(pixels=60, field=0.75, zoom=1.3, seed=4)
    views = array(layer(np.repeat(blob(), 2000, axis=0), training=True))
    zoom = centre_of_light(views)[:, 0] / centre_of_light(array(layer(blob())))[0, 0]
    logs = np.log(zoom) / np.log(1.3)
    assert logs.mean() == pytest.approx(0, abs=0.05)
    assert logs.std() == pytest.approx(1 / np.sqrt(3), rel=0.08)
    assert abs(logs).max() < 1.15
    assert stats.kstest(logs, stats.uniform(-1, 2).cdf).pvalue > 1e-4


def test_half_of_the_views_are_mirrored():
    layer = View(pixels=45, field=0.5, flip=True, seed=5)
    views = array(layer(np.repeat(blob(), 1000, axis=0), training=True))
    assert (centre_of_light(views)[:, 0] < 0).mean() == pytest.approx(0.5, abs=0.06)


def test_brightness_adds_a_normal_offset_to_the_whole_view():
    layer = View(pixels=45, field=0.5, brightness=0.5, seed=6)
    offset = array(layer(np.repeat(blob(), 2000, axis=0), training=True)) - array(layer(blob()))
    assert offset.std(axis=(1, 2, 3)).max() < 1e-5
    assert offset.mean() == pytest.approx(0, abs=0.05)
    assert stats.kstest(offset[:, 0, 0, 0] / 0.5, "norm").pvalue > 1e-4


def test_no_view_of_the_default_configuration_has_an_empty_corner():
    layer = view_layer(Network(convolutions=[{"filters": 1, "kernel": 1}]), Augment(), blob(), 7)
    layer.mean, layer.std = 0.0, 1.0
    frame = np.full((500, SIDE, SIDE), 255, np.uint8)
    frame[:, 0], frame[:, -1], frame[:, :, 0], frame[:, :, -1] = 0, 0, 0, 0
    views = array(layer(frame, training=True))
    assert views.min() > 0.999


def test_views_are_standardised_with_the_training_pixels():
    stamps = np.random.default_rng(8).integers(0, 255, (50, SIDE, SIDE)).astype(np.uint8)
    network = Network(convolutions=[{"filters": 1, "kernel": 1}], channels=3)
    views = array(view_layer(network, Augment(), stamps, 0)(stamps))
    assert views.shape == (50, 45, 45, 3)
    assert views.mean() == pytest.approx(0, abs=0.05)


def test_the_layer_is_rebuilt_from_its_configuration():
    layer = View(45, 0.5, 3, 90, 0.01, 1.1, True, 0.2, 0.3, 0.4, 9, name="view")
    again = View.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


@pytest.mark.parametrize(("field", "zoom"), [(0, 1), (1.5, 1), (0.5, 0.5)])
def test_impossible_views_are_refused(field, zoom):
    with pytest.raises(ValueError, match=r"field|zoom"):
        View(pixels=45, field=field, zoom=zoom)


def test_the_same_seed_draws_the_same_views():
    stamps = np.repeat(blob(), 4, axis=0)
    views = [array(View(45, 0.5, rotation=360, seed=11)(stamps, training=True)) for _ in range(2)]
    np.testing.assert_array_equal(*views)


@pytest.mark.parametrize("count", [1, 200, 450])
def test_the_mean_and_deviation_of_grey_levels_are_those_of_all_pixels(count):
    images = np.random.default_rng(0).integers(0, 256, (count, 9, 9)).astype(np.uint8)
    assert mean_and_deviation(images) == pytest.approx((images.mean(), images.std()), rel=1e-12)
