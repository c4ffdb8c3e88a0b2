"""Parameters as text to read."""

import yaml

from galopt.config import Config
from galopt.config.describe import describe
from galopt.config.load import load_config


def test_described_parameters_read_back_to_the_same_configuration():
    config = load_config("params.yaml", "augment.brightness=0.5")
    text = describe(config)
    assert Config.model_validate(yaml.safe_load(text)) == config
    assert "step size, at its highest (> 0, <= 1)" in text
    assert all("#" in line for line in text.splitlines())
