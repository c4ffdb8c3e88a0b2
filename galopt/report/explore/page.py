"""The page itself: everything that it needs is inside."""

import base64
from typing import Any

import matplotlib as mpl
import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.decomposition import PCA

from galopt.report.explore.survey import Column, Explored
from galopt.report.explore.thumbnails import PER_ROW, PER_SHEET
from galopt.report.html import templates


def page(explored: Explored, title: str, about: str) -> str:
    """Return a self-contained HTML page.

    Parameters
    ----------
    explored : Explored
    title : str
        What galaxies they are.
    about : str
        Through which model they are seen.
    """
    components = PCA(2, random_state=0)
    places = components.fit_transform(explored.features)
    data = {
        "ids": explored.ids,
        "targets": [target.replace("_", " ") for target in explored.targets],
        "x": _packed(places[:, 0], "<f4"),
        "y": _packed(places[:, 1], "<f4"),
        "columns": [_column(column) for column in explored.columns],
        "near": _packed(explored.near, "<u4"),
        "perGalaxy": explored.near.shape[1],
        "sheets": explored.sheets.packed(),
        "side": explored.sheets.side,
        "perRow": PER_ROW,
        "perSheet": PER_SHEET,
        "palette": _packed(_palette(), "u1"),
    }
    return (
        templates()
        .get_template("explore.html.j2")
        .render(
            data=data,
            title=title,
            about=about,
            galaxies=len(explored.ids),
            columns=[column.name for column in explored.columns],
            shares=(100 * components.explained_variance_ratio_).tolist(),
        )
    )


def _column(column: Column) -> dict[str, Any]:
    kind = "u1" if column.words else "<f4"
    values = _packed(column.values, kind)
    return {"name": column.name, "values": values, "words": column.words}


def _palette() -> NDArray[np.uint8]:
    colours = mpl.colormaps["viridis"](np.linspace(0, 1, 256))[:, :3]
    return np.round(255 * colours).astype(np.uint8)


def _packed(values: ArrayLike, kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values, kind).tobytes()).decode()
