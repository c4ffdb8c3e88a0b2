"""`galopt export`: a model as a file for programs without Keras."""

from pathlib import Path
from typing import Annotated

import typer

from galopt.cli.arguments import CHAMPION, Overwrite, Reference, open_network


def export(
    images: Annotated[
        list[str], typer.Argument(help="galaxies that the file is checked with: as for predict")
    ],
    model: Reference = CHAMPION,
    out: Annotated[Path, typer.Option(help="file to write: .onnx or .tflite")] = Path("model.onnx"),
    overwrite: Overwrite = False,
) -> None:
    """Write a model as ONNX or TFLite: stored stamps in, vote fractions out, in float32.

    The file is written only if ONNX Runtime or TFLite predicts from it what Keras predicts, to
    1e-5, of the images that are given (the first 64). ONNX needs the extra `onnx`.

    * `galopt export my_galaxies/ --model 3f2a91c0 --out galaxies.onnx`

    * `galopt export my_galaxies/ --out galaxies.tflite`
    """
    from galopt.data.imaging.bands import find_galaxies
    from galopt.errors import DataError
    from galopt.prediction.inputs import check_given

    if out.suffix not in (".onnx", ".tflite"):
        raise DataError(f"{out}: unknown format; choose .onnx or .tflite")
    if out.exists() and not overwrite:
        raise DataError(f"{out} exists; --overwrite replaces it")
    check_given(images, None, [])

    opened = open_network(model)
    from galopt.prediction.export import CHECKED, write_model  # after: loads Keras

    files = find_galaxies(images, opened.bands)
    stamps = opened.reader(files[:CHECKED], opened.stamps, opened.side, opened.bands)
    made = write_model(opened, stamps, out)
    print(
        f"{out}: {', '.join(opened.targets)}; of {len(stamps)} galaxies within "
        f"{made.difference:.0e} of Keras; {made.file_rate:.0f} galaxies per second, "
        f"Keras {made.keras_rate:.0f}"
    )
