"""What commands share: a wrong model is refused before anything heavy is loaded."""

import pytest

from galopt.cli.arguments import open_network
from galopt.compute import keras_startup
from galopt.errors import GaloptError


@pytest.mark.parametrize(
    ("reference", "message"),
    [("gone.keras", "gone.keras: no such file"), ("3f2a", "no runs here")],
)
def test_a_model_that_is_not_there_is_refused_before_keras_starts(
    reference, message, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(keras_startup, "start_keras", lambda: pytest.fail("started"))
    with pytest.raises(GaloptError, match=message):
        open_network(reference)
