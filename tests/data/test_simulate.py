"""The simulated survey: its format, its noise, its reproducibility, its likeness to the sky."""

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from helpers.galaxies import SIMULATED, simulated_config

from galopt.config import Simulate, Work
from galopt.data.imaging.mosaic import Mosaic
from galopt.data.imaging.photometry import background, measure
from galopt.data.noise_floor import vote_variance
from galopt.data.survey.simulated.noise import SIGMA, add_noise
from galopt.data.survey.simulated.simulate import paint_tile, plan, simulate
from galopt.data.survey.votes import TARGETS
from galopt.files import read_json


@pytest.fixture(scope="module")
def votes(simulated):
    return pd.read_csv(simulated / "votes.csv")


@pytest.fixture(scope="module")
def truth(simulated):
    return pd.read_parquet(simulated / "truth.parquet")


def test_the_survey_has_the_published_form(simulated, votes, truth):
    assert read_json(simulated / "survey.json") == {
        "source": "simulate",
        "name": "simulated CANDELS F160W",
        "targets": list(TARGETS),
    }
    assert list(votes.columns) == ["id", "ra", "dec", "n_votes", *TARGETS]
    assert len(votes) == SIMULATED
    assert votes.id.is_unique
    assert votes[list(TARGETS)].stack().between(0, 1).all()
    assert list(truth.id) == list(votes.id)
    assert truth[[f"p_{target}" for target in TARGETS]].stack().between(0, 1).all()
    assert set(truth.depth) == {"ers", "wide", "deep"}


def test_tiles_have_the_headers_of_the_real_mosaic(simulated):
    with fits.open(simulated / "tiles" / "tile_0000.fits") as hdus:
        header, data = hdus[0].header, hdus[0].data
        assert data.dtype == ">f4"
        assert header["BUNIT"] == "ELECTRONS/S"
    with Mosaic(simulated / "tiles" / "tile_0000.fits") as tile:
        assert tile.units.scale == pytest.approx(0.06)
        assert tile.units.zero_point == pytest.approx(25.956, abs=0.005)


def test_galaxies_are_where_the_table_says_and_as_bright(simulated, truth):
    bright = truth.query("h_mag < 21.5 and tile == 0 and spoilt == '' and re_disk < 1").head(8)
    offsets = []
    with Mosaic(simulated / "tiles" / "tile_0000.fits") as tile:
        for galaxy in bright.itertuples():
            image = tile.cut(galaxy.ra, galaxy.dec, 84)
            seen = measure(image, *background(image))
            offsets.append(25.956 - 2.5 * np.log10(seen.flux) - galaxy.h_mag)
    assert abs(np.median(offsets)) < 0.2


def test_the_share_of_a_galaxy_tells_how_far_neighbours_shine_into_it(truth):
    assert truth.own_share.between(0, 1.02).all()
    alone, blended = truth[truth.own_share > 0.98], truth[truth.own_share < 0.8]
    assert len(alone) > 0.5 * len(truth)
    assert len(blended) > 0.01 * len(truth)
    lit = truth.flux / truth.own_flux
    assert lit[alone.index].median() < 1.1
    assert lit[blended.index].median() > 1.3


def test_a_tile_is_the_same_bytes_from_any_process(simulated, truth, tmp_path):
    tile = plan(simulated_config().survey.simulate, tmp_path)[-1]
    (tmp_path / "tiles").mkdir()
    table = paint_tile(tile)
    name = f"tiles/tile_{tile.index:04d}.fits"
    assert (tmp_path / name).read_bytes() == (simulated / name).read_bytes()
    kept = truth[truth.tile == tile.index].reset_index(drop=True)
    pd.testing.assert_frame_equal(table[kept.columns], kept, check_dtype=False)


def test_noise_has_its_sigma_and_the_drizzled_correlation():
    noise = add_noise(
        np.zeros((600, 600), np.float32), np.full(600, 0.004), np.random.default_rng(1)
    )
    assert noise.std() == pytest.approx(0.004, rel=0.02)
    unit = noise / noise.std()
    assert (unit[:, 1:] * unit[:, :-1]).mean() == pytest.approx(0.55, rel=0.1)
    assert (unit[1:, 1:] * unit[:-1, :-1]).mean() == pytest.approx(0.30, rel=0.1)


def test_background_is_as_deep_as_the_field(simulated, truth):
    with fits.open(simulated / "tiles" / "tile_0000.fits") as hdus:
        for number, (depth, (low, high)) in enumerate(SIGMA.items()):
            band = hdus[0].data[number * 683 + 10 : number * 683 + 400, 300:700]
            assert 0.9 * low < background(band.astype("f4"))[1] < 1.15 * high, depth


def test_the_vote_noise_floor_is_that_of_the_real_votes(truth):
    chances = truth[[f"p_{target}" for target in TARGETS]].to_numpy()
    variance = vote_variance(chances, truth.n_votes.to_numpy(), normalised=True, seed=1)
    assert 0.118 < np.sqrt(variance.mean()) < 0.135


def test_colour_paints_the_same_galaxies_and_leaves_grey_as_it_is(tmp_path):
    bands = ["F606W", "F160W"]
    for name, wanted in (("grey", None), ("colour", bands)):
        (tmp_path / name).mkdir()
        simulate(Simulate(galaxies=10, bands=wanted), tmp_path / name, Work(workers=1))
    grey, colour = (tmp_path / name for name in ("grey", "colour"))
    assert (grey / "votes.csv").read_bytes() == (colour / "votes.csv").read_bytes()
    tiles = [colour / "tiles" / f"tile_0000_{band}.fits" for band in bands]
    assert tiles[1].read_bytes() == (grey / "tiles" / "tile_0000.fits").read_bytes()
    truth = pd.read_parquet(colour / "truth.parquet")
    light = []
    for tile in tiles:
        with Mosaic(tile) as mosaic:
            cuts = [mosaic.cut(g.ra, g.dec, 21) for g in truth.itertuples()]
            unit = 10 ** (-0.4 * mosaic.units.zero_point)
            light.append([(cut - np.median(cut)).sum() * unit for cut in cuts])
    assert 0.04 < np.median(np.divide(*light)) < 0.7  # 0.4 to 3.4 mag fainter in V than in H
