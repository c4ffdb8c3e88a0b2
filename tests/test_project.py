"""What those need who carry the project on: its files for them are what they say."""

import re
import tomllib

import pytest
import yaml
from helpers.project import PROJECT

RECIPES = ("Add a survey", "Add a layer", "Add a search parameter", "Add a section to the report")


def sections() -> dict[str, str]:
    text = (PROJECT / "CONTRIBUTING.md").read_text()
    return dict(part.split("\n", 1) for part in text.split("\n## ")[1:])


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_is_a_worked_example_whose_files_exist(recipe):
    text = sections()[recipe]
    assert max(block.count("\n") for block in text.split("```")[1::2]) <= 20
    named = {word for word in text.replace("`", " ").split() if word.endswith((".py", "/"))}
    for name in named - {"tiles/"}:
        assert (PROJECT / "galopt" / name).exists() or (PROJECT / name).exists(), name


def test_the_rooms_that_contributors_read_of_are_the_rooms_there_are():
    told = set(re.findall(r"`(\w+)/`", sections()["Where a change belongs"]))
    rooms = {folder.parent.name for folder in (PROJECT / "galopt").glob("*/__init__.py")}
    assert rooms <= told


def test_hosted_ci_only_calls_the_script_of_ci():
    workflow = yaml.safe_load((PROJECT / ".github/workflows/ci.yml").read_text())
    steps = workflow["jobs"]["all"]["steps"]
    assert steps[-1] == {"run": "bash .ci/run"}


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text())
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]
