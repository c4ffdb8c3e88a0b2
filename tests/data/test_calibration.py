"""The simulated survey against the sky: its votes, its noise, its galaxies.

The numbers are those of 7,567 GOODS-S votes (Kartaltepe et al. 2015) normalised to sum to one;
where the real galaxies are at hand, they are measured again.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import binary_dilation, gaussian_filter

from galopt.data.imaging.image_files import read_image
from galopt.data.imaging.mosaic import Mosaic, Units
from galopt.data.imaging.photometry import background, measure
from galopt.data.survey.simulated.noise import SIGMA
from galopt.data.survey.votes import TARGETS

REAL = {
    "mean": [0.250, 0.493, 0.147, 0.080, 0.030],
    "spread": [0.265, 0.319, 0.220, 0.198, 0.129],
    "zero": [0.397, 0.161, 0.585, 0.788, 0.923],
    "one": [0.024, 0.139, 0.009, 0.020, 0.009],
    "constant": 0.2352,
    "correlation": [-0.54, -0.39, 0.07, -0.17, -0.22, -0.51, -0.21, -0.21, -0.04, -0.05],
}
TOLERANCE = {
    "mean": 0.03, "spread": 0.03, "zero": 0.05, "one": 0.05, "constant": 0.01, "correlation": 0.1,
}  # fmt: skip


def statistics(votes):
    """Return what is compared of votes, normalised to sum to one."""
    fractions = votes[list(TARGETS)].to_numpy()
    fractions = fractions / fractions.sum(axis=1, keepdims=True)
    return {
        "mean": fractions.mean(axis=0),
        "spread": fractions.std(axis=0),
        "zero": (fractions < 1e-6).mean(axis=0),
        "one": (fractions > 1 - 1e-6).mean(axis=0),
        "constant": np.sqrt(fractions.var(axis=0).mean()),
        "correlation": np.corrcoef(fractions.T)[np.triu_indices(len(TARGETS), 1)],
    }


@pytest.mark.parametrize("name", REAL)
def test_votes_are_distributed_as_the_published_ones(simulated, name):
    votes = pd.read_csv(simulated / "votes.csv")
    np.testing.assert_allclose(statistics(votes)[name], REAL[name], atol=TOLERANCE[name])


@pytest.mark.real
def test_the_published_numbers_are_those_of_the_published_votes(real_data):
    found = statistics(pd.read_csv(real_data / "goods_s_votes" / "votes.csv"))
    for name, value in REAL.items():
        np.testing.assert_allclose(found[name], value, atol=0.006, err_msg=name)


def look(image, zero_point):
    """Return what is compared of a stamp: its galaxy, and the texture of its empty sky."""
    level, sigma = background(image)
    seen = measure(image, level, sigma)
    light = image - level
    covered = binary_dilation(gaussian_filter(light, 2) > 0.5 * sigma, iterations=3)
    sky = np.where(covered | (image == 0), np.nan, light)
    sky -= np.nanmean(sky)
    variance = np.nanmean(sky**2)
    beside = [np.nanmean(sky[:, 1:] * sky[:, :-1]), np.nanmean(sky[1:] * sky[:-1])]
    return {
        "mag": zero_point - 2.5 * np.log10(seen.flux),
        "r50": seen.r50,
        "concentration": seen.concentration,
        "peak": image[38:46, 38:46].max() / sigma,
        "bare": 1 - covered.mean(),
        "noise": np.sqrt(variance),
        "lag": np.mean(beside) / variance,
    }


@pytest.fixture(scope="module")
def real_stamps(real_data):
    rows = []
    for path in sorted((real_data / "candels_f160w" / "stamps").glob("*.fits")):
        frame = read_image(path)
        depth = path.name.split("_")[1].rstrip("2")
        rows.append({"depth": depth} | look(frame.pixels, Units.of(frame.header).zero_point))
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def simulated_stamps(simulated):
    truth = pd.read_parquet(simulated / "truth.parquet")
    rows = []
    for tile, galaxies in truth[truth.spoilt == ""].groupby("tile"):
        with Mosaic(simulated / "tiles" / f"tile_{tile:04d}.fits") as mosaic:
            cuts = (mosaic.cut(g.ra, g.dec, 84) for g in galaxies.itertuples())
            rows += [look(cut, mosaic.units.zero_point) for cut in cuts]
    return pd.DataFrame(rows)


@pytest.mark.real
def test_the_empty_sky_has_the_real_texture(real_stamps, simulated_stamps):
    assert simulated_stamps.lag.median() == pytest.approx(real_stamps.lag.median(), rel=0.1)


@pytest.mark.real
def test_the_empty_sky_is_as_deep_as_the_real(real_stamps):
    """What is painted at these sigmas has them: test_simulate and test_mosaic see to that."""
    bare = real_stamps[real_stamps.bare > 0.6]
    assert set(bare.depth) == set(SIGMA)
    for stamp in bare.itertuples():
        low, high = SIGMA[stamp.depth]
        assert 0.9 * low < stamp.noise < 1.1 * high


@pytest.mark.real
@pytest.mark.parametrize("quantity", ["peak", "r50", "concentration"])
def test_real_galaxies_lie_among_simulated_ones_as_bright(real_stamps, simulated_stamps, quantity):
    ranks = []
    for real in real_stamps.to_dict("records"):
        peers = simulated_stamps[(simulated_stamps.mag - real["mag"]).abs() < 0.7]
        assert len(peers) >= 8
        ranks.append((peers[quantity] < real[quantity]).mean())
    assert 0.2 < np.mean(ranks) < 0.8  # six uniform draws: 0.5 with a spread of 0.12
    assert np.ptp(ranks) > 0.2
