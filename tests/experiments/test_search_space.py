"""The searched space: what it accepts, what it makes of a trial's values."""

import optuna
import pytest
from optuna.trial import FixedTrial

from galopt.config.describe import describe
from galopt.config.load import build_config, flatten, load_config, load_run_config, read_preset
from galopt.errors import ConfigError
from galopt.experiments.search.space import Space

RATE = {"kind": "float", "low": 1e-4, "high": 1e-2, "log": True}


def space(ranges: dict, **stated: dict) -> Space:
    return Space(build_config(stated | {"search": {"space": ranges}}))


def default() -> Space:
    return Space(load_config("params.yaml"))


def test_the_default_space_holds_the_papers_network_and_gives_it_back():
    searched = default()
    paper = build_config(read_preset("ignat2016"))
    values = searched.values(load_config("params.yaml"))
    assert searched.configure(values).network == paper.network


def test_every_random_trial_of_the_default_space_is_a_valid_configuration():
    searched = default()
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    layers = set()
    for _ in range(50):
        values = searched.suggest(study.ask())
        config = searched.configure(values)
        layers.add((len(config.network.convolutions), len(config.network.dense)))
        assert ("train.warm_up" in values) == (config.train.schedule == "cosine")
        assert searched.values(config) == pytest.approx(values)
    assert len(layers) > 4


def test_a_count_cuts_a_list_or_repeats_its_last_item():
    searched = space(
        {
            "network.dense.count": {"kind": "int", "low": 1, "high": 3},
            "network.dense.2": {"kind": "int", "low": 8, "high": 512},
        }
    )
    assert searched.configure({"network.dense.count": 1}).network.dense == [2048]
    longer = searched.suggest(FixedTrial({"network.dense.count": 3, "network.dense.2": 16}))
    assert searched.configure(longer).network.dense == [2048, 2048, 16]
    shorter = searched.suggest(FixedTrial({"network.dense.count": 2, "network.dense.2": 16}))
    assert shorter == {"network.dense.count": 2}


def test_a_condition_decides_whether_a_parameter_exists():
    searched = space(
        {
            "train.optimizer": {"kind": "categorical", "choices": ["adam", "adamw"]},
            "train.weight_decay": RATE | {"when": {"train.optimizer": "adamw"}},
        }
    )
    assert searched.suggest(FixedTrial({"train.optimizer": "adam"})) == {"train.optimizer": "adam"}
    both = {"train.optimizer": "adamw", "train.weight_decay": 0.001}
    assert searched.suggest(FixedTrial(both)) == both


def test_conditions_may_be_stated_in_any_order_but_not_in_a_circle():
    either = {"kind": "categorical", "choices": ["adam", "sgd"]}
    searched = space(
        {
            "network.dense.1": {"kind": "int", "low": 8, "high": 512},
            "network.dense.count": {"kind": "int", "low": 1, "high": 2},
        }
    )
    assert list(searched.parameters) == ["network.dense.count", "network.dense.1"]
    with pytest.raises(ConfigError, match="go in a circle"):
        space(
            {
                "train.optimizer": either | {"when": {"train.schedule": "cosine"}},
                "train.schedule": either | {"when": {"train.optimizer": "sgd"}},
            }
        )


def test_a_configuration_outside_the_space_has_no_values():
    searched = space({"train.learning_rate": RATE | {"high": 5e-4}})
    assert searched.values(searched.config) is None


@pytest.mark.parametrize(
    ("ranges", "words"),
    [
        ({}, ["search.space is empty"]),
        ({"train.learning_rat": RATE}, ["train.learning_rat=", "did you mean train.learning_rate"]),
        ({"train.learning_rate": RATE | {"low": 0.1}}, ["low 0.1 is above high 0.01"]),
        ({"train.learning_rate": RATE | {"low": 0}}, ["train.learning_rate", "log of low 0"]),
        (
            {"train.learning_rate": RATE | {"high": 7}},
            ["search.space.train.learning_rate=7.0", "less than"],
        ),
        ({"train.learning_rate": RATE | {"hight": 7}}, ["hight"]),
        ({"train.learning_rate": {"kind": "flaot"}}, ["flaot", "'categorical'"]),
        ({"train.learning_rate": {"kind": "float"}}, ["takes low and high"]),
        ({"train.loss": {"kind": "categorical"}}, ["takes choices"]),
        ({"train.loss": {"kind": "categorical", "choices": ["mae"]}}, ["train.loss='mae'", "mse"]),
        ({"train.epochs": {"kind": "int", "low": 1.5, "high": 3}}, ["whole low, high and step"]),
        ({"stamps.quality": {"kind": "int", "low": 60, "high": 90}}, ["dataset is the same"]),
        ({"network.dense.2": {"kind": "int", "low": 8, "high": 9}}, ["network.dense.2=8"]),
        ({"train.epochs.count": {"kind": "int", "low": 1, "high": 3}}, ["not a list"]),
        (
            {"train.warm_up": RATE | {"when": {"train.schedule": "cosine"}}},
            ["train.warm_up.when", "train.schedule is not in search.space"],
        ),
    ],
)
def test_a_bad_space_is_one_clear_line(ranges, words):
    with pytest.raises(ConfigError) as caught:
        space(ranges)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("search", "words"),
    [
        ({"trials": 0}, "search.trials=0"),
        ({"sampler": {"kind": "magic"}}, "search.sampler.kind='magic'"),
        ({"study": "a/b"}, "search.study='a/b'"),
        ({"objectives": ["flops"]}, "objectives: val_rmse or"),
        ({"objectives": ["val_rmse", "flops"]}, "set search.pruner.kind to none"),
    ],
)
def test_bad_settings_of_the_search_are_named(search, words):
    with pytest.raises(ConfigError, match=words.replace(".", r"\.")):
        build_config({"search": search})


def test_the_search_is_described_but_is_no_parameter_of_a_run():
    config = load_config("params.yaml")
    assert "network.convolutions.count: {kind: int" in describe(config)
    assert not any(key.startswith("search") for key in flatten(config))
    with pytest.raises(ConfigError, match="not a parameter of a run"):
        load_run_config("search.trials=3")
