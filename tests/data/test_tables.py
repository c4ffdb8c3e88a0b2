"""Tables are read as they are meant, in every format, or refused in one line."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.table import Table

from galopt.data.tables import read_own, read_table
from galopt.errors import DataError

PLAIN = "id,file,smooth\n007,a.png,0.25\nb,b.png,1\n"


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a text table and returns its path."""

    def to_file(text, name="t.csv", encoding="utf-8"):
        (tmp_path / name).write_bytes(text.encode(encoding))
        return tmp_path / name

    return to_file


def refused(path, message):
    with pytest.raises(DataError, match=message) as caught:
        read_table(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        "\ufeff" + PLAIN,
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace(",", "|"),
        PLAIN.replace(",", "  "),
        PLAIN.replace(",", ", "),
        PLAIN.replace(",", " , "),
        PLAIN.replace("\n", ",\n"),
        PLAIN.replace("g\n", "g,,\n").replace("1\n", "1,,\n").replace("25\n", "25,\n"),
        "# made by hand\n\n" + PLAIN.replace("b,b", "# b,x.png,0\n\nb,b"),
        PLAIN.replace("007", '"007"').replace("file", '"file"'),
        ",id,file,smooth\n0,007,a.png,0.25\n1,b,b.png,1\n",
    ],
)
def test_text_is_read_however_it_is_separated(write, text):
    table = read_table(write(text))
    assert table.to_dict("list") == {
        "id": ["007", "b"],
        "file": ["a.png", "b.png"],
        "smooth": [0.25, 1],
    }


def test_an_encoding_with_a_mark_is_read_and_another_is_refused(write):
    assert read_table(write(PLAIN, encoding="utf-16")).id.tolist() == ["007", "b"]
    refused(write("id,name\n1,caf\xe9\n", encoding="latin-1"), "line 2 is not UTF-8")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,smooth,smooth\na,0.1,0.2\n", "two columns have the same name, smooth"),
        ("id,smooth\na,0.1\nb,0.2,0.3\n", "line 3 has 3 cells, the header has 2"),
        ("# note\nid,smooth\na,0.1\nb\n", "line 4 has 1 cells, the header has 2"),
        ("id,,smooth\na,x,0.1\n", "column 2 has no name in the header"),
        ("g1,a.png,0.76\ng2,b.png,0.5\n", "no header: its first row holds the number 0.76"),
        ('id,smooth\na,"0.1\nb,0.2\n', "line [23]: "),
        ("", "the file is empty"),
        ("id,smooth\n", "the table has no rows"),
    ],
)
def test_text_that_could_be_read_otherwise_than_meant_is_refused(write, text, message):
    refused(write(text), message)


def test_rows_are_named_as_an_editor_counts_them(write):
    table = read_table(write("# note\n\nid,a\n# x,0\nb,1\n\nc,2\n"))
    assert table.index.tolist() == [5, 7]
    assert table.index.name == "line"


def test_text_and_identifiers_stay_what_they_are(write):
    table = read_table(
        write(
            "id,objid,code,kind,count,share\n"
            "NA,588848901537202306,007,None,1,0.1\n"
            "1e3,588848901537202307,012,Large,,NaN\n"
        )
    )
    assert table.id.tolist() == ["NA", "1e3"]
    assert table.objid.tolist() == ["588848901537202306", "588848901537202307"]
    assert table.code.tolist() == ["007", "012"]
    assert table.kind.tolist() == ["None", "Large"]
    assert table["count"].tolist() == pytest.approx([1, np.nan], nan_ok=True)
    assert table.share.tolist() == pytest.approx([0.1, np.nan], nan_ok=True)


def test_numbers_are_exact(write):
    values = np.random.default_rng(2).random(500)
    text = "id,x\n" + "".join(f"g{n},{value!r}\n" for n, value in enumerate(values.tolist()))
    np.testing.assert_array_equal(read_table(write(text)).x, values)


IDS = [588848901537202306, 588848901537202307]


@pytest.mark.parametrize("name", ["t.csv", "t.PARQUET", "t.Fits", "t.vot"])
@pytest.mark.parametrize("as_text", [True, False])
def test_ids_of_eighteen_digits_are_unharmed(tmp_path, name, as_text):
    path = tmp_path / name
    table = pd.DataFrame({"id": list(map(str, IDS)) if as_text else IDS, "other": IDS})
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
    elif path.suffix == ".PARQUET":
        table.to_parquet(path)
    else:
        kind = "fits" if path.suffix == ".Fits" else "votable"
        Table.from_pandas(table).write(path, format=kind)
    read = read_table(path)
    assert read.id.tolist() == list(map(str, IDS))
    assert read.other.tolist() == list(map(str, IDS))


def test_parquet_with_an_index_and_types_of_its_own(tmp_path):
    table = pd.DataFrame(
        {
            "id": ["a", "b"],
            "share": [Decimal("0.25"), Decimal("0.5")],
            "spiral": [True, False],
            "long": pd.array([IDS[0], None], dtype="Int64"),
            "few": pd.array([3, None], dtype="Int64"),
            "parts": [[1, 2], [3]],
        }
    )
    table.set_index("id").to_parquet(tmp_path / "t.parquet")
    read = read_table(tmp_path / "t.parquet")
    assert read.id.tolist() == ["a", "b"]
    assert read.share.tolist() == [0.25, 0.5]
    assert read.spiral.tolist() == ["True", "False"]
    assert read["long"].tolist() == [str(IDS[0]), None]
    assert read.few.tolist() == pytest.approx([3, np.nan], nan_ok=True)
    assert "parts" not in read
    table[["id"]].iloc[[1, 0]].to_parquet(tmp_path / "sorted.parquet")
    assert list(read_table(tmp_path / "sorted.parquet")) == ["id"]


@pytest.mark.parametrize(("unit", "scale"), [("deg", 1), ("h", 15), ("rad", 57.29577951)])
@pytest.mark.parametrize("name", ["t.vot", "t.fits"])
def test_positions_are_converted_to_degrees(tmp_path, name, unit, scale):
    table = Table({"id": ["a"], "RA": [1.25], "dec": [1.5]})
    table["RA"].unit = unit
    table.write(tmp_path / name, format="votable" if name == "t.vot" else "fits")
    read = read_table(tmp_path / name)
    assert read.RA.tolist() == pytest.approx([1.25 * scale], rel=1e-9)
    assert read.dec.tolist() == [1.5]


def test_a_position_in_no_angle_is_refused(tmp_path):
    table = Table({"id": ["a"], "ra": [1.25]})
    table["ra"].unit = "m"
    table.write(tmp_path / "t.vot", format="votable")
    refused(tmp_path / "t.vot", "ra has the unit m, which is no angle; give degrees")


def test_a_file_of_two_tables_is_refused(tmp_path):
    tables = [fits.BinTableHDU(Table({"id": ["a"]}), name=name) for name in ("VOTES", "OTHER")]
    fits.HDUList([fits.PrimaryHDU(), *tables]).writeto(tmp_path / "t.fits")
    refused(tmp_path / "t.fits", r"the file holds 2 tables \(VOTES, OTHER\); keep one")


def test_what_galopt_wrote_is_read_as_it_was(tmp_path):
    table = pd.DataFrame({"id": ["NA", "007", "None"], "x": [1.0, np.nan, 0.1], "reason": [""] * 3})
    table.to_csv(tmp_path / "t.csv", index=False)
    read = read_own(tmp_path / "t.csv")
    assert read.id.tolist() == ["NA", "007", "None"]
    np.testing.assert_array_equal(read.x, table.x)
