"""A trained model as one ONNX file, for programs that have neither Keras nor galopt."""

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from galopt.errors import GaloptError
from galopt.files import atomic_file
from galopt.networks.build import targets_of
from galopt.networks.inference import as_input, transforms
from galopt.prediction.model import MorphologyModel

TOLERANCE = 1e-5
"""Largest difference of a fraction from what Keras predicts in float32."""

CHECKED = 64
"""Stamps that a file is checked with, at most."""


@dataclass(frozen=True)
class Exported:
    """What was found when a file was checked.

    Attributes
    ----------
    difference : float
        Largest difference of a fraction from Keras', float32.
    keras_rate, onnx_rate : float
        Galaxies per second, of the model in Keras and of the file in ONNX Runtime.
    """

    difference: float
    keras_rate: float
    onnx_rate: float


def export_onnx(model: MorphologyModel, stamps: NDArray[np.uint8], path: Path) -> Exported:
    """Write a model as ONNX: stored stamps in, averaged vote fractions out, all in float32.

    Networks in half precision are turned to float32, since their operations in bfloat16 are
    unknown to ONNX Runtime.

    Parameters
    ----------
    model : MorphologyModel
        Its networks and views are averaged inside the file.
    stamps : array, shape (N, S, S, C), uint8
        Stored stamps that the file is checked with before it takes its place.
    path : path
        Receives the file; its metadata name the targets and the stretch.

    Returns
    -------
    Exported

    Raises
    ------
    GaloptError
        The file does not predict what Keras does.
    """
    import onnx  # here: of the extra `onnx`
    import onnxruntime

    whole = averaged_network(model)
    batch = as_input(model.networks[0], np.array(stamps[:CHECKED]))
    expected, keras_rate = _timed(whole.predict_on_batch, batch)
    with atomic_file(path) as temporary, tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "model.onnx"
        whole.export(made, format="onnx", verbose=False)
        graph = onnx.load(made)
        onnx.helper.set_model_props(graph, _about(model))
        onnx.save(graph, temporary)
        session = onnxruntime.InferenceSession(temporary, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        found, onnx_rate = _timed(lambda x: session.run(None, {name: x})[0], batch)
        difference = float(np.abs(found - expected).max())
        if not difference <= TOLERANCE:
            raise GaloptError(
                f"{path}: ONNX Runtime differs from Keras by {difference:.1g} in a fraction, more "
                f"than {TOLERANCE:g}; nothing is written"
            )
    return Exported(difference, keras_rate, onnx_rate)


def averaged_network(model: MorphologyModel) -> keras.Model:
    """Return the average of a model's networks and views as one Keras network, float32."""
    stamps = keras.Input(model.networks[0].input_shape[1:], dtype="uint8", name="stamps")
    seen = []
    for network in map(_float32, model.networks):
        view = network.get_layer("view")
        behind = keras.Model(view.output, network.output)
        for angle, zoom, mirror in transforms(model.views):
            turned = _Turned(view, float(angle), float(zoom), float(mirror))(stamps)
            seen.append(behind(turned)[:, : targets_of(network)])
    fractions = ops.mean(ops.stack(seen), axis=0) if len(seen) > 1 else seen[0]
    return keras.Model(stamps, fractions, name="galopt")


class _Turned(keras.layers.Layer):
    """One view of each stamp."""

    def __init__(self, view: Any, angle: float, zoom: float, mirror: float) -> None:
        super().__init__(dtype="float32")
        self.view, self.turn = view, (angle, zoom, mirror)

    def call(self, stamps: Any) -> Any:
        angle, zoom, mirror = self.turn
        return self.view.resample(stamps, angle, zoom, mirror=mirror)

    def compute_output_spec(self, stamps: Any) -> Any:
        return self.view.compute_output_spec(stamps)


def _float32(network: keras.Model) -> keras.Model:
    """Return a copy of a network whose layers compute in float32."""

    def copy(layer: Any) -> Any:
        return layer.__class__.from_config(layer.get_config() | {"dtype": "float32"})

    def unless_input(layer: Any) -> Any:
        return layer if isinstance(layer, keras.layers.InputLayer) else copy(layer)

    made = keras.models.clone_model(network, clone_function=unless_input)
    made.set_weights(network.get_weights())
    return made


def _about(model: MorphologyModel) -> dict[str, str]:
    return {
        "targets": json.dumps(model.targets),
        "stamps": model.stamps.model_dump_json(),
        "input": f"stored stamps {('N', *model.networks[0].input_shape[1:])}, uint8",
        "output": "vote fractions (N, targets), float32, 0 to 1",
    } | model.origin


def _timed(
    predict: Callable[[NDArray[np.uint8]], Any], stamps: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], float]:
    """Return predictions and galaxies per second, the second time: the first one compiles."""
    predict(stamps)
    start = time.perf_counter()
    made = np.asarray(predict(stamps))
    return made, len(stamps) / (time.perf_counter() - start)
