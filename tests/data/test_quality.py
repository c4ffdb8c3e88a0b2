"""Faults put into a dataset are found, and nothing else is."""

import io
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from galopt.cli.main import app
from galopt.data import quality
from galopt.data.dataset import load
from galopt.data.imaging.stamp_files import read_stamp
from galopt.data.integrity import seal
from galopt.data.quality import pixels
from galopt.files import write_json
from galopt.report.quality.page import page

TARGETS = ["spheroid", "disk"]
GALAXIES = 240
SPLITS = np.repeat(["train", "validation", "test"], [160, 40, 40])


def stamps(rng, number=GALAXIES, side=84):
    """Return galaxies of one shape, each with noise of its own."""
    y, x = np.indices((side, side)) - (side - 1) / 2
    core = 150 * np.exp(-np.hypot(x, y) / 4)
    return np.clip(40 + core + rng.normal(0, 10, (number, side, side)), 0, 255).astype(np.uint8)


def parts():
    """Return images, catalogue and description of a sound dataset."""
    rng = np.random.default_rng(8)
    spheroid = rng.choice([0, 0.25, 0.5, 0.75, 1], GALAXIES)
    catalog = pd.DataFrame({"id": [f"g{n}" for n in range(GALAXIES)], "split": SPLITS})
    catalog["number"] = range(GALAXIES)
    catalog["n_votes"] = 4
    catalog["snr"] = rng.lognormal(3, 0.5, GALAXIES)
    catalog["r50"] = rng.lognormal(-1, 0.3, GALAXIES)
    catalog["mag"] = rng.uniform(20, 24, GALAXIES)
    catalog["spheroid"], catalog["disk"] = spheroid, 1 - spheroid
    info = {
        "name": "noise", "source": "folder", "fractions": "normalised", "targets": TARGETS,
        "pixels": 84, "galaxies": GALAXIES, "floor": {"overall": 0.1}, "hash": "abc",
        "counts": pd.Series(SPLITS).value_counts().to_dict(),
    }  # fmt: skip
    return stamps(rng), catalog, info


def check(tmp_path, images, catalog, info):
    folder = tmp_path / "dataset"
    folder.mkdir()
    np.save(folder / "images.npy", images)
    catalog.to_parquet(folder / "catalog.parquet")
    write_json(folder / "dataset.json", seal(folder, info))
    return quality.check_dataset(load(folder), tmp_path)


def recompressed(image):
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=85)
    with Image.open(stream) as image_again:
        return np.asarray(image_again)


def only(found):
    assert len(found.findings) == 1
    return found.findings[0]


def test_a_sound_dataset_is_found_sound(tmp_path):
    found = check(tmp_path, *parts())
    assert found.findings == []
    assert found.sound
    assert found.summary() == "Sound: 0 errors, 0 warnings, 0 notes, 0 rejected"


def test_splits_of_a_handful_of_galaxies_are_warned_of(tmp_path):
    images, catalog, info = parts()
    catalog.loc[catalog.index[166:], "split"] = "train"
    catalog.loc[catalog.index[-6:], "split"] = "test"
    found = check(tmp_path, images, catalog, info)
    titles = [finding.title for finding in found.findings if finding.level == "warning"]
    few = [title for title in titles if "an RMSE of them is known to about ±0." in title]
    assert [title.split(":")[0] for title in few] == ["6 validation galaxies", "6 test galaxies"]


@pytest.mark.parametrize(("copy", "kind"), [(np.copy, "identical"), (recompressed, "nearly")])
def test_an_image_on_both_sides_of_a_split_is_an_error(tmp_path, copy, kind):
    images, catalog, info = parts()
    images[220] = copy(images[7])
    finding = only(check(tmp_path, images, catalog, info))
    assert finding.level == "error"
    assert finding.title.startswith(f"1 pair of {kind}")
    assert sorted(finding.stamps.row) == [7, 220]


def test_the_same_image_twice_in_one_split_is_a_warning(tmp_path):
    images, catalog, info = parts()
    images[30] = images[7]
    finding = only(check(tmp_path, images, catalog, info))
    assert (finding.level, sorted(finding.stamps.row)) == ("warning", [7, 30])


def test_two_bright_stars_are_not_one(tmp_path):
    """Their diffraction pattern is the telescope's; the noise around it is their own."""
    random, grid = np.random.default_rng(0), np.arange(84) - 41.5
    x, y = np.meshgrid(grid, grid)
    radius = np.hypot(x, y)
    pattern = (200 + 60 * np.cos(radius)) * np.exp(-radius / 12)
    stars = 30 + pattern + random.normal(0, 3, (2, 84, 84))
    stars = np.clip(stars, 0, 255).astype(np.uint8)[..., None]
    assert np.corrcoef(*pixels.fine_structure(stars).reshape(2, -1))[0, 1] > pixels.ALIKE
    assert not pixels.same_exposure(stars)
    assert pixels.same_exposure(stars[[0, 0]])


@pytest.mark.real
def test_real_galaxies_are_not_taken_for_each_other(real_data, tmp_path):
    files = sorted((real_data / "ceers_f200w" / "images").iterdir())[:300]
    images = np.stack([read_stamp(file, 84)[..., 0] for file in files])
    images[299] = recompressed(images[4])
    np.save(tmp_path / "images.npy", images)
    table, prints = pixels.scan(tmp_path / "images.npy")
    assert not (table.flat > pixels.FLAT).any()  # their sky is nearly black, not missing
    assert pixels.alike(prints, tmp_path / "images.npy").tolist() == [[4, 299]]


@pytest.mark.parametrize(
    ("spoil", "title"),
    [
        (lambda image: image % 3 + 100, "1 stamp with nearly no contrast"),
        (np.zeros_like, "1 stamp with nearly no contrast"),
        (lambda image: np.where(image > 60, 255, image), "1 saturated stamp"),
        (lambda image: np.where(np.arange(84) < 30, 40, image), "1 stamp with missing sky"),
    ],
)
def test_a_bad_stamp_is_shown_with_its_reason(tmp_path, spoil, title):
    images, catalog, info = parts()
    images[5] = spoil(images[5])
    found = check(tmp_path, images, catalog, info)
    finding = only(found)
    assert finding.title == title
    assert finding.stamps.row.tolist() == [5]
    assert finding.stamps.why[0] in page(found, tmp_path)


def test_a_sky_whose_noise_is_less_than_a_grey_level_is_not_missing(tmp_path):
    images, catalog, info = parts()
    images[5] = np.where(images[5] > 70, images[5], images[5] // 16 + 3)
    assert check(tmp_path, images, catalog, info).findings == []


def test_a_stamp_without_signal_is_noted(tmp_path):
    images, catalog, info = parts()
    catalog.loc[9, "snr"] = 1.5
    finding = only(check(tmp_path, images, catalog, info))
    assert (finding.level, finding.stamps.why[0]) == ("note", "S/N 1.5")


def test_impossible_votes_are_errors(tmp_path):
    images, catalog, info = parts()
    catalog.loc[3, TARGETS] = [1.4, -0.4]
    catalog.loc[4, TARGETS] = [0.5, 0.2]
    found = check(tmp_path, images, catalog, info)
    assert [finding.title for finding in found.findings] == [
        "1 galaxy with a fraction outside [0, 1]",
        "1 galaxy whose fractions do not sum to one",
    ]
    assert not found.sound


def test_votes_that_are_mostly_noise_are_not_worth_a_network(tmp_path):
    images, catalog, info = parts()
    found = check(tmp_path, images, catalog, info | {"floor": {"overall": 0.34}})
    assert only(found).title.startswith("The votes are mostly noise: floor 0.340")


def test_too_few_voters_are_counted(tmp_path):
    images, catalog, info = parts()
    catalog.loc[:4, "n_votes"] = 2
    assert only(check(tmp_path, images, catalog, info)).title.startswith("5 galaxies judged")


def test_a_galaxy_in_two_splits_is_an_error(tmp_path):
    images, catalog, info = parts()
    catalog.loc[239, "number"] = catalog.number[0]
    finding = only(check(tmp_path, images, catalog, info))
    assert (finding.level, finding.title) == ("error", "1 galaxy in several splits")


def test_splits_that_differ_are_named(tmp_path):
    images, catalog, info = parts()
    catalog.loc[catalog.split == "test", "r50"] *= 1.6
    assert only(check(tmp_path, images, catalog, info)).title == "r50: test differs from train"


def test_the_page_needs_nothing_and_hides_nothing(tmp_path):
    images, catalog, info = parts()
    images[220] = images[7]
    Image.fromarray(images[0]).save(tmp_path / "odd.png")
    rejected = pd.DataFrame(
        {"id": ["a", "b<b>"], "file": [str(tmp_path / "odd.png"), "gone.jpg"], "reason": "too odd"}
    )
    rejected.to_csv(tmp_path / "rejected.csv", index=False)
    html = page(check(tmp_path, images, catalog, info), tmp_path)
    assert not re.search(r"(src|href)=\"(?!data:|#)", html)
    assert "<script" not in html
    pictures = re.findall(r"<img [^>]*>", html)
    assert len(pictures) == 3
    assert all('alt="' in picture for picture in pictures)
    assert html.count("too odd") == 4  # in the sum, twice beneath, once for who cannot see
    assert html.count("nothing to show") == 1
    assert "b&lt;b&gt;" in html
    assert "not sound" in html


def test_the_command_says_what_it_found_and_fails_on_errors(tmp_path):
    images, catalog, info = parts()
    images[220] = images[7]
    check(tmp_path, images, catalog, info)
    done = CliRunner().invoke(app, ["data", "check", str(tmp_path / "dataset")])
    assert done.exit_code == 1
    assert "error: 1 pair of identical stamps in different splits" in done.stdout
    assert "quality.html (open it in a browser)" in done.stdout
    assert (tmp_path / "dataset" / "quality.html").stat().st_size > 10_000
