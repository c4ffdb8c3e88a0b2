"""The schema that editors read."""

import json

import yaml
from helpers.project import PROJECT
from jsonschema import Draft202012Validator

from galopt.config import json_schema

FILE = PROJECT / "params.schema.json"


def errors(**stated) -> list[str]:
    validator = Draft202012Validator(json_schema.json_schema())
    return [error.message for error in validator.iter_errors(stated)]


def test_the_file_is_current():
    again = "write it again: uv run python -m galopt.config.json_schema"
    assert FILE.read_text() == json_schema.as_text(), again


def test_params_yaml_names_it_and_is_valid():
    text = (PROJECT / "params.yaml").read_text()
    assert text.startswith(f"# yaml-language-server: $schema={FILE.name}\n")
    assert not errors(**yaml.safe_load(text))


def test_every_preset_is_valid():
    for preset in (PROJECT / "galopt/config/presets").glob("*.yaml"):
        assert not errors(**yaml.safe_load(preset.read_text())), preset


def test_it_knows_keys_bounds_and_meanings():
    (unknown,) = errors(train={"epoch": 3})
    assert "'epoch' was unexpected" in unknown
    assert errors(train={"epochs": 0})
    assert not errors(train={"epochs": None})
    train = json.loads(FILE.read_text())["$defs"]["Train"]["properties"]
    assert train["epochs"]["description"]
