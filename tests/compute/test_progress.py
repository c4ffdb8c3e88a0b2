"""Signs of life, with and without a count, where there is no terminal."""

import logging
import time

import pytest

from galopt.compute import progress
from galopt.compute.progress import busy, progress_bar


@pytest.fixture
def said(caplog, monkeypatch):
    """Be impatient with silence; return what waits until so many messages were logged."""
    monkeypatch.setattr(progress, "SILENCE", 0.01)
    caplog.set_level(logging.INFO, "galopt")

    def wait(messages: int) -> list[str]:
        for _ in range(2000):
            if len(caplog.messages) >= messages:
                break
            time.sleep(0.01)
        return caplog.messages

    return wait


def test_a_step_is_a_message_and_says_how_long_it_takes(said):
    with busy("Opening MLflow"):
        first, *later = said(3)
    assert first == "Opening MLflow"
    assert later
    assert all(line.startswith("Opening MLflow (") for line in later)


def test_a_bar_that_cannot_be_drawn_is_told_while_it_lasts_and_not_after(said):
    with progress_bar() as bar:
        bar.add_task("1/3 trials, best 0.2000; epochs", total=12, completed=6)
        assert said(2)[1].startswith("1/3 trials, best 0.2000; epochs 6/12 elapsed 0:00:0")
    told = len(said(0))
    time.sleep(0.1)
    assert len(said(0)) == told


def test_nothing_is_repeated_while_other_messages_come(caplog):
    caplog.set_level(logging.INFO, "galopt")
    with progress_bar() as bar:
        bar.add_task("Training", total=2)
        before = bar._said.last
        logging.getLogger("galopt.training").info("epoch 1/2")
        assert bar._said.last > before
    assert caplog.messages == ["epoch 1/2"]


def test_a_warning_is_not_swallowed_in_a_script_that_has_no_log(monkeypatch, capsys):
    monkeypatch.setattr(logging.getLogger("galopt"), "propagate", False)  # pytest has a log
    with progress_bar(), busy("Training"):
        logging.getLogger("galopt.training").warning("galaxies are small")
    assert capsys.readouterr().err.count("galaxies are small") == 1
