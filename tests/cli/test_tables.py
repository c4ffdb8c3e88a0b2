"""Tables for the terminal and to take away."""

import pandas as pd
import pytest

from galopt.cli import tables


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {"id": ["ab[1]"], "name": ["a & b_c"], "test_rmse": [0.15], "floor": [float("nan")]}
    )


def test_terminal_shows_four_decimals_and_no_nan(table, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    tables.show(table, spare=["name"])
    shown = capsys.readouterr().out
    assert "0.1500" in shown
    assert "nan" not in shown
    assert "ab[1]" in shown
    assert "a & b_c" in shown


def test_narrow_terminal_does_without_the_spare_columns(table, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    tables.show(table, spare=["name"])
    assert "a & b_c" not in capsys.readouterr().out


def test_a_long_name_is_cut_so_that_each_row_is_one_line(table, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    tables.show(table.assign(name="a long name " * 9), cut="name")
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 3
    assert "a long name" in shown[2]
    assert "…" in shown[2]
    assert max(map(len, shown)) <= 60


def test_csv_keeps_every_digit_and_latex_is_escaped(tmp_path, table):
    table["test_rmse"] = 0.123456789
    tables.save(table, tmp_path / "t.csv", tmp_path / "t.tex")
    assert pd.read_csv(tmp_path / "t.csv")["test_rmse"][0] == 0.123456789
    latex = (tmp_path / "t.tex").read_text()
    assert r"a \& b\_c" in latex
    assert "{llrr}" in latex
    assert "0.1235" in latex


def test_nothing_asked_writes_nothing(tmp_path, table):
    tables.save(table, None, None)
    assert not list(tmp_path.iterdir())
