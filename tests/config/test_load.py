"""Reading parameters: layers of defaults, errors that teach."""

import pytest

from galopt.config.load import (
    build_config,
    change_config,
    flatten,
    load_config,
    load_run_config,
    preset_names,
    unflatten,
)
from galopt.errors import ConfigError


def test_shipped_params_are_the_papers_network():
    config = load_config("params.yaml")
    assert config.network.preset == "ignat2016"
    assert [layer.filters for layer in config.network.convolutions] == [32, 64, 128, 128]
    assert config.train.learning_rate == 0.001
    assert config.augment.brightness == 0


def test_stated_values_win_over_the_preset_and_overrides_over_both():
    stated = {"network": {"preset": "ignat2016", "dropout": 0.3}, "train": {"epochs": 7}}
    config = build_config(stated, "train.epochs=2 network.convolutions.0.filters=16")
    assert config.network.dropout == 0.3
    assert config.train.epochs == 2
    assert config.network.convolutions[0].filters == 16
    assert config.network.convolutions[1].filters == 64


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("train.epoch=3", ["train.epoch=3", "no such parameter", "did you mean train.epochs"]),
        ("bogus=1", ["bogus=1", "no such parameter", "Valid sections: survey"]),
        ("tran.epochs=1", ["tran={'epochs': 1}", "did you mean train?"]),
        ("network.dense=[256, 8]", ["'[256,' is not a value", "without spaces"]),
        ("network.output=tree", ["network: network.output=tree and the questions"]),
        ("train.epochs=-1", ["train.epochs=-1", "greater than or equal to 1"]),
        ("train.learning_rate=abc", ["train.learning_rate='abc'", "number"]),
        ("train.learning_rate=.nan", ["train.learning_rate", "finite"]),
        ("network.preset=nonsense", ["nonsense", "ignat2016"]),
        ("network.convolutions.9.filters=2", ["network.convolutions.9.filters=2"]),
        ("train.epochs.deeper=2", ["train.epochs.deeper=2"]),
        ("train=3", ["train=3"]),
        ("train.epochs", ["'train.epochs'", "key=value"]),
        ("augment.zoom=2", ["past the edge", "augment.zoom"]),
        ("stamps.black=600", ["stamps.black", "stamps.white"]),
    ],
)
def test_bad_overrides_name_the_key_the_value_and_what_is_allowed(override, words):
    with pytest.raises(ConfigError) as caught:
        load_config("params.yaml", override)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message


def test_a_run_may_not_override_the_dataset():
    with pytest.raises(ConfigError, match="dataset is made as params.yaml says"):
        load_run_config("survey.simulate.galaxies=5")
    assert load_run_config("train.epochs=5").train.epochs == 5


@pytest.mark.parametrize("text", ["train: [", "- 1\n- 2", "train: 7", "network: modern"])
def test_a_file_that_is_no_configuration_is_refused(tmp_path, text):
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError):
        load_config(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="absent.yaml"):
        load_config(tmp_path / "absent.yaml")


def test_flattened_keys_are_valid_overrides():
    config = load_config("params.yaml")
    flat = flatten(config)
    assert flat["train.learning_rate"] == 0.001
    assert flat["network.convolutions.3.init_std"] == 0.1
    assert flatten(build_config({}, flat)) == flat


def test_an_override_inside_a_list_leaves_the_list_that_was_given_alone():
    given = {"network.convolutions": [{"filters": 4, "kernel": 6}]}
    build_config({}, given | {"network.convolutions.0.filters": 5})
    assert given["network.convolutions"][0]["filters"] == 4


def test_another_preset_is_refused_where_a_configuration_is_changed():
    config = load_config("params.yaml")
    assert change_config(config, "network.preset=ignat2016 train.epochs=3").train.epochs == 3
    with pytest.raises(ConfigError, match="'modern': a run has one preset, here ignat2016"):
        change_config(config, "network.preset=modern")


def test_stated_variants_stand_in_place_of_the_preset_s():
    stated = {"network": {"preset": "modern"}, "ensemble": {"variants": {"mine": ""}}}
    assert list(build_config(stated).ensemble.variants) == ["mine"]


@pytest.mark.parametrize("preset", preset_names())
def test_a_configuration_is_read_back_from_its_logged_texts(preset):
    config = load_config("params.yaml", {"network.preset": preset, "train.learning_rate": 1e-5})
    texts = {key: str(value) for key, value in flatten(config).items()}
    assert flatten(unflatten(texts | {"preset": "params.yaml"})) == flatten(config)


def test_null_leaves_a_parameter_to_the_preset_and_means_null_where_that_is_a_value(tmp_path):
    file = tmp_path / "params.yaml"
    file.write_text(
        "network: {preset: modern, dropout: null}\n"
        "train: {learning_rate: null, batch_size: null, galaxies: null}\n"
        "survey: {folder: {path: null}}\n"
    )
    config, preset = load_config(file), load_config(None, "network.preset=modern")
    assert config == preset
    assert load_config(file, "train.learning_rate=0.01").train.learning_rate == 0.01
    file.write_text("train: {learning_rates: null}")
    with pytest.raises(ConfigError, match="no such parameter"):
        load_config(file)
