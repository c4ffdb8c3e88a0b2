"""Galaxies find their tiles through an index of the sky as by looking at every tile."""

import numpy as np
import pytest
from astropy.io import fits

from galopt.data.imaging.mosaic import assign_tiles, open_fits, read_wcs, sky_image

PIXELS = 60


def write_tile(path, ra, dec, projection="TAN", scale=2.0, crpix=(PIXELS + 1) / 2):
    header = fits.Header({"CTYPE1": f"RA---{projection}", "CTYPE2": f"DEC--{projection}"})
    header.update({"CRVAL1": ra, "CRVAL2": dec, "CRPIX1": crpix, "CRPIX2": crpix})
    header.update({"CDELT1": -scale / PIXELS, "CDELT2": scale / PIXELS})
    fits.PrimaryHDU(np.zeros((PIXELS, PIXELS), np.float32), header).writeto(path)
    return path


def by_looking_at_all(tiles, ra, dec):
    best, depth = np.full(len(ra), -1), np.full(len(ra), -0.5)
    for index, path in enumerate(tiles):
        with open_fits(path) as hdus:
            wcs = read_wcs(sky_image(hdus).header)
        x, y = wcs.all_world2pix(ra, dec, 0)
        with np.errstate(invalid="ignore"):
            here = np.minimum.reduce([x, y, PIXELS - 1 - x, PIXELS - 1 - y])
            deeper = here > depth
        best[deeper], depth[deeper] = index, here[deeper]
    return best


@pytest.mark.parametrize("projection", ["TAN", "SIN", "ZEA", "CAR"])
@pytest.mark.parametrize("dec", [0.0, -27.8, 88.0])
def test_the_index_finds_what_looking_at_every_tile_finds(tmp_path, projection, dec):
    rng = np.random.default_rng(0)
    centres = [(359.0, dec), (0.7, dec), (2.3, dec), (0.7, dec + 1.5), (40.0, dec)]
    tiles = [
        write_tile(tmp_path / f"{number}.fits", *centre, projection)
        for number, centre in enumerate(centres)
    ]
    ra = rng.choice([-1, 1], 4000) * rng.uniform(0, 50 if dec > 80 else 5, 4000) % 360
    at = np.clip(rng.uniform(dec - 3, dec + 4, 4000), -90, 90)
    found = assign_tiles(tiles, ra, at)
    assert set(found[:2000]) >= {-1, 0, 1}
    np.testing.assert_array_equal(found, by_looking_at_all(tiles, ra, at))


@pytest.mark.parametrize("projection", ["TAN", "SIN", "ZEA", "AIT"])
def test_tiles_far_from_their_reference_point_and_large_ones_are_found(tmp_path, projection):
    rng = np.random.default_rng(0)
    ra, dec = rng.uniform(0, 60, 3000), rng.uniform(-30, 30, 3000)
    aside = write_tile(tmp_path / "aside.fits", 30.0, 0.0, projection, 4.0, crpix=-80)
    large = write_tile(tmp_path / "large.fits", 30.0, 0.0, projection, 50.0)
    for tiles in ([aside], [large], [aside, large]):
        found = assign_tiles(tiles, ra, dec)
        assert (found >= 0).any()
        np.testing.assert_array_equal(found, by_looking_at_all(tiles, ra, dec))


def test_what_is_no_position_lies_in_no_tile(tmp_path):
    tile = write_tile(tmp_path / "tile.fits", 180.0, 80.0, scale=5.0)
    ra = np.array([180.0, np.nan, 180.0, np.inf, 0.0])
    dec = np.array([80.0, 80.0, np.nan, 80.0, 100.0])
    assert assign_tiles([tile], ra, dec).tolist() == [0, -1, -1, -1, -1]
    assert assign_tiles([tile], ra[:0], dec[:0]).tolist() == []
