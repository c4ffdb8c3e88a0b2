"""What is served is what was evaluated."""

import keras
import numpy as np
import pytest
from keras import layers

from galopt import serving
from galopt.augment import View
from galopt.config import Evaluate
from galopt.evaluation import predict_views

STAMPS = np.random.default_rng(0).integers(0, 255, (5, 32, 32)).astype(np.uint8)


def network(seed: int) -> keras.Model:
    stamps = keras.Input((32, 32), dtype="uint8")
    x = layers.Flatten()(View(16, 0.5, name="view")(stamps))
    start = keras.initializers.RandomNormal(seed=seed)
    return keras.Model(
        stamps, layers.Dense(2, "sigmoid", kernel_initializer=start, name="fractions")(x)
    )


@pytest.mark.parametrize("views", [Evaluate(), Evaluate(rotations=4, flip=True)])
def test_a_loaded_model_averages_its_networks_over_its_views(tmp_path, views):
    members = [network(1), network(2)]
    serving.save(members, ["spheroid", "disk"], views, tmp_path / "networks")
    loaded = serving._load_pyfunc(str(tmp_path / "networks"))
    expected = np.mean([predict_views(member, STAMPS, views)[0] for member in members], axis=0)
    for given in (STAMPS, {"stamps": STAMPS}):
        table = loaded.predict(given)
        assert list(table.columns) == ["spheroid", "disk"]
        np.testing.assert_allclose(table, expected, atol=1e-6)
