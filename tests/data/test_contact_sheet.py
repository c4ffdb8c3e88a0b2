"""Contact sheets: the same galaxies drawn in several ways."""

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from PIL import Image
from typer.testing import CliRunner

from galopt.cli.main import app
from galopt.config.load import build_config
from galopt.data import contact_sheet
from galopt.data.survey import make_survey
from galopt.errors import DataError

LOOKS = {"plain": build_config({}), "bright": build_config({}, {"stamps.white": 50})}


@pytest.fixture
def survey(tmp_path):
    """Return a survey of ten FITS files, the faintest first, and leave one more beside it."""
    rng = np.random.default_rng(1)
    mine = tmp_path / "mine"
    mine.mkdir()
    y, x = np.indices((60, 60)) - 29.5
    header = fits.Header({"PHOTFLAM": 1.9106045e-20, "PHOTPLAM": 15369.172})
    for number in range(11):
        light = 20 * 1.4**number * np.exp(-np.hypot(x, y) / 4)
        image = (rng.normal(0, 1, (60, 60)) + light).astype("float32")
        name = mine / f"g{number:02d}.fits" if number < 10 else tmp_path / "real.fits"
        fits.PrimaryHDU(image, header).writeto(name)
    files = [f"g{number:02d}.fits" for number in range(10)]
    pd.DataFrame({"id": files, "file": files, "disk": 0.5}).to_csv(mine / "votes.csv")
    folder = {"source": "folder", "folder": {"path": str(mine), "targets": ["disk"]}}
    make_survey(build_config({"survey": folder}), tmp_path / "survey")
    return tmp_path / "survey"


def drawn(strips):
    return [np.stack([np.asarray(picture) for picture in strip.pictures]) for strip in strips]


def test_every_look_has_a_strip_of_the_same_galaxies(survey, tmp_path, monkeypatch):
    kept = []
    draw = contact_sheet.draw
    monkeypatch.setattr(contact_sheet, "draw", lambda strips: kept.extend(strips) or draw(strips))
    contact_sheet.write(tmp_path / "sheet.png", LOOKS, survey, str(tmp_path / "real.fits"), 4)
    ours, brighter, real, real_brighter = kept
    assert [strip.title.split(": ")[1] for strip in kept] == ["plain", "bright"] * 2
    assert ours.stamps.id.tolist() == brighter.stamps.id.tolist() == ["g09.fits"]
    assert real.stamps.id.tolist() == real_brighter.stamps.id.tolist() == ["real"]
    pictures = drawn(kept)
    assert pictures[1].mean() > pictures[0].mean() + 2
    assert pictures[3].mean() > pictures[2].mean() + 2
    with Image.open(tmp_path / "sheet.png") as page:
        assert page.size == (2 * 10 + 168, 4 * (168 + 4 * 15 + 10) + 10)


def test_without_real_ones_the_galaxies_run_from_bright_to_faint(survey):
    chosen = contact_sheet._choose(survey, LOOKS["plain"], 3, None, 0)
    assert chosen.id.tolist()[0] == "g09.fits"
    assert chosen.id.tolist()[-1] == "g00.fits"


def test_what_cannot_be_drawn_is_said(survey, tmp_path):
    with pytest.raises(DataError, match="uv run dvc repro survey"):
        contact_sheet.write(tmp_path / "sheet.png", LOOKS, tmp_path / "nowhere")
    with pytest.raises(DataError, match="sheet.docx: not a kind of image"):
        contact_sheet.write(tmp_path / "sheet.docx", LOOKS, survey)
    (tmp_path / "bad.fits").write_bytes(b"SIMPLE")
    with pytest.raises(DataError, match="bad.fits.*no image of 1 can be drawn"):
        contact_sheet.write(tmp_path / "sheet.png", LOOKS, survey, str(tmp_path / "bad.fits"))
    assert not (tmp_path / "sheet.png").exists()


def test_the_command_draws_both_ways_and_refuses_what_draws_nothing(survey, tmp_path):
    out = tmp_path / "sheet.png"
    arguments = ["data", "sheet", "--survey", str(survey), "--out", str(out), "--overrides"]
    done = CliRunner().invoke(app, [*arguments, "stamps.white=90"])
    assert done.exit_code == 0
    with Image.open(out) as page:
        assert page.size[1] == 2 * (168 + 4 * 15 + 10) + 10
    assert CliRunner().invoke(app, [*arguments, "train.epochs=3"]).exit_code != 0
