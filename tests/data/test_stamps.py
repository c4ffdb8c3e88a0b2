"""Stamps from files: the stretch, the pictures, the rejects."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from helpers import hanging
from helpers.hostile import png_bomb
from PIL import Image

from galopt.config import Config, Stamps
from galopt.config.load import build_config
from galopt.data.imaging.stamp_batch import BOUND, stretch
from galopt.data.imaging.stamp_files import SIDE
from galopt.data.stamps import make_stamps, stamp_names
from galopt.data.survey import make_survey
from galopt.errors import DataError

RNG = np.random.default_rng(7)
SKY = RNG.normal(0, 1, (40, 40)).astype("float32")
Y, X = np.indices((40, 40)) - 19.5
GALAXY = SKY + 40 * np.exp(-(X**2 + Y**2) / 18).astype("float32")


def picture(path, array):
    Image.fromarray(array).save(path)


def folder_survey(tmp_path, **overrides) -> Config:
    files = sorted(p.name for p in (tmp_path / "mine").iterdir() if p.suffix != ".csv")
    table = pd.DataFrame({"id": files, "file": files, "smooth": 0.5, "disk": 0.5})
    table.to_csv(tmp_path / "mine" / "votes.csv", index=False)
    config = build_config(
        {"survey": {"source": "folder", "folder": {"path": str(tmp_path / "mine")}}},
        {"stamps.max_bad": 0.9, **overrides},
    )
    make_survey(config, tmp_path / "survey")
    return config


@pytest.fixture
def mine(tmp_path):
    (tmp_path / "mine").mkdir()
    return tmp_path / "mine"


def test_every_kind_of_file_becomes_a_stamp(tmp_path, mine):
    grey = np.clip(60 + 4 * GALAXY, 0, 255).astype("uint8")
    picture(mine / "a.jpg", grey)
    picture(mine / "b.png", np.stack([grey] * 3, -1))
    picture(mine / "c.tif", grey[:, :30])
    fits.PrimaryHDU(GALAXY.astype(">f8")).writeto(mine / "d.fits")
    holed = GALAXY.copy()
    holed[:5] = np.nan
    fits.PrimaryHDU(holed).writeto(mine / "e.fits")
    make_stamps(folder_survey(tmp_path), tmp_path / "survey", tmp_path / "data")
    table = pd.read_csv(tmp_path / "data" / "stamps.csv")
    assert list(table.columns) == ["id", "file", "sigma", "snr", "r50", "mag"]
    assert len(table) == 5
    for name, side in zip(table.file, [84] * 3 + [SIDE] * 2, strict=True):
        with Image.open(tmp_path / "data" / name) as stamp:
            assert (stamp.size, stamp.mode) == ((side, side), "L")
    assert table.sigma.notna().tolist() == [False] * 3 + [True] * 2
    assert table.sigma[3] == pytest.approx(1, abs=0.15)
    assert table[["r50", "mag"]].isna().all(axis=None)
    assert len(pd.read_csv(tmp_path / "data" / "rejected.csv")) == 0


def test_bad_images_are_left_out_and_reported(tmp_path, mine, caplog):
    picture(mine / "good.png", np.clip(60 + 4 * GALAXY, 0, 255).astype("uint8"))
    picture(mine / "blank.png", np.full((30, 30), 9, "uint8"))
    picture(mine / "dot.png", np.zeros((1, 1), "uint8"))
    png_bomb(mine / "bomb.png", 30_000, rows=1)
    fits.PrimaryHDU(np.full((30, 30), np.nan)).writeto(mine / "nan.fits")
    (mine / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0 not much more")
    make_stamps(folder_survey(tmp_path), tmp_path / "survey", tmp_path / "data")
    assert pd.read_csv(tmp_path / "data" / "stamps.csv").id.tolist() == ["good.png"]
    rejected = pd.read_csv(tmp_path / "data" / "rejected.csv").set_index("id").reason
    assert rejected["blank.png"] == "blank: every pixel has the same value"
    assert rejected["dot.png"].startswith("1x1 px")
    assert rejected["bomb.png"].startswith("too large")
    assert rejected["nan.fits"].startswith("blank")
    assert rejected["cut.jpg"].startswith("unreadable")
    assert "5 of 6 images are bad" in caplog.text


def test_too_many_bad_images_stop_the_stage_and_keep_the_old_stamps(tmp_path, mine):
    picture(mine / "good.png", np.clip(60 + 4 * GALAXY, 0, 255).astype("uint8"))
    config = folder_survey(tmp_path)
    make_stamps(config, tmp_path / "survey", tmp_path / "data")
    before = sorted(path.name for path in (tmp_path / "data").rglob("*"))
    picture(mine / "dot.png", np.zeros((1, 1), "uint8"))
    config = folder_survey(tmp_path, **{"stamps.max_bad": 0.1})
    with pytest.raises(DataError, match=r"1 of 2 .*dot.png.*1x1 px.*stamps.max_bad=0.1"):
        make_stamps(config, tmp_path / "survey", tmp_path / "data")
    assert sorted(path.name for path in (tmp_path / "data").rglob("*")) == before


def test_stretch_is_monotone_and_meets_its_limits():
    config = Stamps()
    values = np.linspace(config.black - 1, config.white + 100, 1000)[None]
    bright = stretch(2 * values + 5, 5, 2, config)[0]
    assert (np.diff(bright) >= 0).all()
    assert (bright[0], bright[-1]) == (0, 1)
    np.testing.assert_allclose(
        stretch(np.array([[config.black, config.white]]), 0, 1, config), [[0, 1]], atol=1e-6
    )


def test_ids_become_file_names_or_are_refused():
    assert stamp_names(pd.Series(["J1234+56/a", "../x", "b"])) == [
        "J1234+56_a.jpg",
        "___x.jpg",
        "b.jpg",
    ]
    with pytest.raises(DataError, match="'a b' and 'a/b' would share one file name"):
        stamp_names(pd.Series(["a b", "a/b"]))


def test_an_image_whose_decoder_hangs_or_crashes_in_c_is_one_rejected_row(
    mine, tmp_path, monkeypatch
):
    for name in ("a", "crash", "b", "hang", "c"):
        picture(mine / f"{name}.png", RNG.integers(0, 255, (40, 40), "uint8"))
    config = folder_survey(tmp_path)
    monkeypatch.setattr("galopt.data.stamps.BOUND", replace(BOUND, seconds=2))
    monkeypatch.setattr("galopt.data.stamps.stamp_chunk", hanging.stamp_chunk)
    make_stamps(config, tmp_path / "survey", tmp_path)
    rejected = pd.read_csv(tmp_path / "rejected.csv").set_index("id")["reason"]
    assert rejected.to_dict() == {
        "crash.png": "reading it crashed (SIGSEGV)",
        "hang.png": "reading it took longer than 2 s",
    }
    assert len(list((tmp_path / "stamps").glob("*.png"))) == 3
