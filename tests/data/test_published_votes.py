"""The published tables of votes are read, one row a galaxy, and damaged ones refused."""

import gzip

import numpy as np
import pandas as pd
import pytest
from helpers.published_votes import some_votes, table3_line, write_galaxy_zoo, write_table3

from galopt.data.survey.candels.galaxy_zoo import read_galaxy_zoo
from galopt.data.survey.candels.kartaltepe import read_kartaltepe
from galopt.data.survey.votes import TARGETS
from galopt.errors import DataError


@pytest.mark.parametrize("name", ["table3.dat", "table3.dat.gz"])
def test_the_byte_columns_are_read(tmp_path, name):
    write_table3(tmp_path / name, some_votes())
    votes = read_kartaltepe(tmp_path / name)
    pd.testing.assert_frame_equal(votes.reset_index(drop=True), some_votes(), check_dtype=False)


def test_the_deepest_row_of_a_galaxy_is_kept(tmp_path):
    first = some_votes().iloc[:1]
    rows = pd.concat(
        [
            some_votes(),
            first.assign(id="deep10_1", depth="10epoch", n_votes=5, disk=0.2),
            first.assign(id="deep4_1", depth="4epoch", n_votes=60, disk=0.4),
            first.assign(id="ers2_2", n_votes=9, disk=0.6),
        ]
    ).fillna({"depth": "2epoch"})
    write_table3(tmp_path / "table3.dat", rows.assign(area="deep"))
    votes = read_kartaltepe(tmp_path / "table3.dat").set_index("id")
    assert votes.index.tolist() == ["ers2_3", "deep10_1", "ers2_2"]
    assert votes.disk.tolist() == [0.4, 0.2, 0.6]


def test_galaxies_without_votes_are_left_out_and_counted(tmp_path, caplog):
    votes = some_votes()
    votes.loc[1, list(TARGETS)] = 0.0
    write_table3(tmp_path / "table3.dat", votes)
    with (tmp_path / "table3.dat").open("a") as stream:
        stream.write(table3_line(id="wide2_9", ra=53.0, dec=-27.0) + "\n")
    assert read_kartaltepe(tmp_path / "table3.dat").id.tolist() == ["wide2_1", "ers2_3"]
    assert "2 of 4 galaxies have blank cells or no tick: left out" in caplog.text


def test_damaged_tables_are_refused(tmp_path):
    path = tmp_path / "table3.dat"
    write_table3(path, some_votes())
    whole = path.read_bytes()

    def refuse(content, reason):
        path.write_bytes(content)
        with pytest.raises(DataError, match=reason):
            read_kartaltepe(path)

    refuse(whole[:600], "line 2: 112 bytes, .* the file is cut")
    refuse(gzip.compress(whole)[:-30], "not a whole text or gzip file")
    refuse(gzip.compress(whole)[:-8] + b"\0" * 8, "not a whole text or gzip file.*CRC")
    refuse(b"", "no rows")
    refuse(b"\xff\xfe" + whole, "not a whole text")
    refuse(whole.replace(b"53.2", b"5x.2"), r"line 2: '5x.200000' in bytes 31-39 is no number")
    refuse(whole.replace(b"1.0000000", b"7.0000000"), r"line 1 \(id wide2_1\): spheroid is 7.0")
    refuse(b"<html>404</html>\n", "another table")


@pytest.mark.real
def test_every_real_galaxy_with_a_position_is_read_once(real_data, tmp_path):
    real = pd.read_csv(real_data / "goods_s_votes" / "votes.csv")
    fractions = real[list(TARGETS)].clip(0, 1)
    rows = real.assign(id=real.id.str.removeprefix("GDS_"), n_votes=3, **fractions)
    write_table3(tmp_path / "table3.dat.gz", rows)
    votes = read_kartaltepe(tmp_path / "table3.dat.gz")
    assert len(votes) == real.dropna(subset="ra").number.nunique() == len(real) - 202
    known = rows.set_index("id").loc[votes.id]
    np.testing.assert_allclose(votes[list(TARGETS)], known[list(TARGETS)], atol=1e-6)
    np.testing.assert_allclose(votes[["ra", "dec"]], known[["ra", "dec"]], atol=1e-6)


@pytest.mark.parametrize("packed", [False, True])
def test_galaxy_zoo_answers_are_read(tmp_path, caplog, packed):
    votes = some_votes()[["id", "ra", "dec", "n_votes"]].assign(
        smooth=[0.5, 0.2, None], features=[0.3, 0.7, None], artifact=[0.2, 0.1, None]
    )
    path = tmp_path / "gz.csv"
    write_galaxy_zoo(path, votes)
    if packed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    read = read_galaxy_zoo(path)
    pd.testing.assert_frame_equal(read.reset_index(drop=True), votes.iloc[:2])
    assert "1 of 3 galaxies" in caplog.text
    path.write_bytes(path.read_bytes()[:30] if packed else b"ID,RA\n1,2\n")
    with pytest.raises(DataError, match="not table 2 of Galaxy Zoo CANDELS"):
        read_galaxy_zoo(path)
