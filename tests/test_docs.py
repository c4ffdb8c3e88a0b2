"""What the documentation says by hand, held against what it speaks of."""

import re
import runpy
import shutil
import sys

import pytest
import yaml
from helpers.pages import DOCS, blocks
from helpers.project import PROJECT

from galopt.config.load import load_config, preset_names

ENTRY_POINTS = yaml.safe_load((PROJECT / "MLproject").read_text())["entry_points"]


@pytest.mark.parametrize("name", ["main", "search", "ensemble", "crossvalidate", "ablate"])
def test_the_commands_page_names_the_parameters_of_an_entry_point(name):
    page = (DOCS / "reference" / "commands.md").read_text()
    command = "uv run mlflow run . " + ("" if name == "main" else f"-e {name} ")
    row = next(line for line in page.splitlines() if line.startswith(f"| `{command}--env-manager"))
    assert set(re.findall(r"`(\w+)`", row)) == set(ENTRY_POINTS[name]["parameters"])


def test_what_own_galaxies_change_in_params_yaml_is_there(tmp_path):
    page = "how-to/own-galaxies.md"
    (diff,) = (block.text for block in blocks(page) if block.language == "diff")
    lines = (PROJECT / "params.yaml").read_text().splitlines()
    for old, new in re.findall(r"^-(.*)\n\+(.*)$", diff, re.MULTILINE):
        (place,) = (n for n, line in enumerate(lines) if line.split("#")[0].rstrip() == old)
        lines[place] = new
    (tmp_path / "params.yaml").write_text("\n".join(lines))
    config = load_config(tmp_path / "params.yaml")
    survey = config.survey
    assert (survey.source, survey.folder.path) == ("folder", "/home/me/my_galaxies")
    assert f"as `params.yaml` says ({config.train.epochs})" in (DOCS / page).read_text()


def test_the_parameters_page_names_every_preset():
    page = (DOCS / "reference" / "parameters.md").read_text()
    assert set(preset_names()) <= set(re.findall(r"`(\w+)`", page))


def test_every_picture_is_shown_and_every_shown_picture_is_there():
    pages = [PROJECT / "README.md", *DOCS.rglob("*.md")]
    shown = {
        (page.parent / image).resolve()
        for page in pages
        for image in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page.read_text())
    }
    assert shown == {image.resolve() for image in (DOCS / "images").iterdir()}


def test_the_tables_of_results_are_those_of_the_kept_runs(tmp_path, monkeypatch):
    (tmp_path / "docs" / "explanation").mkdir(parents=True)
    files = ["README.md", "docs/results.py", "docs/results.json", "docs/explanation/results.md"]
    for file in files:
        shutil.copy(PROJECT / file, tmp_path / file)
    monkeypatch.setattr(sys, "argv", ["results.py"])
    runpy.run_path(str(tmp_path / "docs" / "results.py"), run_name="__main__")
    for file in files:
        assert (tmp_path / file).read_text() == (PROJECT / file).read_text(), file
