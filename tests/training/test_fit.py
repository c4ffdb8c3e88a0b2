"""Configurations that do not suit a dataset."""

from dataclasses import replace

import pytest

from galopt.config.load import load_config
from galopt.errors import ConfigError
from galopt.training.train import check_fit

TREE = {"network.output": "tree", "network.tree": [{"answers": ["spheroid", "disk"]}]}


@pytest.mark.parametrize("overrides", [TREE, {"train.loss": "beta_binomial"}])
def test_what_counts_votes_needs_fractions_as_they_were_voted(blobs, overrides):
    config = load_config("params.yaml", overrides)
    with pytest.raises(ConfigError, match="survey.fractions: raw"):
        check_fit(config, blobs)
    check_fit(config, replace(blobs, info=blobs.info | {"fractions": "raw"}))


def test_a_tree_for_other_targets_is_refused(blobs):
    with pytest.raises(ConfigError, match="has 37 answers, but the survey has 2 targets"):
        check_fit(load_config("params.yaml", "network.preset=dieleman2015"), blobs)


def test_a_tree_whose_answers_stand_in_another_order_is_refused(blobs):
    other = TREE | {"network.tree": [{"answers": ["disk", "spheroid"]}]}
    with pytest.raises(ConfigError, match="answer disk stands where the survey has spheroid"):
        check_fit(load_config("params.yaml", other), blobs)


def test_the_paper_s_network_suits_any_dataset(blobs):
    check_fit(load_config("params.yaml"), blobs)
