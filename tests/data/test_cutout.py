"""Where a stamp is centred and how much it shows, on a mosaic and on files."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from PIL import Image

from galopt.config import Stamps
from galopt.config.load import build_config
from galopt.data.imaging.cutout import cut_around, frame, side_of
from galopt.data.imaging.photometry import background, centroid
from galopt.data.stamps import make_stamps
from galopt.data.survey import make_survey
from galopt.errors import ConfigError, DataError

SIDE, MIDDLE = 160, 79.5
LIGHT = Stamps(centring="light")


def blob(x, y, width, flux):
    v, u = np.indices((SIDE, SIDE)) - MIDDLE
    light = np.exp(-((u - x) ** 2 + (v - y) ** 2) / (2 * width**2))
    return flux * light / light.sum()


def sky(*blobs):
    noise = np.random.default_rng(3).normal(0, 1, (SIDE, SIDE))
    return np.sum([noise, *blobs], axis=0).astype(np.float32)


def cutter(image):
    return partial(cut_around, image, (MIDDLE, MIDDLE))


def peak(image):
    return np.array(np.unravel_index(image.argmax(), image.shape))


@pytest.mark.parametrize(
    "neighbours",
    [
        [],
        [blob(24, 12, 4, 30_000)],  # far brighter, apart
        [blob(2, 13, 3, 9_000)],  # brighter, touching
    ],
)
def test_the_light_is_centred_whatever_lies_beside_it(neighbours):
    image = cutter(sky(blob(2.3, -3.6, 3, 6_000), *neighbours))((0, 0), 84)
    assert centroid(image, *background(image)) == pytest.approx((2.3, -3.6), abs=0.3)


def test_a_catalogue_centre_is_left_alone_and_a_light_centre_is_moved_to_the_middle():
    image = sky(blob(6, -5, 2, 6_000))
    as_given = frame(cutter(image), 84, 84, Stamps()).image
    np.testing.assert_array_equal(as_given, image[38:122, 38:122])
    assert abs(peak(as_given) - (41.5 - 5, 41.5 + 6)).max() <= 1
    moved = frame(cutter(image), 84, 168, LIGHT)
    assert moved.image.shape == (84, 84)
    assert abs(peak(moved.image) - 41.5).max() <= 1


def test_pure_noise_is_not_recentred_far_away():
    image = cutter(sky())((0, 0), 84)
    assert np.hypot(*centroid(image, *background(image))) < 10


def test_a_field_follows_the_size_within_bounds():
    config = Stamps(field_in_r50=10)
    cuts = [cutter(sky(blob(0, 0, width, 20_000))) for width in (3, 6)]
    sides = [frame(cut, 84, 168, config).image.shape[0] for cut in cuts]
    np.testing.assert_allclose(sides, [10 * 1.1774 * 3, 10 * 1.1774 * 6], rtol=0.08)
    assert side_of(0.7, 84, 168, config) == 28
    assert side_of(90.0, 84, 168, config) == 168
    assert side_of(0.7, 20, 20, config) == 16


def test_background_and_catalogue_do_not_depend_on_the_framing():
    cut = cutter(sky(blob(3, 1, 4, 9_000)))
    plain = frame(cut, 84, 168, Stamps())
    framed = frame(cut, 84, 168, Stamps(centring="light", field_in_r50=8))
    assert (framed.level, framed.sigma, framed.seen) == (plain.level, plain.sigma, plain.seen)
    assert framed.image.shape != plain.image.shape


def test_what_lies_beyond_the_edge_is_drawn_as_sky():
    image = sky(blob(0, 0, 12, 200_000))[30:130, 30:130]
    framed = frame(partial(cut_around, image, (49.5, 49.5)), 84, 168, Stamps(field_in_r50=12))
    assert framed.image.shape == (166, 166)
    assert (framed.image[:30] == np.float32(framed.level)).all()


def test_a_bad_size_is_refused():
    with pytest.raises(ConfigError, match="stamps.field_in_r50=1"):
        build_config({}, {"stamps.field_in_r50": 1})


def stamps_of(tmp_path, overrides):
    mine = tmp_path / "mine"
    config = build_config(
        {"survey": {"source": "folder", "folder": {"path": str(mine)}}},
        {"stamps.max_bad": 0.9, **overrides},
    )
    make_survey(config, tmp_path / "survey")
    make_stamps(config, tmp_path / "survey", tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def mine(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    image = sky(blob(7, -6, 3, 8_000))
    fits.PrimaryHDU(image).writeto(folder / "a.fits")
    Image.fromarray(np.clip(100 + image, 0, 255).astype("uint8")).save(folder / "b.png")
    table = pd.DataFrame({"id": ["a", "b"], "file": ["a.fits", "b.png"], "disk": 0.5})
    table.to_csv(folder / "votes.csv", index=False)
    return folder


def test_fits_files_are_framed_and_pictures_refused(tmp_path, mine):
    data = stamps_of(tmp_path, {"stamps.centring": "light"})
    table = pd.read_csv(data / "stamps.csv")
    assert table.id.tolist() == ["a"]
    with Image.open(data / table.file[0]) as stamp:
        assert abs(peak(np.asarray(stamp)) / 454 - 0.5).max() < 0.02
    rejected = pd.read_csv(data / "rejected.csv")
    assert rejected.id.tolist() == ["b"]
    assert "stamps.centring=light and stamps.field_in_r50 need FITS" in rejected.reason[0]


def test_pictures_alone_cannot_be_framed(tmp_path, mine):
    (mine / "a.fits").unlink()
    table = pd.DataFrame({"id": ["b"], "file": ["b.png"], "disk": 0.5})
    table.to_csv(mine / "votes.csv", index=False)
    with pytest.raises(DataError, match="JPEG, PNG or TIFF, whose light cannot be measured"):
        stamps_of(tmp_path, {"stamps.field_in_r50": 8})


def test_a_mosaic_is_framed_too(simulated, tmp_path):
    config = build_config({}, {"stamps.centring": "light", "stamps.field_in_r50": 16})
    survey = tmp_path / "survey"
    survey.mkdir()
    (survey / "tiles").symlink_to(simulated / "tiles")
    (survey / "survey.json").write_text((simulated / "survey.json").read_text())
    pd.read_csv(simulated / "votes.csv").head(24).to_csv(survey / "votes.csv", index=False)
    make_stamps(config, survey, tmp_path / "framed")
    make_stamps(build_config({}), survey, tmp_path / "plain")
    framed, plain = (pd.read_csv(tmp_path / name / "stamps.csv") for name in ("framed", "plain"))
    pd.testing.assert_frame_equal(framed, plain)
    name = plain.file[0]
    assert (tmp_path / "framed" / name).read_bytes() != (tmp_path / "plain" / name).read_bytes()
