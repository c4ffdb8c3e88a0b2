"""Which image of a FITS file is the galaxy, and what a hostile header can not do."""

import gzip

import numpy as np
import pytest
from astropy.io import fits

from galopt.data.imaging.fits_cards import MAX_EXTENSIONS, read_extensions
from galopt.data.imaging.image_files import read_image
from galopt.data.imaging.mosaic import Units

RNG = np.random.default_rng(5)
GALAXY = RNG.normal(0, 1, (40, 48)).astype("f4")
OTHER = np.ones((40, 48), "f4")
CUBE = np.stack([GALAXY, GALAXY + 10, GALAXY + 20])


def write(path, *images, **header):
    """Write images by (data, name); the first is primary if it has no name."""
    first, *rest = images if images[0][1] is None else [(None, None), *images]
    hdus = [fits.PrimaryHDU(first[0], fits.Header(header))]
    hdus += [fits.ImageHDU(data, name=name) for data, name in rest]
    fits.HDUList(hdus).writeto(path)
    return path


def header_only(path, **cards):
    """Write the cards of a header as they are, and a block of zeros."""
    text = "".join(f"{name:8}= {value:>20}".ljust(80) for name, value in cards.items())
    path.write_bytes((text + "END".ljust(80)).ljust(2880 * 2).encode() + bytes(2880))
    return path


@pytest.mark.parametrize(
    "images",
    [
        [(OTHER, "WHT"), (GALAXY, "SCI"), (OTHER, "ERR")],
        [(OTHER, "WHT"), (GALAXY, "STAMP")],
        [(GALAXY, None), (OTHER, "PSF")],
        [(OTHER, "ERR_1"), (GALAXY, "")],
    ],
)
def test_the_science_image_is_found_by_name_not_by_place(tmp_path, images):
    frame = read_image(write(tmp_path / "a.fits", *images))
    np.testing.assert_array_equal(frame.pixels, GALAXY)


@pytest.mark.parametrize("names", [("G", "R"), ("WHT", "ERR")])
def test_several_that_could_be_meant_are_asked_for(tmp_path, names):
    images = zip((GALAXY, OTHER), names, strict=True)
    with pytest.raises(ValueError, match="called SCI; there are .*survey.bands"):
        read_image(write(tmp_path / "a.fits", *images))


def test_extensions_named_as_the_bands_are_its_planes(tmp_path):
    path = write(tmp_path / "a.fits", (OTHER, "WHT"), (GALAXY + 1, "g"), (GALAXY, "r"))
    frame = read_image(path, ["r", "g"])
    np.testing.assert_array_equal(frame.pixels, np.stack([GALAXY, GALAXY + 1], -1))
    assert frame.bands == ("r", "g")
    with pytest.raises(ValueError, match="no band z among"):
        read_image(path, ["r", "z"])


@pytest.mark.parametrize(
    ("data", "header"),
    [
        (CUBE, {}),
        (np.moveaxis(CUBE, 0, -1), {}),
        (CUBE[:, None], {}),
        (np.moveaxis(CUBE, 0, -1), {"CTYPE2": "RA---TAN", "CTYPE3": "DEC--TAN"}),
    ],
)
def test_a_cube_is_as_many_planes(tmp_path, data, header):
    frame = read_image(write(tmp_path / "a.fits", (data, None), **header))
    assert frame.planes == 3
    np.testing.assert_array_equal(frame.pixels, np.moveaxis(CUBE, 0, -1))


def test_a_cube_of_many_channels_is_no_galaxy(tmp_path):
    with pytest.raises(ValueError, match="a cube of 24x20x20"):
        read_image(write(tmp_path / "a.fits", (np.zeros((20, 20, 24), "f4"), None)))


@pytest.mark.parametrize("name", ["a.img", "a", "a.jpg", "a.fits.gz"])
def test_fits_is_known_by_its_first_bytes(tmp_path, name):
    content = write(tmp_path / "b.fits", (GALAXY, None)).read_bytes()
    packed = gzip.compress(content) if name.endswith("gz") else content
    (tmp_path / name).write_bytes(packed)
    np.testing.assert_array_equal(read_image(tmp_path / name).pixels, GALAXY)


@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (40,), (1, 1, 40)])
def test_a_row_or_a_column_is_refused_with_its_size(tmp_path, shape):
    path = write(tmp_path / "a.fits", (np.ones(shape, "f4"), None))
    with pytest.raises(ValueError, match="px a side|no two-dimensional"):
        read_image(path)


@pytest.mark.parametrize(
    ("cards", "reason"),
    [
        ({"NAXIS": 2_000_000_000}, "NAXIS = 2000000000"),
        ({"NAXIS": -1}, "NAXIS = -1"),
        ({"NAXIS": "many"}, "NAXIS is 'many'"),
        ({"NAXIS": 2, "NAXIS1": 10**12, "NAXIS2": 10**12}, "too large"),
        ({"NAXIS": 2, "NAXIS1": 20, "NAXIS2": -20}, "-20 pixels"),
        ({"NAXIS": 2, "NAXIS1": 20}, "NAXIS2 is 'missing'"),
        ({"NAXIS": 1, "NAXIS1": 20, "GCOUNT": 10**15}, "truncated"),
        ({"BITPIX": 7, "NAXIS": 0}, "BITPIX = 7"),
    ],
)
def test_a_header_that_lies_is_refused_from_its_cards(tmp_path, cards, reason):
    path = header_only(tmp_path / "a.fits", **({"SIMPLE": "T", "BITPIX": -32} | cards))
    with pytest.raises(ValueError, match=reason):
        read_image(path)


def test_a_header_without_end_and_many_extensions_are_refused(tmp_path):
    endless = "SIMPLE  =                    T".ljust(80) + "COMMENT".ljust(80) * 40_000
    (tmp_path / "a.fits").write_text(endless)
    with pytest.raises(ValueError, match="a header of more than"):
        read_image(tmp_path / "a.fits")
    one = fits.ImageHDU(np.zeros((1, 1), "u1"))
    hdus = [fits.PrimaryHDU(), *(one.copy() for _ in range(MAX_EXTENSIONS))]
    fits.HDUList(hdus).writeto(tmp_path / "b.fits")
    with pytest.raises(ValueError, match="extensions"):
        read_extensions(tmp_path / "b.fits")


def test_a_packed_bomb_is_refused_from_its_header(tmp_path):
    header = fits.Header({"NAXIS": 2, "NAXIS1": 60_000, "NAXIS2": 60_000, "BITPIX": -32})
    header.insert(0, ("SIMPLE", True))
    (tmp_path / "a.fits").write_bytes(gzip.compress(header.tostring(padding=True).encode()))
    with pytest.raises(ValueError, match="too large"):
        read_image(tmp_path / "a.fits")


SKY = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CDELT1": -1.7e-5, "CDELT2": 1.7e-5}


@pytest.mark.parametrize(
    "header",
    [
        {"PHOTFLAM": "N/A", "PHOTPLAM": "N/A"},
        {"PHOTFLAM": -1.0, "PHOTPLAM": 0.0},
        {"CTYPE2": "DEC--SIN"},
        {"CUNIT1": "foo", "CUNIT2": "foo"},
        {"CD1_1": 0.0, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": 0.0},
    ],
)
def test_optional_header_values_are_never_trusted(header):
    units = Units.of(fits.Header(SKY | header))
    assert np.isnan(units.zero_point)
    assert np.isnan(units.scale) or units.scale == pytest.approx(1.7e-5 * 3600)


def test_a_third_axis_does_not_spoil_the_first_two():
    third = {"NAXIS": 3, "CTYPE3": "FREQ", "CRVAL3": 1.4e9, "CRPIX3": 1.0, "CDELT3": 0.0}
    assert Units.of(fits.Header(SKY | third)).scale == pytest.approx(1.7e-5 * 3600)
