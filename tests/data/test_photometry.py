"""Measured quantities against analytic limits and invariances."""

import numpy as np
import pytest

from galopt.data.imaging.photometry import background, measure

Y, X = np.indices((81, 81)) - 40.0


def blob(width=5.0, q=1.0, height=50.0, x=0.0, y=0.0):
    return height * np.exp(-((X - x) ** 2 + ((Y - y) / q) ** 2) / (2 * width**2))


@pytest.fixture
def noise():
    return np.random.default_rng(5).normal(3.0, 1.0, (81, 81))


def test_background_ignores_sources_and_missing_pixels(noise):
    image = noise + blob()
    image[:10] = np.nan
    image[70:] = 0
    level, sigma = background(image)
    assert level == pytest.approx(3, abs=0.2)
    assert sigma == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("value", [0.0, 7.0, np.nan])
def test_constant_images_are_blank(value):
    with pytest.raises(ValueError, match="blank"):
        background(np.full((20, 20), value))


def test_a_round_gaussian_has_its_analytic_radius_and_light(noise):
    seen = measure(noise + blob(), 3.0, 1.0)
    assert seen.r50 == pytest.approx(5 * np.sqrt(2 * np.log(2)), rel=0.05)
    assert seen.flux == pytest.approx(blob().sum(), rel=0.03)
    assert seen.axis_ratio == pytest.approx(1, abs=0.05)
    assert abs(seen.asymmetry) < 0.03
    expected = 5 * np.log10(np.sqrt(np.log(0.2) / np.log(0.8)))
    assert seen.concentration == pytest.approx(expected, rel=0.05)


def test_flat_and_lopsided_light_is_seen_as_such(noise):
    assert measure(noise + blob(q=0.5), 3.0, 1.0).axis_ratio == pytest.approx(0.5, abs=0.05)
    lopsided = blob() + blob(3, height=30, x=10)
    assert measure(noise + lopsided, 3.0, 1.0).asymmetry > 0.08


@pytest.mark.parametrize(("x", "y"), [(0, 0), (0.25, 0), (0.3, 0.25), (-0.5, 0.4)])
def test_where_light_falls_on_the_pixels_makes_it_no_more_lopsided(x, y):
    assert measure(blob(1.5, x=x, y=y), 0, 0.001).asymmetry < 0.01


def test_where_light_falls_on_the_pixels_makes_it_no_more_concentrated():
    places = np.random.default_rng(2).uniform(-0.5, 0.5, (30, 2))
    seen = [measure(blob(1.5, x=x, y=y), 0, 0.001) for x, y in places]
    assert np.std([one.concentration for one in seen]) < 0.08
    assert np.std([one.r50 for one in seen]) < 0.03


def test_the_source_nearest_the_centre_is_measured(noise):
    alone = measure(noise + blob(3), 3.0, 1.0)
    neighboured = measure(noise + blob(3) + blob(3, height=200, x=30, y=20), 3.0, 1.0)
    assert neighboured.flux == pytest.approx(alone.flux, rel=0.1)


def test_pure_noise_is_measured_too(noise):
    assert np.isfinite(list(vars(measure(noise, 3.0, 1.0)).values())).all()


def test_brightness_scales_flux_and_nothing_of_shape(noise):
    image = noise - 3 + blob()
    one, ten = measure(image, 0, 1.0), measure(10 * image, 0, 10.0)
    assert ten.flux == pytest.approx(10 * one.flux)
    assert (ten.r50, ten.asymmetry) == pytest.approx((one.r50, one.asymmetry))
