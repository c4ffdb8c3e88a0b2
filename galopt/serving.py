"""The model that MLflow serves: stamps in, named vote fractions out."""

from typing import Any

import mlflow
import numpy as np
import pandas as pd


class VoteFractions(mlflow.pyfunc.PythonModel):
    """The average of one or several networks."""

    def load_context(self, context: Any) -> None:
        """Load the networks."""
        import keras

        import galopt.augment  # noqa: F401  registers the layers of the saved networks

        paths = sorted(context.artifacts.items())
        self.networks = [keras.saving.load_model(path, compile=False) for _, path in paths]
        self.targets = context.model_config.get("targets")

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        """Return a table of vote fractions of stamps, shape (N, S, S), uint8."""
        from galopt.evaluation import predict

        stamps = model_input["stamps"] if isinstance(model_input, dict) else model_input
        stamps = np.asarray(stamps, np.uint8)
        fractions = np.mean([predict(network, stamps) for network in self.networks], axis=0)
        return pd.DataFrame(fractions, columns=self.targets)


mlflow.models.set_model(VoteFractions())
