"""Tables of predictions in four formats."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.io.votable import parse
from astropy.table import Table

from galopt.errors import DataError
from galopt.prediction.output import check_output, column_meaning, write_predictions, write_rejected

PROVENANCE = {"creator": "galopt 0", "model": "models:/galopt@champion", "run": "é" + "f" * 90}


def read_fits(path: Path) -> pd.DataFrame:
    table = Table.read(path)
    table.convert_bytestring_to_unicode()
    return table.to_pandas()


@pytest.fixture
def table() -> pd.DataFrame:
    fractions = np.array([[0.25, 0.1], [1, 0]], np.float32)
    names = pd.DataFrame({"id": ["a", "b2"], "file": ["x/a.jpg", "x/b2.fits"]})
    return names.join(pd.DataFrame(fractions, columns=["disk", "point_source"]))


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("t.csv", pd.read_csv),
        ("t.parquet", pd.read_parquet),
        ("t.fits", read_fits),
        ("t.vot", lambda path: Table.read(path, format="votable").to_pandas()),
    ],
)
def test_what_is_written_is_read_back(tmp_path, table, name, read):
    halves = [table[:1], table[:0], table[1:]]
    assert write_predictions(halves, tmp_path / name, PROVENANCE) == 2
    back = read(tmp_path / name)
    assert list(back) == list(table)
    assert back["id"].tolist() == ["a", "b2"]
    np.testing.assert_array_equal(back[["disk", "point_source"]].astype("f4"), table.iloc[:, 2:])
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_fits_header_says_where_it_comes_from(tmp_path, table):
    write_predictions([table], tmp_path / "t.fits", PROVENANCE)
    header = fits.getheader(tmp_path / "t.fits", 1)
    assert header["MODEL"] == "models:/galopt@champion"
    assert header["RUN"] == "\\xe9" + "f" * 90
    assert header["TUCD1"] == "meta.id;meta.main"
    assert header["TUCD3"] == "arith.ratio"
    assert header["TCOMM3"] == "predicted fraction of votes for disk, 0 to 1"


def test_votable_says_where_it_comes_from(tmp_path, table):
    write_predictions([table], tmp_path / "t.vot", PROVENANCE)
    resource = parse(tmp_path / "t.vot").resources[0]
    assert {info.name: info.value for info in resource.infos} == PROVENANCE
    fields = {field.name: field for field in resource.tables[0].fields}
    assert fields["disk"].description == "predicted fraction of votes for disk, 0 to 1"
    assert fields["id"].ucd == "meta.id;meta.main"


def test_parquet_says_where_it_comes_from(tmp_path, table):
    write_predictions([table], tmp_path / "t.parquet", PROVENANCE)
    schema = pq.read_schema(tmp_path / "t.parquet")
    assert schema.metadata[b"galopt.model"] == b"models:/galopt@champion"
    assert schema.field("disk").metadata[b"unit"] == b"1"
    assert b"votes for disk" in schema.field("disk").metadata[b"description"]


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.fits", "t.vot"])
def test_a_table_without_rows_is_not_written(tmp_path, table, name):
    assert write_predictions([table[:0]], tmp_path / name, PROVENANCE) == 0
    assert not list(tmp_path.iterdir())


def test_errors_have_a_meaning_of_their_own():
    columns = ["id", "disk", "disk_err", "bar_low"]
    assert column_meaning("disk_err", columns)[0] == "stat.error;arith.ratio"
    assert "standard deviation" in column_meaning("disk_err", columns)[1]
    assert column_meaning("bar_low", columns)[1].startswith("predicted fraction")


def test_nothing_is_overwritten_unasked(tmp_path):
    for name in ("t.csv", "u.csv.rejected.csv"):
        (tmp_path / name).touch()
        out = tmp_path / name.removesuffix(".rejected.csv")
        with pytest.raises(DataError, match="--overwrite"):
            check_output(out, [], overwrite=False)
        check_output(out, [], overwrite=True)


def test_unknown_format_is_refused():
    with pytest.raises(DataError, match=r"choose one of \.csv, \.parquet"):
        check_output(Path("t.xlsx"), [], overwrite=False)


def test_names_beyond_ascii_are_refused_for_fits_only():
    with pytest.raises(DataError, match="ASCII"):
        check_output(Path("t.fits"), ["a.jpg", "é.jpg"], overwrite=False)
    check_output(Path("t.vot"), ["é.jpg"], overwrite=False)


def test_list_of_rejected_is_removed_when_none_is_left(tmp_path):
    rejected = pd.DataFrame({"id": ["a"], "file": ["a.jpg"], "reason": ["empty"]})
    beside = write_rejected(rejected, tmp_path / "t.csv")
    assert beside == tmp_path / "t.csv.rejected.csv"
    assert write_rejected(rejected.iloc[:0], tmp_path / "t.csv") is None
    assert not beside.exists()
