"""Which galaxies to predict: files, folders, patterns, positions in mosaics."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.table import Table
from PIL import Image

from galopt.data.imaging.image_files import find_files, image_id
from galopt.errors import DataError
from galopt.prediction.inputs import positions_in, read_catalogue, stamps_in

POSITIONS = pd.DataFrame({"id": ["007", "b"], "ra": [53.1, 53.2], "dec": [-27.8, 10.0]})


@pytest.fixture
def mosaic(tmp_path) -> Path:
    header = fits.Header(
        {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 53.1, "CRVAL2": -27.8}
    )
    header.update({"CRPIX1": 100.5, "CRPIX2": 75.5, "CDELT1": -0.06 / 3600, "CDELT2": 0.06 / 3600})
    fits.PrimaryHDU(np.zeros((150, 200), "f4"), header).writeto(tmp_path / "field.fits")
    return tmp_path / "field.fits"


def test_folders_files_and_patterns_are_found_once_each(tmp_path):
    for name in ("b.jpg", "a.JPG", "deep/z.png", "votes.csv"):
        (tmp_path / "a" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "a" / name).touch()
    folder = tmp_path / "a"
    found = find_files([str(folder / "b.jpg"), str(folder), str(folder / "*.jpg")])
    assert [file.name for file in found] == ["b.jpg", "a.JPG", "z.png"]
    assert find_files([str(tmp_path / "**" / "*.png")]) == [folder / "deep" / "z.png"]


def test_path_that_means_nothing_is_named(tmp_path):
    with pytest.raises(DataError, match="there is no .*nowhere: name images"):
        find_files([str(tmp_path / "nowhere")])


@pytest.mark.parametrize(
    ("name", "galaxy"),
    [("a.b.jpg", "a.b"), ("c.fits.gz", "c"), ("d.TIFF", "d"), ("e.dat", "e.dat")],
)
def test_id_is_the_name_without_the_image_ending(name, galaxy):
    assert image_id(Path("folder") / name) == galaxy


def test_files_are_split_into_pieces_of_work():
    chunks = stamps_in([Path(f"{number}.jpg") for number in range(100)])
    assert [len(chunk.rows) for chunk in chunks] == [64, 36]
    assert pd.concat(chunk.rows for chunk in chunks)["id"].tolist() == list(map(str, range(100)))


def write(table: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        table.to_parquet(path)
    else:
        kind = {".fits": "fits", ".vot": "votable"}[path.suffix]
        Table.from_pandas(table).write(path, format=kind)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".fits", ".vot"])
def test_catalogues_of_every_kind_say_the_same(tmp_path, suffix):
    table = POSITIONS.rename(columns={"ra": "RA", "dec": "Dec"}).assign(mag=[22.1, 23.4])
    read = read_catalogue(write(table, tmp_path / f"positions{suffix}"))
    pd.testing.assert_frame_equal(read, POSITIONS, check_dtype=False)


@pytest.mark.parametrize(("first", "second"), [("id", "ID"), ("ra", "RA"), ("Dec", "dec")])
def test_two_columns_that_differ_only_in_case_are_refused(tmp_path, first, second):
    table = POSITIONS.rename(columns={first.lower(): first}).assign(**{second: 1})
    with pytest.raises(DataError, match=f"columns {first} and {second} could both be"):
        read_catalogue(write(table, tmp_path / "p.csv"))


def test_an_ending_may_be_written_in_any_case(tmp_path):
    write(POSITIONS, tmp_path / "p.csv").rename(tmp_path / "P.CSV")
    assert read_catalogue(tmp_path / "P.CSV")["id"].tolist() == ["007", "b"]


def test_commas_at_the_end_of_rows_do_not_shift_the_columns(tmp_path):
    (tmp_path / "p.csv").write_text("id,ra,dec,mag\n7,150.0,2.0,21.5,\n8,150.1,2.1,21.6,\n")
    assert read_catalogue(tmp_path / "p.csv")["ra"].tolist() == [150.0, 150.1]


def test_hours_in_words_are_refused(tmp_path):
    table = POSITIONS.assign(ra=["10:00:00", "10:00:01"])
    with pytest.raises(DataError, match=r"line 2 .*: ra is 10:00:00; it is within 0 and 360 deg"):
        read_catalogue(write(table, tmp_path / "p.csv"))


def test_positions_outside_every_mosaic_have_no_tile(tmp_path, mosaic):
    inside, outside = sorted(
        positions_in(write(POSITIONS, tmp_path / "p.csv"), [mosaic]),
        key=lambda chunk: chunk.tile is None,
    )
    assert inside.tile == mosaic
    assert inside.rows[["id", "file"]].to_numpy().tolist() == [["007", str(mosaic)]]
    assert outside.rows["id"].tolist() == ["b"]


def test_hours_in_a_table_without_units_are_recognised(tmp_path, mosaic):
    table = pd.DataFrame({"id": ["a"], "ra": [53.1 / 15], "dec": [-27.8]})
    hours = write(table, tmp_path / "p.csv")
    with pytest.raises(DataError, match=r"p\.csv: ra is in hours"):
        positions_in(hours, [mosaic])


def test_a_catalogue_that_cannot_be_used_is_refused_in_one_line(tmp_path, mosaic):
    def refuse(path, reason, mosaics=(mosaic,)):
        with pytest.raises(DataError, match=reason) as caught:
            positions_in(path, mosaics)
        assert "\n" not in str(caught.value)

    refuse(tmp_path / "absent.csv", "no such file")
    refuse(tmp_path / "positions.pkl", "unknown kind of table")
    (tmp_path / "text.fits").write_text("no table")
    refuse(tmp_path / "text.fits", "not a FITS table")
    refuse(write(POSITIONS.drop(columns="ra"), tmp_path / "p.csv"), "no column ra; there are id")
    refuse(
        write(POSITIONS.assign(dec=[0, -91]), tmp_path / "p.csv"), r"line 3 \(id b\): dec is -91"
    )
    refuse(
        write(POSITIONS.assign(ra=["x", 1]), tmp_path / "p.csv"),
        r"line 2 \(id 007\): ra is x; it is within 0 and 360",
    )
    refuse(write(POSITIONS[:0], tmp_path / "p.csv"), "the table has no rows")
    good = write(POSITIONS, tmp_path / "p.csv")
    (tmp_path / "cut.fits").write_bytes(mosaic.read_bytes()[:-5000])
    refuse(good, "the FITS file is cut", [tmp_path / "cut.fits"])
    refuse(good, "not a FITS file", [tmp_path / "text.fits"])
    fits.PrimaryHDU(np.zeros((20, 20))).writeto(tmp_path / "bare.fits")
    refuse(good, "it holds no map of the sky", [tmp_path / "bare.fits"])


def test_a_table_of_pickled_objects_is_not_opened(tmp_path):
    np.save(tmp_path / "p.npy", np.array([Trap()], object), allow_pickle=True)
    with pytest.raises(DataError, match="unknown kind of table"):
        read_catalogue(tmp_path / "p.npy")
    (tmp_path / "p.npy").rename(tmp_path / "p.parquet")
    with pytest.raises(DataError, match="not a Parquet table"):
        read_catalogue(tmp_path / "p.parquet")
    assert not (tmp_path / "sprung").exists()


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("sprung",)


def test_links_to_images_are_followed(tmp_path):
    Image.fromarray(np.zeros((20, 20), np.uint8)).save(tmp_path / "far.png")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "near.png").symlink_to(tmp_path / "far.png")
    assert find_files([str(tmp_path / "mine")]) == [tmp_path / "mine" / "near.png"]
