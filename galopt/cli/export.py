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
    out: Annotated[Path, typer.Option(help="the file to write: .onnx")] = Path("model.onnx"),
    overwrite: Overwrite = False,
) -> None:
    """Write a model as ONNX: stored stamps in, vote fractions out, in float32.

    The file is written only if ONNX Runtime predicts from it what Keras predicts, to 1e-5, of
    the images that are given (the first 64). It needs the extra `onnx`.

    * `galopt export my_galaxies/ --model 3f2a91c0 --out galaxies.onnx`
    """
    from galopt.data.imaging.bands import find_galaxies
    from galopt.errors import DataError

    if out.suffix != ".onnx":
        raise DataError(f"{out}: unknown format; choose .onnx")
    if out.exists() and not overwrite:
        raise DataError(f"{out} exists; --overwrite replaces it")

    from galopt.prediction.export import CHECKED, export_onnx  # here: loads Keras

    opened = open_network(model)
    files = find_galaxies(images, opened.bands)
    stamps = opened.reader(files[:CHECKED], opened.stamps, opened.side, opened.bands)
    made = export_onnx(opened, stamps, out)
    print(
        f"{out}: {', '.join(opened.targets)}; of {len(stamps)} galaxies within "
        f"{made.difference:.0e} of Keras; {made.onnx_rate:.0f} galaxies per second, "
        f"Keras {made.keras_rate:.0f}"
    )
