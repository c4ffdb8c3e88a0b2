"""Galaxies of several planes: from files of every layout to stamps and dataset."""

import json

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from helpers.galaxies import paint
from PIL import Image

from galopt.config.load import build_config
from galopt.data import contact_sheet, dataset, quality
from galopt.data.imaging.bands import find_galaxies
from galopt.data.imaging.composite import composite
from galopt.data.imaging.stamp_files import SIDE, read_stamp
from galopt.data.rescale import build_dataset
from galopt.data.stamps import make_stamps
from galopt.data.survey import make_survey
from galopt.errors import ConfigError, DataError

GALAXIES = 10
BANDS = ["v", "z", "h"]
LIGHT = {"v": 20, "z": 60, "h": 180}
"""Peak of the galaxies in each band, background sigmas."""


def numbers(band: str, number: int) -> np.ndarray:
    """Return a galaxy in one band on a background of its own, (48, 48)."""
    noise = np.random.default_rng([number, ord(band)]).normal(500 * LIGHT[band], 2, (48, 48))
    y, x = np.indices((48, 48)) - 23.5
    return (noise + 2 * LIGHT[band] * np.exp(-(x**2 + y**2) / 20)).astype("f4")


def survey(tmp_path, file: str, bands=None, **overrides):
    """Make the stamps of files that were written to `mine`; return the configuration."""
    names = [f"g{number}" for number in range(GALAXIES)]
    table = pd.DataFrame({"id": names, "file": [file.replace("ID", name) for name in names]})
    table["smooth"] = np.linspace(0.1, 0.9, GALAXIES)
    table["disk"] = 1 - table["smooth"]
    table.to_csv(tmp_path / "mine" / "votes.csv", index=False)
    return make(tmp_path, bands, **overrides)


def make(tmp_path, bands=None, **overrides):
    source = {"source": "folder", "folder": {"path": str(tmp_path / "mine")}, "bands": bands}
    config = build_config({"survey": source}, {"work.workers": 1, **overrides})
    make_survey(config, tmp_path / "survey")
    make_stamps(config, tmp_path / "survey", tmp_path)
    return config


def cubes(folder):
    for number in range(GALAXIES):
        planes = np.stack([numbers(band, number) for band in BANDS])
        fits.PrimaryHDU(planes).writeto(folder / f"g{number}.fits")
    return "ID.fits"


def extensions(folder):
    for number in range(GALAXIES):
        images = [fits.ImageHDU(numbers(band, number), name=band) for band in BANDS]
        fits.HDUList([fits.PrimaryHDU(), *images[::-1]]).writeto(folder / f"g{number}.fits")
    return "ID.fits"


def one_file_a_band(folder):
    for number in range(GALAXIES):
        for band in BANDS:
            fits.PrimaryHDU(numbers(band, number)).writeto(folder / f"g{number}_{band}.fits")
    return "ID_{band}.fits"


@pytest.fixture
def mine(tmp_path):
    (tmp_path / "mine").mkdir()
    return tmp_path / "mine"


@pytest.mark.parametrize("layout", [cubes, extensions, one_file_a_band])
def test_each_band_is_a_plane_on_its_own_background(tmp_path, mine, layout):
    config = survey(tmp_path, layout(mine), BANDS)
    built = build_dataset(config, tmp_path, tmp_path / "dataset")
    assert built.bands == BANDS
    assert json.loads((tmp_path / "dataset" / "dataset.json").read_text())["bands"] == BANDS
    assert built.images.shape == (GALAXIES, 84, 84, 3)
    level = np.median(built.images, axis=(0, 1, 2))
    assert np.ptp(level) <= 3  # backgrounds of 10,000 to 90,000 are one grey
    peak = built.images[:, 36:48, 36:48].max(axis=(0, 1, 2)).astype(int)
    assert (np.diff(peak) > 20).all()  # v, z, h in order


def test_four_bands_are_stored_and_read_plane_by_plane(tmp_path, mine):
    LIGHT["j"] = 100
    for number in range(GALAXIES):
        for band in "vzjh":
            fits.PrimaryHDU(numbers(band, number)).writeto(mine / f"g{number}_{band}.fits")
    survey(tmp_path, "ID_{band}.fits", list("vzjh"))
    stamp = tmp_path / pd.read_csv(tmp_path / "stamps.csv").file[0]
    with Image.open(stamp) as pages:
        assert pages.n_frames == 4
        assert pages.size == (SIDE, SIDE)
    planes = read_stamp(stamp, 84)
    assert planes.shape == (84, 84, 4)
    assert (np.diff(planes[36:48, 36:48].max(axis=(0, 1)).astype(int)) > 0).all()


def test_a_galaxy_without_a_band_is_rejected_with_that_reason(tmp_path, mine):
    pattern = one_file_a_band(mine)
    (mine / "g3_z.fits").unlink()
    survey(tmp_path, pattern, BANDS, **{"stamps.max_bad": 0.2})
    rejected = pd.read_csv(tmp_path / "rejected.csv")
    assert rejected.id.tolist() == ["g3"]
    assert rejected.reason.tolist() == ["band z: no such file"]


def columns_of_files(mine, **changed):
    """Write a file and a column for each band, and the table with some cells changed."""
    one_file_a_band(mine)
    names = [f"g{number}" for number in range(GALAXIES)]
    table = pd.DataFrame({"id": names, "smooth": np.linspace(0.1, 0.9, GALAXIES)})
    table["disk"] = 1 - table["smooth"]
    for band in BANDS:
        table[f"file_{band}"] = [f"{name}_{band}.fits" for name in names]
        table.loc[table["id"] == changed.get(band), f"file_{band}"] = None
    table.to_csv(mine / "votes.csv", index=False)


def test_a_column_of_files_for_each_band_names_the_bands(tmp_path, mine, caplog):
    caplog.set_level("INFO")
    columns_of_files(mine)
    built = build_dataset(make(tmp_path), tmp_path, tmp_path / "dataset")
    assert (built.bands, built.targets) == (BANDS, ["smooth", "disk"])
    peak = built.images[:, 36:48, 36:48].max(axis=(0, 1, 2)).astype(int)
    assert (np.diff(peak) > 20).all()  # v, z, h in order
    assert not [line for line in caplog.messages if "have no" in line]


def test_a_galaxy_without_a_file_in_one_column_is_rejected_with_that_reason(tmp_path, mine):
    columns_of_files(mine, v="g2", z="g3")
    (mine / "g5_h.fits").unlink()
    make(tmp_path, ["h", "v"], **{"stamps.max_bad": 0.3})
    rejected = pd.read_csv(tmp_path / "rejected.csv", index_col="id")
    assert rejected.reason.to_dict() == {
        "g2": "band v: no such file",
        "g5": "band h: no such file",
    }


def test_columns_of_bands_can_be_averaged_but_not_invented(tmp_path, mine):
    columns_of_files(mine)
    config = make(tmp_path, "grey")
    assert build_dataset(config, tmp_path, tmp_path / "dataset").images.shape[-1] == 1
    with pytest.raises(ConfigError, match="the table has files of v, z, h; name some of them"):
        make(tmp_path, ["v", "j"])


def test_files_by_band_need_the_names_of_the_bands(tmp_path, mine):
    with pytest.raises(ConfigError, match=r"survey\.bands: \[v, z, j, h\]"):
        survey(tmp_path, one_file_a_band(mine))


def test_the_number_of_planes_must_be_that_of_the_bands(tmp_path, mine):
    with pytest.raises(DataError, match="3 planes where the bands v, h are wanted"):
        survey(tmp_path, cubes(mine), ["v", "h"])


def test_grey_makes_one_plane_of_several(tmp_path, mine):
    config = survey(tmp_path, cubes(mine), "grey")
    assert build_dataset(config, tmp_path, tmp_path / "dataset").images.shape[-1] == 1


def pictures(folder, grey: bool = False):
    for number in range(GALAXIES):
        light = paint(0.8, 4 + number, 64).astype(float)
        colour = np.stack([light, 0.7 * light, light if grey else 0.3 * light], -1)
        colour = colour[..., :1].repeat(3, -1) if grey else colour
        Image.fromarray(colour.astype("u1")).save(folder / f"g{number}.png")
    return "ID.png"


def test_pictures_keep_their_colour(tmp_path, mine):
    config = survey(tmp_path, pictures(mine))
    built = build_dataset(config, tmp_path, tmp_path / "dataset")
    assert built.bands == ["red", "green", "blue"]
    with Image.open(mine / "g0.png") as image:
        small = np.asarray(image.resize((84, 84), Image.Resampling.LANCZOS), int)
    row = built.catalog.index[built.catalog.id == "g0"][0]
    assert np.abs(built.images[row].astype(int) - small).mean() < 3
    np.testing.assert_array_equal(composite(built.images[row], built.bands), built.images[row])


def test_colour_can_be_asked_for_in_another_order_or_in_grey(tmp_path, mine):
    file = pictures(mine)
    survey(tmp_path, file, ["blue", "red"])
    first = read_stamp(tmp_path / pd.read_csv(tmp_path / "stamps.csv").file[0], 84)
    blue, red = first[40:44, 40:44].mean(axis=(0, 1))
    assert blue < 0.5 * red
    survey(tmp_path, file, "grey")
    with Image.open(tmp_path / "stamps" / "g0.png") as stamp:
        assert stamp.mode == "L"


def test_grey_saved_as_colour_stays_grey(tmp_path, mine):
    config = survey(tmp_path, pictures(mine, grey=True))
    built = build_dataset(config, tmp_path, tmp_path / "dataset")
    assert (built.bands, built.images.shape[-1]) == (["grey"], 1)


def test_a_dataset_from_before_planes_is_grey(tmp_path, mine):
    config = survey(tmp_path, pictures(mine, grey=True))
    built = build_dataset(config, tmp_path, tmp_path / "dataset")
    images = np.array(built.images)
    np.save(built.folder / "images.npy", images[..., 0])
    del built.info["bands"], built.info["sha256"]
    (built.folder / "dataset.json").write_text(json.dumps(built.info))
    np.testing.assert_array_equal(dataset.load(built.folder).images, images)


def test_the_last_band_is_red_in_a_picture_of_bands():
    stamp = np.zeros((4, 4, 4), np.uint8)
    stamp[..., 3] = 200
    red, green, blue = composite(stamp, list("vzjh"))[0, 0]
    assert red > 100 > max(green, blue)


def test_sheet_and_checks_know_planes(tmp_path, mine):
    config = survey(tmp_path, one_file_a_band(mine), BANDS)
    built = build_dataset(config, tmp_path, tmp_path / "dataset")
    assert quality.stamps_of(quality.check_dataset(built), np.arange(2)).shape == (2, 84, 84, 3)
    pattern = str(mine / "*_{band}.fits")
    contact_sheet.write(tmp_path / "a.png", {"a": config}, tmp_path / "survey", pattern, 3)
    with Image.open(tmp_path / "a.png") as sheet:
        assert sheet.mode == "RGB"


def test_galaxies_are_found_by_any_of_their_bands(mine):
    one_file_a_band(mine)
    (mine / "g0_v.fits").unlink()
    found = find_galaxies([str(mine / "*_{band}.fits")], BANDS)
    assert [file.name for file in found] == [f"g{n}_{{band}}.fits" for n in range(GALAXIES)]
    with pytest.raises(DataError, match="of the bands x"):
        find_galaxies([str(mine / "*_{band}.fits")], ["x"])


@pytest.mark.parametrize("value", [0.0, -3.5])
def test_a_simulated_image_without_noise_is_drawn(tmp_path, mine, value):
    y, x = np.indices((48, 48)) - 23.5
    light = np.where(np.hypot(x, y) < 15, 3000 * np.exp(-np.hypot(x, y) / 4), 0)
    for number in range(GALAXIES):
        fits.PrimaryHDU((light + value).astype("f4")).writeto(mine / f"g{number}.fits")
    survey(tmp_path, "ID.fits")
    with Image.open(tmp_path / "stamps" / "g0.jpg") as stamp:
        grey = np.asarray(stamp, float)
    assert grey.max() > 240
    assert grey.std() > 20
    assert pd.read_csv(tmp_path / "stamps.csv")[["sigma", "snr"]].isna().all(axis=None)
