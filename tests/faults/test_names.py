"""Names from outside: escaped wherever they are shown, or refused at the door."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.galaxies import paint
from markupsafe import escape
from PIL import Image

from galopt.cli import tables
from galopt.config.load import build_config
from galopt.data import dataset
from galopt.data.names import check_names, plain_name
from galopt.data.quality import check_dataset
from galopt.data.rescale import build_dataset
from galopt.data.stamps import make_stamps
from galopt.data.survey import make_survey
from galopt.errors import DataError, command_line, printable
from galopt.evaluation.evaluate import score
from galopt.evaluation.second_look import second_look
from galopt.prediction.inputs import read_catalogue, stamps_in
from galopt.report import model_card
from galopt.report import second_look as second_look_page
from galopt.report.quality import page as quality_page

SHOWN = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "[red]alarm[/red]",
    "[/]",
    r"\textbf{a}_&%#",
    r"$\frac{1}$",
    "{{ 7 * 7 }}",
    "Zoë 銀河 №1",
    "+53.1-27.8",
    "a;b",
)
"""Allowed, and to be escaped."""

REFUSED = {
    "\x1b[31mred": "cannot be printed",
    "two\nlines": "cannot be printed",
    "tab\there": "cannot be printed",
    "right\u202eleft": "cannot be printed",
    "=cmd|' /C calc'!A0": "begins as a formula",
    "@SUM(A1)": "begins as a formula",
    "-2+3+cmd|' /C calc'!A0": "begins as a formula",
    "+A1": "begins as a formula",
    "x" * 201: "201 characters",
}
TARGETS = ["spheroid", "disk"]


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> tuple[Path, dataset.Dataset]:
    """Return a dataset of galaxies that are called so, made from a folder that is, too."""
    data = tmp_path_factory.mktemp("names")
    mine = data / "<i>mine</i>".replace("/", "|")
    mine.mkdir()
    rows = []
    for number in range(40):
        name = SHOWN[number % len(SHOWN)] + str(number // len(SHOWN))
        file = name.replace("/", "|") + ".png"
        Image.fromarray(paint(1 + number / 40, 8)).save(mine / file)
        rows.append({"id": name, "file": file, "spheroid": number / 40, "disk": 1 - number / 40})
    pd.DataFrame(rows).to_csv(mine / "votes.csv", index=False)
    config = build_config(
        {"survey": {"source": "folder", "folder": {"path": str(mine)}}}, {"rescale.test": 0.4}
    )
    make_survey(config, data / "survey")
    make_stamps(config, data / "survey", data)
    return data, build_dataset(config, data, data / "dataset")


def test_ids_survive_and_pages_escape_them(shown):
    data, built = shown
    assert len(built.catalog) == 40
    assert {name + "0" for name in SHOWN} <= set(built.catalog["id"])
    test = built.split("test")
    evaluation = score(built, test, np.full_like(test.fractions, 0.5))
    table = second_look(test, TARGETS, evaluation.predicted, np.full_like(test.fractions, 0.1))
    pages = [
        quality_page.page(check_dataset(built, data), data / "survey"),
        second_look_page.page(table, evaluation, built),
    ]
    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<i>mine" not in page
    assert all(str(escape(name)) in pages[1] for name in test.catalog["id"])
    assert "_i_mine" in model_card.card("a", built, evaluation)


def test_terminal_tables_show_them_as_they_are(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", "200")
    table = pd.DataFrame({"id": [*SHOWN, *REFUSED]})
    tables.show(table, cut="id")
    printed = capsys.readouterr().out
    assert all(name in printed for name in SHOWN)
    assert "\x1b[31m" not in printed
    tables.save(table, tmp_path / "a.csv", tmp_path / "a.tex")
    cells = pd.read_csv(tmp_path / "a.csv")["id"]
    assert not cells.str.match("[=@+-]").any()
    assert r"\$\textbackslash frac\{1\}\$" in (tmp_path / "a.tex").read_text()


@pytest.mark.parametrize("name", REFUSED)
def test_others_are_refused_at_every_door(name, tmp_path):
    path = tmp_path / "votes.csv"
    pd.DataFrame({"id": [name], "ra": 1.0, "dec": 2.0}).to_csv(path, index=False)
    with pytest.raises(DataError, match=REFUSED[name]):
        read_catalogue(path)
    if len(name) <= 200:
        with pytest.raises(DataError, match=REFUSED[name]):
            stamps_in([Path(name + ".jpg")])
    Image.fromarray(paint(1.5, 8)).save(tmp_path / "g.png")
    table = pd.DataFrame({"id": [name, "g"], "file": "g.png", "a": 0.4, "b": 0.6})
    table.to_csv(path, index=False)
    config = build_config({"survey": {"source": "folder", "folder": {"path": str(tmp_path)}}})
    with pytest.raises(DataError, match=REFUSED[name]):
        make_survey(config, tmp_path / "survey")
    renamed = table.assign(id=["h", "g"]).rename(columns={"a": name})
    renamed.to_csv(path, index=False)
    with pytest.raises(DataError, match="target"):
        make_survey(config, tmp_path / "survey")


def test_names_are_refused_or_made_plain():
    check_names(SHOWN, "the id")
    assert plain_name("[x](javascript:1) <b>") == "_x__javascript_1_ _b_"


def test_a_message_colours_nothing(capsys):
    with pytest.raises(SystemExit), command_line():
        raise DataError("no column \x1b[31mred")
    assert capsys.readouterr().err == "galopt: no column \\x1b[31mred\n"
    assert printable("Zoë\tπ") == "Zoë\tπ"
