"""Cut-outs from mosaic tiles, and stamps made of them."""

import os
import shutil

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from PIL import Image

from galopt.config import Config, Stamps
from galopt.config.load import build_config
from galopt.data.imaging.image_files import read_image
from galopt.data.imaging.mosaic import Mosaic, Units, assign_tiles, check_mosaic, read_wcs
from galopt.data.imaging.photometry import background
from galopt.data.imaging.stamp_batch import stretch
from galopt.data.imaging.stamp_files import SIDE
from galopt.data.stamps import make_stamps


@pytest.fixture
def tile(tmp_path):
    """Return the path of a small tile whose pixels say where they are."""
    header = fits.Header(
        {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 53.1, "CRVAL2": -27.8}
    )
    header.update({"CRPIX1": 100.5, "CRPIX2": 75.5, "CDELT1": -0.06 / 3600, "CDELT2": 0.06 / 3600})
    y, x = np.indices((150, 200))
    fits.PrimaryHDU((1000 * y + x).astype("float32"), header).writeto(tmp_path / "tile.fits")
    return tmp_path / "tile.fits"


def test_a_cut_out_is_the_pixels_around_the_position(tile):
    with Mosaic(tile) as mosaic:
        ra, dec = mosaic.wcs.all_pix2world(60.0, 50.0, 0)
        cut = mosaic.cut(float(ra), float(dec), 21)
    np.testing.assert_array_equal(cut, fits.getdata(tile)[40:61, 50:71])
    assert cut.dtype.isnative


def test_beyond_the_edge_nothing_is_known(tile):
    with Mosaic(tile) as mosaic:
        ra, dec = mosaic.wcs.all_pix2world(2.0, 50.0, 0)
        cut = mosaic.cut(float(ra), float(dec), 21)
    assert np.isnan(cut[:, :8]).all()
    assert np.isfinite(cut[:, 8:]).all()


def test_positions_go_to_the_tile_that_holds_them_deepest(tile):
    wcs = read_wcs(fits.getheader(tile))
    ra, dec = wcs.all_pix2world([60.0, 900.0], [50.0, 50.0], 0)
    assert assign_tiles([tile, tile], ra, dec).tolist() == [0, -1]


@pytest.mark.parametrize("packed", [False, True])
def test_the_map_of_the_sky_may_lie_behind_tables_and_weights(tile, tmp_path, packed):
    with fits.open(tile) as hdus:
        data, header = hdus[0].data, hdus[0].header
    kind = fits.CompImageHDU if packed else fits.ImageHDU
    table = fits.BinTableHDU.from_columns([fits.Column("a", "E", array=[1.0])])
    weight = fits.ImageHDU(np.ones_like(data), header, name="WHT")
    parts = [fits.PrimaryHDU(), table, weight, kind(data, header, name="SCI")]
    fits.HDUList(parts).writeto(tmp_path / "drz.fits")
    check_mosaic(tmp_path / "drz.fits")
    with Mosaic(tile) as plain, Mosaic(tmp_path / "drz.fits") as drizzled:
        ra, dec = plain.wcs.all_pix2world(60.0, 50.0, 0)
        cuts = [mosaic.cut(float(ra), float(dec), 21) for mosaic in (plain, drizzled)]
    np.testing.assert_allclose(cuts[1], cuts[0], atol=1)  # compression rounds
    assert assign_tiles([tmp_path / "drz.fits"], np.array([ra]), np.array([dec])).tolist() == [0]


def test_stray_distortion_terms_are_ignored(tile):
    header = fits.getheader(tile)
    plain = read_wcs(header).all_pix2world(0, 0, 0)
    header.update({"A_ORDER": 2, "B_ORDER": 2, "A_2_0": 1e-3, "B_0_2": 1e-3})
    np.testing.assert_array_equal(read_wcs(header).all_pix2world(0, 0, 0), plain)


def test_units_are_read_or_unknown(tile):
    header = fits.getheader(tile)
    header.update({"PHOTFLAM": 1.9106045e-20, "PHOTPLAM": 15369.172})
    units = Units.of(header)
    assert (units.scale, units.zero_point) == pytest.approx((0.06, 25.956), abs=0.002)
    bare = Units.of(fits.Header())
    assert np.isnan([bare.scale, bare.zero_point]).all()


def stamp_some(survey, tmp_path, lost=()) -> tuple[Config, pd.DataFrame]:
    """Make stamps of the first galaxies of a survey, some moved off the sky."""
    folder = tmp_path / "survey"
    shutil.copytree(survey, folder, copy_function=os.link)
    votes = pd.read_csv(survey / "votes.csv").head(40)
    votes.loc[list(lost), "dec"] = 10.0
    (folder / "votes.csv").unlink()
    votes.to_csv(folder / "votes.csv", index=False)
    config = build_config({})
    make_stamps(config, folder, tmp_path / "data")
    return config, pd.read_csv(tmp_path / "data" / "stamps.csv").set_index("id")


def test_stamps_of_a_mosaic(simulated, tmp_path):
    config, table = stamp_some(simulated, tmp_path, lost=[3])
    truth = pd.read_parquet(simulated / "truth.parquet").set_index("id")
    rejected = pd.read_csv(tmp_path / "data" / "rejected.csv")
    assert rejected.reason.tolist() == ["outside the mosaic"]
    assert len(table) == 39
    assert table.notna().all(axis=None)
    bright = truth.loc[table.index].query("h_mag < 23 and spoilt == ''").index
    assert np.median(np.abs(table.mag[bright] - truth.h_mag[bright])) < 0.3
    first = truth.iloc[0]
    with Mosaic(simulated / "tiles" / "tile_0000.fits") as tile:
        image = tile.cut(first.ra, first.dec, config.stamps.field)
    bright = stretch(image, *background(image), config.stamps)
    with Image.open(tmp_path / "data" / table.file.iloc[0]) as stamp:
        small = np.asarray(stamp.resize((84, 84), Image.Resampling.BOX)) / 255
    assert stamp.size == (SIDE, SIDE)
    assert np.abs(small - bright).mean() < 0.02


@pytest.mark.real
def test_real_stamps_need_no_special_case(real_data, capfd):
    paths = sorted((real_data / "candels_f160w" / "stamps").glob("*.fits"))
    assert len(paths) == 6
    for path in paths:
        frame = read_image(path)
        units = Units.of(frame.header)
        assert (units.scale, units.zero_point) == pytest.approx((0.06, 25.956), abs=0.01)
        level, sigma = background(frame.pixels)
        assert 0.002 < sigma < 0.02
        bright = stretch(frame.pixels, level, sigma, Stamps())
        assert bright[32:52, 32:52].max() > 0.25
    assert capfd.readouterr() == ("", "")
