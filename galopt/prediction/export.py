"""A trained model as one file of ONNX or TFLite, for programs without Keras and galopt."""

import json
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from galopt.compute.keras_startup import without_notes
from galopt.errors import GaloptError
from galopt.files import atomic_file
from galopt.networks.build import targets_of
from galopt.networks.inference import as_input, transforms
from galopt.prediction.model import MorphologyModel

TOLERANCE = 1e-5
"""Largest difference of a fraction from what Keras predicts in float32."""

CHECKED = 64
"""Stamps that a file is checked with, at most."""

Predict = Callable[[NDArray[np.uint8]], Any]
"""Returns the fractions of stamps."""


@dataclass(frozen=True)
class Exported:
    """What was found when a file was checked.

    Attributes
    ----------
    difference : float
        Largest difference of a fraction from Keras', float32.
    keras_rate, file_rate : float
        Galaxies per second, of the model in Keras and of the file in its runtime.
    """

    difference: float
    keras_rate: float
    file_rate: float


def write_model(model: MorphologyModel, stamps: NDArray[np.uint8], path: Path) -> Exported:
    """Write a model as ONNX or TFLite: stored stamps in, averaged vote fractions out, in float32.

    Networks in half precision are turned to float32, since these runtimes do not know their
    operations in bfloat16.

    Parameters
    ----------
    model : MorphologyModel
        Its networks and views are averaged inside the file.
    stamps : array, shape (N, S, S, C), uint8
        Stored stamps that the file is checked with before it takes its place.
    path : path
        Receives the file, of the format that its name ends with. The metadata of ONNX name the
        targets and the stretch.

    Returns
    -------
    Exported

    Raises
    ------
    GaloptError
        The format is unknown, or the file does not predict what Keras does.
    """
    if path.suffix not in FORMATS:
        raise GaloptError(f"{path}: unknown format; choose {' or '.join(FORMATS)}")
    runtime, write, run = FORMATS[path.suffix]
    whole = averaged_network(model)
    batch = as_input(model.networks[0], np.array(stamps[:CHECKED]))
    expected, keras_rate = _timed(whole.predict_on_batch, batch)
    with atomic_file(path) as temporary, without_notes(), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of what Keras writes ONNX with
        warnings.simplefilter("ignore", UserWarning)  # TensorFlow's interpreter is LiteRT's now
        write(whole, model, temporary)
        found, file_rate = _timed(run(temporary, batch), batch)
        difference = float(np.abs(found - expected).max())
        if not difference <= TOLERANCE:
            raise GaloptError(
                f"{path}: {runtime} differs from Keras by {difference:.1g} in a fraction, more "
                f"than {TOLERANCE:g}; nothing is written"
            )
    return Exported(difference, keras_rate, file_rate)


def _write_onnx(whole: keras.Model, model: MorphologyModel, path: Path) -> None:
    import onnx  # here: of the extra `onnx`

    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "model.onnx"
        whole.export(made, format="onnx", verbose=False)
        graph = onnx.load(made)
    onnx.helper.set_model_props(graph, _about(model))
    onnx.save(graph, path)


def _run_onnx(path: Path, batch: NDArray[np.uint8]) -> Predict:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda stamps: session.run(None, {name: stamps})[0]


def _write_tflite(whole: keras.Model, model: MorphologyModel, path: Path) -> None:
    import tensorflow as tf  # here: loads in seconds

    with tempfile.TemporaryDirectory() as folder:
        whole.export(folder, verbose=False)
        path.write_bytes(tf.lite.TFLiteConverter.from_saved_model(folder).convert())


def _run_tflite(path: Path, batch: NDArray[np.uint8]) -> Predict:
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(model_content=path.read_bytes())
    given, made = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    interpreter.resize_tensor_input(given["index"], batch.shape)
    interpreter.allocate_tensors()

    def predict(stamps: NDArray[np.uint8]) -> NDArray[np.float32]:
        interpreter.set_tensor(given["index"], stamps)
        interpreter.invoke()
        return interpreter.get_tensor(made["index"])

    return predict


FORMATS = {
    ".onnx": ("ONNX Runtime", _write_onnx, _run_onnx),
    ".tflite": ("TFLite", _write_tflite, _run_tflite),
}
"""Of each ending: what runs the file, what writes it, and what opens it for a batch."""


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


def _timed(predict: Predict, stamps: NDArray[np.uint8]) -> tuple[NDArray[np.float32], float]:
    """Return predictions and galaxies per second, the second time: the first one compiles."""
    predict(stamps)
    start = time.perf_counter()
    made = np.asarray(predict(stamps))
    return made, len(stamps) / (time.perf_counter() - start)
