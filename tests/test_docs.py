"""What the documentation says by hand, held against what it speaks of."""

import re

import pytest
import yaml
from helpers.pages import DOCS
from helpers.project import PROJECT

from galopt.config.load import preset_names

ENTRY_POINTS = yaml.safe_load((PROJECT / "MLproject").read_text())["entry_points"]


@pytest.mark.parametrize("name", ["main", "search", "ensemble", "crossvalidate", "ablate"])
def test_the_commands_page_names_the_parameters_of_an_entry_point(name):
    page = (DOCS / "reference" / "commands.md").read_text()
    command = "uv run mlflow run . " + ("" if name == "main" else f"-e {name} ")
    row = next(line for line in page.splitlines() if line.startswith(f"| `{command}--env-manager"))
    assert set(re.findall(r"`(\w+)`", row)) == set(ENTRY_POINTS[name]["parameters"])


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
