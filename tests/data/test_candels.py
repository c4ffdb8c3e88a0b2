"""A CANDELS survey, from a server to the dataset, is the one cut straight from the mosaic."""

import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from helpers.file_server import serving
from helpers.project import PROJECT
from helpers.published_votes import some_votes, write_galaxy_zoo, write_table3

from galopt.config.load import build_config
from galopt.data.imaging.mosaic import Mosaic, read_wcs
from galopt.data.rescale import build_dataset
from galopt.data.stamps import make_stamps
from galopt.data.survey import make_survey
from galopt.data.survey.candels import http
from galopt.data.survey.candels.read import check_floats
from galopt.data.survey.votes import TARGETS
from galopt.errors import ConfigError, DataError
from galopt.files import read_json, write_json

FILES = ("mosaic.fits", "table3.dat.gz")


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Serve an empty folder; the cache is empty and pauses are short."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(http, "BACK_OFF", 0.001)
    (tmp_path / "www").mkdir()
    with serving(tmp_path / "www") as server:
        yield server


@pytest.fixture
def published(server, simulated):
    """Publish a simulated tile with stray distortion terms, and its galaxies' votes."""
    image, header = fits.getdata(simulated / "tiles" / "tile_0000.fits", header=True)
    header.update({"A_ORDER": 2, "B_ORDER": 2, "A_2_0": 1e-3, "B_0_2": 1e-3})
    image[:60] = 0
    fits.writeto(server.folder / FILES[0], image, header)
    truth = pd.read_parquet(simulated / "truth.parquet")
    votes = pd.read_csv(simulated / "votes.csv").round(7)[truth.tile.to_numpy() == 0]
    votes[["ra", "dec"]] = votes[["ra", "dec"]].round(6)
    write_table3(server.folder / FILES[1], votes)
    return votes


def candels(server, fractions="normalised", **more):
    mosaic, table = map(server.url, FILES)
    section = {"mosaic": mosaic, "table": table} | more
    return build_config(
        {"survey": {"source": "candels", "fractions": fractions, "candels": section}}
    )


def test_the_stamps_are_those_cut_straight_from_the_mosaic(server, published, tmp_path):
    server.faults = ["503", "cut", "", "cut"]
    config = candels(server)
    data, straight = tmp_path / "data", tmp_path / "straight"
    make_survey(config, data / "survey")
    make_stamps(config, data / "survey", data)
    assert server.faults == []

    (straight / "survey" / "tiles").mkdir(parents=True)
    shutil.copy(server.folder / FILES[0], straight / "survey" / "tiles")
    write_json(straight / "survey" / "survey.json", {"source": "simulate"})
    published.to_csv(straight / "survey" / "votes.csv", index=False)
    make_stamps(config, straight / "survey", straight)

    names = sorted(path.name for path in (straight / "stamps").iterdir())
    assert names == sorted(path.name for path in (data / "stamps").iterdir())
    assert len(names) > 60
    for name in names:
        assert (data / "stamps" / name).read_bytes() == (straight / "stamps" / name).read_bytes()
    assert (data / "stamps.csv").read_bytes() == (straight / "stamps.csv").read_bytes()

    made = build_dataset(config, data, data / "dataset")
    assert (made.info["source"], made.targets) == ("candels", list(TARGETS))
    np.testing.assert_allclose(made.catalog[made.targets].sum(axis=1), 1)
    unscaled = build_dataset(candels(server, "raw"), data, data / "raw")
    raw = unscaled.catalog.set_index("id")
    votes = published.set_index("id").loc[raw.index]
    np.testing.assert_array_equal(raw[list(TARGETS)], votes[list(TARGETS)])
    assert made.info["floor"] is None  # several ticks a voter, scaled to sum to one
    assert unscaled.info["floor"]["overall"] > 0


def test_galaxies_beyond_the_footprint_are_left_out_and_counted(
    server, published, tmp_path, caplog
):
    header = fits.getheader(server.folder / FILES[0])
    empty = read_wcs(header).all_pix2world([1000.0], [20.0], 0)
    lost = published.head(3).assign(id=["a", "b", "c"])
    lost[["ra", "dec"]] = [[53.12, 27.8], [43.12, -27.8], np.ravel(empty)]
    write_table3(server.folder / FILES[1], pd.concat([published, lost]))
    make_survey(candels(server), tmp_path / "survey")
    votes = pd.read_csv(tmp_path / "survey" / "votes.csv")
    assert set(votes.id) <= set(published.id)
    left_out = len(published) + 3 - len(votes)
    assert f"{left_out} of {len(published) + 3} galaxies lie outside" in caplog.text
    assert left_out < 10


def test_a_second_start_downloads_nothing(server, published, tmp_path):
    for _ in range(2):
        make_survey(candels(server), tmp_path / "survey")
    assert server.asked == ["/table3.dat.gz", "/mosaic.fits"]
    files = read_json(tmp_path / "survey" / "survey.json")["files"]
    assert files["mosaic"]["address"] == server.url("mosaic.fits")
    assert len(files["votes"]["sha256"]) == 64


def test_galaxy_zoo_is_a_second_table(server, published, tmp_path):
    votes = published[["id", "ra", "dec", "n_votes"]].assign(smooth=0.5, features=0.3, artifact=0.2)
    write_galaxy_zoo(server.folder / "gz.csv", votes)
    config = candels(server, votes="galaxy_zoo", table=server.url("gz.csv"))
    make_survey(config, tmp_path / "survey")
    survey = read_json(tmp_path / "survey" / "survey.json")
    assert survey["targets"] == ["smooth", "features", "artifact"]
    assert list(pd.read_csv(tmp_path / "survey" / "votes.csv"))[3:] == [
        "n_votes",
        *survey["targets"],
    ]


def test_wrong_files_leave_no_survey(server, published, tmp_path):
    whole = {name: (server.folder / name).read_bytes() for name in FILES}

    def refuse(reason, **contents):
        for name in FILES:
            (server.folder / name).write_bytes(contents.get(name.split(".")[0], whole[name]))
        with pytest.raises(DataError, match=reason):
            make_survey(candels(server), tmp_path / "survey")
        assert not (tmp_path / "survey").exists()

    refuse("/table3.dat.gz: not a whole text or gzip file", table3=whole[FILES[1]][:-20])
    refuse("http.*/mosaic.fits: the FITS file is cut", mosaic=whole[FILES[0]][:100_000])
    refuse("http.*/mosaic.fits: not a FITS file", mosaic=b"<html>Not here</html>")
    far = tmp_path / "far.dat"
    write_table3(far, some_votes().assign(dec=0.0))
    (server.folder / FILES[0]).write_bytes(whole[FILES[0]])
    with pytest.raises(DataError, match=r"none of the 3 galaxies .* lies on http"):
        make_survey(candels(server, table=str(far)), tmp_path / "survey")


@pytest.mark.parametrize(
    ("field", "votes", "fields"),
    [("cosmos", "kartaltepe", "goods-s only"), ("egs", "galaxy_zoo", "goods-s, cosmos, uds only")],
)
def test_a_field_that_nobody_voted_on_is_refused_before_any_download(
    tmp_path, field, votes, fields
):
    candels = {"field": field, "votes": votes}
    config = build_config({"survey": {"source": "candels", "candels": candels}})
    with pytest.raises(ConfigError, match=f"field={field}: {votes} has votes of {fields}"):
        make_survey(config, tmp_path / "survey")


def test_a_field_without_a_known_address_needs_one(tmp_path):
    config = build_config({"survey": {"source": "candels", "candels": {"field": "goods-n"}}})
    with pytest.raises(ConfigError, match=r"goods-n.*survey\.candels\.mosaic"):
        make_survey(config, tmp_path / "survey")


@pytest.mark.parametrize(
    ("image", "header", "reason"),
    [
        (np.zeros((2, 20, 20), "f4"), {}, "no map of the sky"),
        (np.zeros((20, 20), "f4"), {}, "no map of the sky"),
        (np.zeros((20, 20), "i2"), {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"}, "convert them"),
    ],
)
def test_a_mosaic_is_a_map_of_the_sky_in_floats(tmp_path, image, header, reason):
    fits.writeto(tmp_path / "a.fits", image, fits.Header(header))
    with pytest.raises(DataError, match=reason):
        check_floats(tmp_path / "a.fits")


def test_scaling_by_one_does_no_harm(tmp_path):
    header = fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"})
    hdu = fits.PrimaryHDU(np.ones((20, 20), "f4"), header)
    hdu.header["BSCALE"], hdu.header["BZERO"] = 1.0, 0.0
    hdu.writeto(tmp_path / "a.fits", output_verify="ignore")
    assert fits.getheader(tmp_path / "a.fits")["BSCALE"] == 1
    check_floats(tmp_path / "a.fits")
    with Mosaic(tmp_path / "a.fits") as tile:
        assert tile.data[3, 3] == 1


MEMORY = """
import resource, sys
from pathlib import Path
from galopt.config.load import build_config
from galopt.data.stamps import make_stamps
from galopt.data.survey import make_survey
from galopt.data.survey.candels import read
from galopt.data.survey.simulated import simulate

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

url = sys.argv[1]
section = {"mosaic": url + "mosaic.fits", "table": url + "table3.dat.gz"}
config = build_config({"survey": {"source": "candels", "candels": section}})
before = peak()
make_survey(config, Path("survey"))
make_stamps(config, Path("survey"), Path("data"))
print("grew by", peak() - before)
"""


def test_a_mosaic_is_never_in_memory_as_a_whole(server, tmp_path, monkeypatch):
    side, grid = 10240, np.linspace(200, 10000, 8).round()
    wcs = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 53.1, "CRVAL2": -27.8}
    wcs |= {"CRPIX1": side / 2, "CRPIX2": side / 2, "CDELT1": -1.7e-5, "CDELT2": 1.7e-5}
    shape = {"SIMPLE": True, "BITPIX": -32, "NAXIS": 2, "NAXIS1": side, "NAXIS2": side}
    header = fits.Header(shape | wcs)
    size = 4 * side**2
    with (server.folder / FILES[0]).open("wb") as stream:
        start = stream.write(header.tostring(padding=True).encode())
        stream.truncate(start + -(-size // 2880) * 2880)
    pixels = np.memmap(server.folder / FILES[0], ">f4", "r+", start, (side, side))
    x, y = map(np.ravel, np.meshgrid(grid, grid))
    for column, row in zip(x.astype(int), y.astype(int), strict=True):
        here = np.s_[row - 60 : row + 60, column - 60 : column + 60]
        pixels[here] = np.random.default_rng(row).normal(0, 0.01, (120, 120))
    pixels.flush()
    ra, dec = read_wcs(header).all_pix2world(x, y, 0)
    votes = pd.DataFrame({"id": [f"g_{i}" for i in range(64)], "ra": ra, "dec": dec, "n_votes": 3})
    write_table3(server.folder / FILES[1], votes.assign(**dict.fromkeys(TARGETS, 0.2)))

    command = [sys.executable, "-c", MEMORY, server.url("")]
    environment = {"PYTHONPATH": str(PROJECT), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    monkeypatch.chdir(tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "data" / "stamps").iterdir())) == 64
    assert float(done.stdout.rsplit("grew by", 1)[1]) < 0.3 * size / 1024**2
