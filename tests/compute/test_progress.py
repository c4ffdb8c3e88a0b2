"""Signs of life of what has no count."""

import logging

from galopt.compute.progress import busy


def test_a_step_is_a_message_where_there_is_no_terminal(caplog):
    with caplog.at_level(logging.INFO, "galopt"), busy("Opening MLflow"):
        pass
    assert caplog.messages == ["Opening MLflow"]
