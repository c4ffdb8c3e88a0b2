"""However a galaxy's image was stored, its stamp is the same."""

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from helpers.galaxies import paint
from PIL import Image

from galopt.config.load import build_config
from galopt.data.stamps import make_stamps
from galopt.data.survey import make_survey

SIDE = 64
COUNTS = paint(1.4, 2.5, SIDE) * 100.0 + np.random.default_rng(1).normal(500, 30, (SIDE, SIDE))
WCS = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CDELT1": -1.7e-5, "CDELT2": 1.7e-5}
GREY = paint(1.4, 8, SIDE)


def primary(data, **header):
    return fits.HDUList([fits.PrimaryHDU(data, fits.Header(header))])


def scaled(kind, bzero, bscale):
    hdu = fits.PrimaryHDU(COUNTS.copy())  # scaled in place
    hdu.scale(kind, bzero=bzero, bscale=bscale)
    return fits.HDUList([hdu])


def with_hole():
    counts = COUNTS.astype("f4")
    counts[:6, :6] = np.nan
    return primary(counts)


def wide():
    edge = np.random.default_rng(2).normal(500, 30, (SIDE, 8))
    return primary(np.hstack([edge, COUNTS, edge]))


def behind_a_table():
    table = fits.BinTableHDU.from_columns([fits.Column("a", "E", array=[1.0])])
    return fits.HDUList([fits.PrimaryHDU(), table, fits.ImageHDU(COUNTS.astype("f4"), name="SCI")])


STORED = {
    "big-endian float": lambda: primary(COUNTS.astype(">f4")),
    "little-endian float": lambda: primary(COUNTS.astype("<f4")),
    "double": lambda: primary(COUNTS),
    "16-bit": lambda: primary(COUNTS.round().astype("i2")),
    "32-bit": lambda: primary(COUNTS.round().astype("i4")),
    "64-bit": lambda: primary(COUNTS.round().astype("i8")),
    "unsigned by BZERO": lambda: primary(COUNTS.round().astype("u2")),
    "unsigned 32-bit": lambda: primary(COUNTS.round().astype("u4")),
    "BSCALE and BZERO": lambda: scaled("int16", 13_000, 0.5),
    "with WCS": lambda: primary(COUNTS.astype("f4"), **WCS),
    "behind an axis of one": lambda: primary(COUNTS[None].astype("f4")),
    "extension": behind_a_table,
    "not square": wide,
    "with NaNs": with_hole,
    "other units": lambda: primary((COUNTS * 1e-20).astype("f4")),
}


def stamp(folder, name, tmp_path):
    """Make a survey and a stamp of one file; return the grey levels."""
    votes = pd.DataFrame({"id": ["g"], "file": [name], "smooth": [1.0]})
    votes.to_csv(folder / "votes.csv", index=False)
    config = build_config({"survey": {"source": "folder", "folder": {"path": str(folder)}}})
    make_survey(config, tmp_path / "survey")
    make_stamps(config, tmp_path / "survey", tmp_path / "data")
    table = pd.read_csv(tmp_path / "data" / "stamps.csv")
    with Image.open(tmp_path / "data" / table.file[0]) as image:
        assert image.size == ((454, 454) if name.endswith("fits") else (84, 84))
        return np.asarray(image, float), table


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """Return the stamp of the image stored as 32-bit floats."""
    folder = tmp_path_factory.mktemp("expected")
    (folder / "in").mkdir()
    primary(COUNTS.astype("f4")).writeto(folder / "in" / "a.fits")
    return stamp(folder / "in", "a.fits", folder)


@pytest.mark.parametrize("stored", STORED)
def test_fits_of_every_kind(tmp_path, expected, stored):
    (tmp_path / "in" / "sub").mkdir(parents=True)
    STORED[stored]().writeto(tmp_path / "in" / "sub" / "a.fits")
    grey, table = stamp(tmp_path / "in", "sub/a.fits", tmp_path)
    inside = np.s_[80:-80, 80:-80]
    assert np.abs(grey - expected[0])[inside].mean() < 1
    unit = 1e-20 if stored == "other units" else 1
    assert table.sigma[0] == pytest.approx(unit * expected[1].sigma[0], rel=0.05)
    assert table.snr[0] == pytest.approx(expected[1].snr[0], rel=0.05)
    assert np.isfinite(table.r50[0]) == (stored == "with WCS")


@pytest.mark.parametrize("side", [SIDE, 3 * SIDE + 1])
@pytest.mark.parametrize(
    ("suffix", "mode"),
    [
        *(("png", mode) for mode in ("L", "RGB", "RGBA", "LA", "P", "I;16")),
        *(("tif", mode) for mode in ("L", "RGB", "RGBA", "P", "CMYK", "I;16", "I;16B")),
        *(("jpg", mode) for mode in ("L", "RGB", "CMYK")),
    ],
)
def test_pictures_of_every_kind_are_taken_as_they_are(tmp_path, suffix, mode, side):
    image = Image.fromarray(GREY).resize((side, side), Image.Resampling.BICUBIC)
    grey = np.asarray(image.resize((84, 84), Image.Resampling.LANCZOS), float)
    if mode.startswith("I"):
        deep = np.asarray(image).astype("uint16") * 257
        image = Image.fromarray(deep.astype(">u2") if mode == "I;16B" else deep)
    else:
        image = image.quantize(256) if mode == "P" else image.convert("RGB").convert(mode)
    assert image.mode == mode
    (tmp_path / "in").mkdir()
    image.save(tmp_path / "in" / f"a.{suffix}")
    seen, table = stamp(tmp_path / "in", f"a.{suffix}", tmp_path)
    assert np.abs(seen - grey).mean() < 2
    assert table[["sigma", "snr", "r50", "mag"]].isna().all(axis=None)


@pytest.mark.parametrize(("suffix", "large"), [("jpg", (3000, 4000)), ("fits", (300, 400))])
def test_images_of_all_sizes_and_shapes_show_the_same_galaxy(tmp_path, suffix, large):
    grey = []
    for height, width in ((16, 16), (24, 60), large):
        side, folder = min(height, width), tmp_path / f"{width}"
        (folder / "in").mkdir(parents=True)
        y, x = np.indices((height, width), dtype=np.float32)
        radius = np.hypot(y - (height - 1) / 2, x - (width - 1) / 2) / side
        light = 20 + 200 * np.exp(-((radius / 0.15) ** 2))
        if suffix == "jpg":
            Image.fromarray(light.astype("u1")).save(folder / "in" / "a.jpg", quality=95)
        else:
            noise = np.random.default_rng(0).normal(0, 1, light.shape)
            primary((light + noise).astype("f4")).writeto(folder / "in" / "a.fits")
        grey.append(stamp(folder / "in", f"a.{suffix}", folder)[0])
    for other in grey[1:]:
        assert np.corrcoef(other.ravel(), grey[0].ravel())[0, 1] > 0.95
