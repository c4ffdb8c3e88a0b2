"""Pictures go straight to the stored side; stamps cut from the sky are a JPEG of 454 px first."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from helpers.galaxies import paint
from PIL import Image

from galopt.config import Stamps
from galopt.config.load import build_config
from galopt.data import contact_sheet, dataset
from galopt.data.imaging.image_files import read_image
from galopt.data.imaging.pillow_image import MAX_PIXELS, Needed
from galopt.data.imaging.stamp_batch import StampBatch, stamp_chunk
from galopt.data.imaging.stamp_files import SIDE, read_stamp
from galopt.data.rescale import build_dataset
from galopt.data.stamps import make_stamps
from galopt.data.survey import make_survey
from galopt.errors import DataError
from galopt.prediction.preprocess import read_chunk

GALAXIES = 12
GREY = paint(1.4, 30, 424)
COLOUR = np.stack([GREY, GREY // 2, GREY // 3], axis=-1)


def batch(*files):
    names = [f"{number}.jpg" for number in range(len(files))]
    return StampBatch(pd.DataFrame({"id": names, "file": map(str, files), "stamp": names}), None)


def read_one(file, bands=("grey",), **settings):
    stamps, _, bad = read_chunk(batch(file), Stamps(**settings), 84, bands)
    assert bad.empty
    return stamps[0]


def survey(tmp_path, write, suffix, **overrides):
    mine = tmp_path / "mine"
    mine.mkdir(exist_ok=True)
    names = [f"g{number}{suffix}" for number in range(GALAXIES)]
    for number, name in enumerate(names):
        write(mine / name, np.roll(GREY, 3 * number, axis=0))
    smooth = np.linspace(0.1, 0.9, GALAXIES)
    votes = pd.DataFrame({"id": names, "file": names, "smooth": smooth, "disk": 1 - smooth})
    votes.to_csv(mine / "votes.csv", index=False)
    source = {"source": "folder", "folder": {"path": str(mine)}}
    config = build_config({"survey": source}, overrides)
    make_survey(config, tmp_path / "survey")
    make_stamps(config, tmp_path / "survey", tmp_path)
    return config


def as_jpeg(path, levels):
    Image.fromarray(levels).save(path, quality=95)


def as_fits(path, levels):
    noise = np.random.default_rng(0).normal(0, 1, levels.shape)
    fits.PrimaryHDU((levels + noise).astype("f4")).writeto(path)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_a_picture_shows_the_same_galaxy_straight_and_by_the_detour(tmp_path, suffix):
    for pixels, bands in ((GREY, ("grey",)), (COLOUR, ("red", "green", "blue"))):
        Image.fromarray(pixels).save(tmp_path / f"a.{suffix}")
        straight = read_one(tmp_path / f"a.{suffix}", bands).astype(int)
        detour = read_one(tmp_path / f"a.{suffix}", bands, detour=True).astype(int)
        assert straight.shape == (84, 84, len(bands))
        assert np.abs(straight - detour).mean() < 2
        assert np.abs(straight - detour).max() > 0


def test_the_detour_is_what_it_was_before(tmp_path):
    as_jpeg(tmp_path / "a.jpg", GREY)
    with Image.open(tmp_path / "a.jpg") as image:
        image.resize((454, 454), Image.Resampling.BICUBIC).save(tmp_path / "b.jpg", quality=95)
    with Image.open(tmp_path / "b.jpg") as image:
        image.draft("L", (84, 84))
        before = np.asarray(image.resize((84, 84), Image.Resampling.LANCZOS))
    np.testing.assert_array_equal(read_one(tmp_path / "a.jpg", detour=True)[..., 0], before)


@pytest.mark.parametrize(("shape", "decoded"), [((424, 424), 106), ((160, 600), 160)])
def test_a_jpeg_is_decoded_no_larger_than_is_needed(tmp_path, shape, decoded):
    as_jpeg(tmp_path / "a.jpg", np.full((*shape, 3), 90, np.uint8))
    small = read_image(tmp_path / "a.jpg", needed=Needed(84, grey=True)).pixels
    assert (min(small.shape), small.ndim) == (decoded, 2)
    colour = read_image(tmp_path / "a.jpg", needed=Needed(84, grey=False)).pixels
    assert colour.shape == (*small.shape, 3)


def test_the_central_square_of_a_picture_is_shown(tmp_path):
    wide = np.zeros((424, 900), np.uint8)
    wide[:, 238:662] = GREY
    as_jpeg(tmp_path / "wide.jpg", wide)
    as_jpeg(tmp_path / "square.jpg", GREY)
    seen = [read_one(tmp_path / f"{name}.jpg").astype(int) for name in ("wide", "square")]
    assert np.abs(seen[0] - seen[1]).mean() < 1


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path):
    side = int(MAX_PIXELS**0.5) + 100
    as_jpeg(tmp_path / "bomb.jpg", np.zeros((8, 8), np.uint8))
    content = bytearray((tmp_path / "bomb.jpg").read_bytes())
    frame = content.index(b"\xff\xc0") + 5
    content[frame : frame + 4] = 2 * side.to_bytes(2, "big")
    (tmp_path / "bomb.jpg").write_bytes(content)
    _, _, bad = read_chunk(batch(tmp_path / "bomb.jpg"), Stamps(), 84)
    assert bad["reason"].tolist() == [f"too large: more than {MAX_PIXELS:,} pixels"]


def test_a_cut_picture_is_refused(tmp_path):
    stream = io.BytesIO()
    Image.fromarray(GREY).save(stream, "JPEG")
    (tmp_path / "cut.jpg").write_bytes(stream.getvalue()[:3000])
    _, _, bad = read_chunk(batch(tmp_path / "cut.jpg"), Stamps(), 84)
    assert "truncated" in bad["reason"].iloc[0]


def test_the_dataset_has_what_a_prediction_reads(tmp_path):
    config = survey(tmp_path, as_jpeg, ".jpg")
    built = build_dataset(config, tmp_path, tmp_path / "dataset")
    files = [tmp_path / "mine" / name for name in built.catalog["id"]]
    settings = built.stamp_settings(config.stamps)
    stamps, *_ = read_chunk(batch(*files), settings, 84, built.bands)
    np.testing.assert_array_equal(stamps, built.images)
    assert not settings.detour
    with Image.open(tmp_path / "stamps" / "g0_jpg.png") as stamp:
        assert stamp.size == (84, 84)


@pytest.mark.parametrize(
    ("write", "suffix", "overrides"),
    [(as_fits, ".fits", {}), (as_jpeg, ".jpg", {"stamps.detour": True})],
)
def test_what_became_a_jpeg_is_predicted_by_it(tmp_path, write, suffix, overrides):
    config = survey(tmp_path, write, suffix, **overrides)
    built = build_dataset(config, tmp_path, tmp_path / "dataset")
    settings = built.stamp_settings(config.stamps)
    assert settings.detour
    assert not (tmp_path / "stamps" / "bands.json").exists()
    files = [tmp_path / "mine" / name for name in built.catalog["id"]]
    stamps, *_ = read_chunk(batch(*files), settings, 84)
    np.testing.assert_array_equal(stamps, built.images)
    written = [
        tmp_path / "stamps" / f"{name.replace('.', '_')}.jpg" for name in built.catalog["id"]
    ]
    np.testing.assert_array_equal([read_stamp(file, 84) for file in written], built.images)


def test_a_dataset_of_before_says_that_it_was_made_by_the_detour(tmp_path):
    built = build_dataset(survey(tmp_path, as_jpeg, ".jpg"), tmp_path, tmp_path / "dataset")
    old = {name: value for name, value in built.info.items() if name not in ("detour", "sha256")}
    (built.folder / "dataset.json").write_text(json.dumps(old))
    assert dataset.load(built.folder).stamp_settings(Stamps()).detour


def test_stamps_of_another_side_are_refused(tmp_path):
    survey(tmp_path, as_jpeg, ".jpg")
    other = build_config({}, {"rescale.pixels": 96})
    with pytest.raises(DataError, match=r"pictures of 84 px.*is 96; .*dvc repro --force stamps"):
        build_dataset(other, tmp_path, tmp_path / "dataset")
    assert not (tmp_path / "dataset").exists()


def test_many_planes_lose_nothing_on_disk(tmp_path):
    pages = [Image.fromarray(np.roll(GREY, 9 * number, axis=1)) for number in range(5)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    bands = [f"plane_{number}" for number in range(5)]
    (written,) = stamp_chunk(batch(tmp_path / "a.tif"), Stamps(), tmp_path, bands, 84)
    assert written["straight"]
    stored = read_one(tmp_path / "a.tif", bands)
    np.testing.assert_array_equal(read_stamp(tmp_path / "0.tif", 84), stored)


def test_files_of_each_band_are_read_whole_whatever_their_formats(tmp_path):
    as_jpeg(tmp_path / "a_v.jpg", GREY)
    Image.fromarray(GREY).save(tmp_path / "a_h.png")
    rows = pd.DataFrame({"id": ["a"], "file": ["a"], "stamp": ["a.jpg"]})
    rows = rows.assign(file_v=str(tmp_path / "a_v.jpg"), file_h=str(tmp_path / "a_h.png"))
    stamps, _, bad = read_chunk(StampBatch(rows, None), Stamps(), 84, ["v", "h"])
    assert bad.empty
    assert np.abs(stamps[0, ..., 0].astype(int) - stamps[0, ..., 1]).mean() < 1


def test_people_see_pictures_in_full(tmp_path, monkeypatch):
    config = survey(tmp_path, as_jpeg, ".jpg")
    kept = []
    draw = contact_sheet.draw
    monkeypatch.setattr(contact_sheet, "draw", lambda strips: kept.extend(strips) or draw(strips))
    real = str(tmp_path / "mine" / "g1.jpg")
    contact_sheet.write(tmp_path / "a.png", {"a": config}, tmp_path / "survey", real, 3)
    assert {picture.size for strip in kept for picture in strip.pictures} == {(SIDE, SIDE)}
