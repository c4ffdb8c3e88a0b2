"""Parameters of before version 0.2 are still read, and what they are called now is said."""

import logging

from galopt.config.load import build_config, load_config


def test_old_names_in_a_file_and_in_overrides_are_read(tmp_path, caplog):
    file = tmp_path / "params.yaml"
    file.write_text(
        "augment: {copies: 1}\n"
        "network: {dense_spread: 0.02, convolutions: [{filters: 8, kernel: 6, spread: 0.3}]}\n"
    )
    with caplog.at_level(logging.INFO):
        config = load_config(file, "train.init_from=a.keras train.thaw=2")
    assert (config.augment.repeats, config.train.unfreeze) == (1, 2)
    assert config.network.dense_init_std == 0.02
    assert config.network.convolutions[0].init_std == 0.3
    assert "augment.copies is called augment.repeats now" in caplog.messages
    assert len(caplog.messages) == 4


def test_old_names_in_an_item_and_in_a_search_space_are_read():
    space = {"augment.copies": {"kind": "int", "low": 0, "high": 3}}
    config = build_config({"search": {"space": space}}, "network.convolutions.0.spread=0.2")
    assert list(config.search.space) == ["augment.repeats"]
    assert config.network.convolutions[0].init_std == 0.2


def test_todays_names_are_read_in_silence(caplog):
    with caplog.at_level(logging.INFO):
        build_config({"augment": {"repeats": 1}})
    assert not caplog.messages
