"""The page of galaxies whose votes are worth a second look."""

import base64
import io

import numpy as np
import pandas as pd
from PIL import Image

from galopt.data.dataset import Dataset
from galopt.data.imaging.composite import composite
from galopt.evaluation.evaluate import Evaluation
from galopt.report.html import templates

SHOWN = 60


def page(table: pd.DataFrame, evaluation: Evaluation, dataset: Dataset) -> str:
    """Return a self-contained HTML page of the most contradicted galaxies.

    Parameters
    ----------
    table : DataFrame
        `galopt.evaluation.second_look.second_look`.
    evaluation : Evaluation
        Of the same galaxies, by networks that were not trained on them.
    dataset : Dataset
    """
    cards = []
    for row, galaxy in table.head(SHOWN).iterrows():
        place = int(str(row))
        fractions = zip(
            dataset.targets,
            evaluation.split.fractions[place],
            evaluation.predicted[place],
            strict=True,
        )
        picture = _picture(evaluation.split.images[place], dataset.bands)
        cards.append({"galaxy": galaxy, "picture": picture, "fractions": list(fractions)})
    return (
        templates()
        .get_template("second_look.html.j2")
        .render(cards=cards, info=dataset.info, galaxies=len(table))
    )


def _picture(stamp: np.ndarray, bands: list[str]) -> str:
    """Return a stamp, in colour where it has bands, as a data URI."""
    file = io.BytesIO()
    Image.fromarray(composite(np.asarray(stamp), bands)).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
