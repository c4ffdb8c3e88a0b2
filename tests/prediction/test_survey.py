"""A whole survey in a folder of parts: what lies there, what is refused, what is gone on with."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from helpers.brightness import TARGETS, Brightness, write_pictures
from helpers.survey_parts import check_whole, parts_in, wait_for_parts, write_survey_images

from galopt.data.imaging.image_files import find_files
from galopt.errors import DataError
from galopt.prediction import inputs, parts
from galopt.prediction.inputs import positions_in, stamps_in
from galopt.prediction.predict import predict
from galopt.prediction.survey import predict_survey
from galopt.prediction.survey_folder import check_folder, is_folder

SCRIPT = Path(__file__).parents[1] / "helpers" / "survey_of_brightness.py"
NAMES = [f"{number:02d}.jpg" for number in range(10)]


@pytest.fixture(autouse=True)
def _small_parts(tmp_path, monkeypatch):
    """Work in a folder with images, two a piece of work and four a part."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(inputs, "TOGETHER", 2)
    monkeypatch.setattr(parts, "GALAXIES", 4)
    write_pictures(Path("mine"), NAMES)


def survey(images: str = "mine", out: str = "out", model=None, **options) -> parts.Counts:
    batches = stamps_in(find_files([images]))
    return predict_survey(model or Brightness(), batches, Path(out), **options)


def test_a_folder_holds_what_the_single_table_does():
    Path("mine/03.jpg").write_text("no image")
    assert survey(errors=True) == parts.Counts(predicted=9, rejected=1)
    tables, rejected = zip(
        *predict(Brightness(), stamps_in(find_files(["mine"])), errors=True), strict=True
    )
    whole = pd.read_parquet("out/")
    pd.testing.assert_frame_equal(whole, pd.concat(tables, ignore_index=True), check_dtype=False)
    bad = pd.read_parquet("out/_rejected")
    assert bad.to_dict("records") == pd.concat(rejected).to_dict("records")
    assert parts.first_rejected(Path("out")).startswith("mine/03.jpg: unreadable")


def test_every_part_says_where_it_comes_from_and_is_of_the_size_that_is_stated():
    survey()
    files = sorted(Path("out").glob("part-*"))
    assert [pq.read_metadata(file).num_rows for file in files] == [4, 4, 2]
    for file in files:
        schema = pq.read_schema(file)
        assert schema.metadata[b"galopt.model"] == b"a test"
        assert schema.names == ["id", "file", *TARGETS]
        assert b"predicted fraction" in schema.field("mean").metadata[b"description"]


def test_a_part_of_which_nothing_can_be_read_is_there_and_disturbs_nobody():
    for name in NAMES[:4]:
        Path("mine", name).write_text("no image")
    assert survey() == parts.Counts(predicted=6, rejected=4)
    assert pq.read_metadata("out/part-000000.parquet").num_rows == 0
    assert pd.read_parquet("out")["id"].tolist() == [name[:2] for name in NAMES[4:]]
    assert len(pd.read_parquet("out/_rejected")) == 4


@pytest.mark.parametrize(
    "spoil",
    [
        Path.unlink,
        lambda part: part.write_bytes(part.read_bytes()[:-100]),
        lambda part: part.write_bytes(b""),
        lambda part: Path("out/_rejected", part.name).unlink(),
    ],
    ids=["lost", "cut", "empty", "without its list"],
)
def test_only_what_is_not_whole_is_predicted_again(spoil):
    Path("mine/05.jpg").write_text("no image")
    before = survey()
    written, whole = parts_in(Path("out")), pd.read_parquet("out")
    spoil(Path("out/part-000001.parquet"))
    assert survey() == before
    now = parts_in(Path("out"))
    assert [name for name in now if now[name] != written[name]] == ["part-000001.parquet"]
    pd.testing.assert_frame_equal(pd.read_parquet("out"), whole)


def test_an_image_that_can_be_read_by_now_is_rejected_no_longer():
    content = Path("mine/05.jpg").read_bytes()
    Path("mine/05.jpg").write_text("no image")
    survey()
    Path("mine/05.jpg").write_bytes(content)
    Path("out/part-000001.parquet").unlink()
    assert survey() == parts.Counts(predicted=10)
    assert not list(Path("out/_rejected").iterdir())


class Other(Brightness):
    """Another model."""

    def __init__(self):
        super().__init__()
        self.origin = {"model": "another test"}


def lose() -> None:
    Path("mine/00.jpg").unlink()


def rename() -> None:
    Path("mine/00.jpg").rename("mine/00b.jpg")


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        (None, {"model": Other()}, r"of another network \(a test, not another test\)"),
        (lose, {}, "of 10 galaxies, not of these 9"),
        (rename, {}, "of as many galaxies of other names, positions or order"),
        (None, {"errors": True}, "without --errors"),
        (None, {"features": True}, "without --embed"),
    ],
)
def test_predictions_of_something_else_are_refused_in_one_line(change, options, said):
    survey()
    written = parts_in(Path("out"))
    if change:
        change()
    with pytest.raises(DataError, match=f"^out/ holds predictions {said}; name another") as caught:
        survey(**options)
    assert "\n" not in str(caught.value)
    assert parts_in(Path("out")) == written


def test_predictions_of_something_else_make_way_when_that_is_asked():
    survey()
    lose()
    assert survey(overwrite=True) == parts.Counts(predicted=9)
    assert len(pd.read_parquet("out")) == 9


@pytest.mark.parametrize("name", ["notes.txt", "part-000000.parquet", "deep"])
def test_a_folder_of_other_things_is_left_alone(name):
    Path("theirs").mkdir()
    Path("theirs", name).mkdir() if name == "deep" else Path("theirs", name).write_text("")
    with pytest.raises(DataError, match=rf"theirs/ holds {name}, which galopt predict did not"):
        check_folder(Path("theirs"))
    with pytest.raises(DataError, match="name a folder of its own"):
        survey(out="theirs", overwrite=True)
    assert Path("theirs", name).exists()


def test_a_damaged_manifest_is_one_line_and_begins_anew_when_that_is_asked():
    survey()
    Path("out/_manifest.json").write_text("{")
    with pytest.raises(DataError, match=r"_manifest\.json: damaged.*--overwrite begins"):
        survey()
    assert survey(overwrite=True).predicted == 10


def test_an_output_is_a_folder_by_its_ending_or_because_it_is_one():
    Path("votes.parquet").mkdir()
    assert is_folder("votes/")
    assert is_folder("votes.parquet")
    assert not is_folder("votes.csv")
    with pytest.raises(DataError, match="is a file"):
        check_folder(Path("mine/00.jpg"))


def test_positions_in_mosaics_make_parts_too():
    header = fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 53, "CRVAL2": -27})
    header.update({"CRPIX1": 150, "CRPIX2": 150, "CDELT1": -0.06 / 3600, "CDELT2": 0.06 / 3600})
    pixels = np.random.default_rng(0).normal(size=(300, 300)).astype("f4")
    fits.PrimaryHDU(pixels, header).writeto("field.fits")
    ra = 53 + np.arange(-4, 5) * 5e-4
    ids = [f"g{number}" for number in range(len(ra))]
    pd.DataFrame({"id": ids, "ra": ra, "dec": -27.0}).to_csv("positions.csv", index=False)
    batches = positions_in(Path("positions.csv"), [Path("field.fits")])
    counts = predict_survey(Brightness(), batches, Path("out"))
    assert counts == parts.Counts(predicted=9)
    assert sorted(pd.read_parquet("out")["id"]) == ids
    moved = pd.DataFrame({"id": ids, "ra": ra + 1e-5, "dec": -27.0})
    moved.to_csv("positions.csv", index=False)
    with pytest.raises(DataError, match="of other names, positions or order"):
        predict_survey(
            Brightness(), positions_in(Path("positions.csv"), [Path("field.fits")]), Path("out")
        )


def start(*words: object) -> subprocess.Popen:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen([sys.executable, SCRIPT, *words], env=environment)


def test_a_killed_survey_goes_on_and_ends_with_every_galaxy_once(tmp_path):
    good, out = write_survey_images(tmp_path / "images", 1300), tmp_path / "killed"
    for there in (1, 4):
        process = start(tmp_path / "images", out)
        written = wait_for_parts(out, there)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert len(parts_in(out)) < 21  # it was in the midst
    assert start(tmp_path / "images", out).wait() == 0
    check_whole(out, good, 1300)
    now = parts_in(out)
    assert len(now) == 21
    assert {name: now[name] for name in written} == written
