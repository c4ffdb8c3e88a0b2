"""Draws the pictures of these pages: `uv run python docs/pictures.py`, a minute.

They show a simulated survey of 600 galaxies, made in a temporary folder. The others are:

- sky.png: `uv run python -m benchmarks.sim_to_real --sheet docs/images/sky.png`
- predicted.svg: `uv run dvc repro`, then plots/evaluation/predicted.svg
- *.png: `uv run --group browser python docs/screenshots.py`
"""

import tempfile
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from galopt.config.load import build_config
from galopt.data import dataset
from galopt.data.rescale import build_dataset
from galopt.data.stamps import make_stamps
from galopt.data.survey import make_survey

IMAGES = Path(__file__).parent / "images"
GALAXIES = 600


def main() -> None:
    """Draw every picture."""
    import keras  # not for the processes that paint

    from galopt.networks.augmentation import view_layer
    from galopt.report.figures.run import augmented_views

    mpl.rcParams["svg.hashsalt"] = "galopt"  # the same bytes every time
    config = build_config({"survey": {"simulate": {"galaxies": GALAXIES}}})
    with tempfile.TemporaryDirectory() as name:
        data = Path(name)
        make_survey(config, data / "survey")
        make_stamps(config, data / "survey", data)
        built = build_dataset(config, data, data / "dataset")
        stamps = built.split("train")
        truth = pd.read_parquet(data / "survey" / "truth.parquet").set_index("id")
        view = view_layer(config.network, config.augment, stamps.images, config.train.seed)
        sample = stamps.images[np.argsort(-stamps.catalog["r50"].to_numpy())[10:50:10]]
        pictures = {
            "classes": classes(stamps, built.targets, truth),
            "votes": votes(data / "survey", truth),
            "views": augmented_views(keras.Sequential([view]), sample),
        }
        for picture, figure in pictures.items():
            figure.savefig(IMAGES / f"{picture}.svg", metadata={"Date": None})


def classes(split: dataset.Split, targets: list[str], truth: pd.DataFrame, rows: int = 2) -> Figure:
    """Show clear galaxies of each class: apart from others, unanimous, unspoilt, the brightest."""
    from galopt.report.figures.run import stamp_sheet

    truth = truth.loc[split.catalog["id"]]
    snr, spoilt, blended = -truth["own_snr"], truth["spoilt"] != "", truth["own_share"] < 0.98
    clear = [
        np.lexsort((snr, spoilt, -split.fractions[:, number], blended))[:rows]
        for number in range(len(targets))
    ]
    order = np.array(clear).T.ravel()
    titles = [
        f"{target.replace('_', ' ')} {split.fractions[row, number]:.2f}"
        for row, (number, target) in zip(order, list(enumerate(targets)) * rows, strict=True)
    ]
    return stamp_sheet(split.images[order], titles, len(targets))


def votes(survey: Path, truth: pd.DataFrame, target: str = "disk") -> Figure:
    """Plot what a handful of voters ticked against how probable a tick was."""
    table = pd.read_csv(survey / "votes.csv").set_index("id").join(truth[[f"p_{target}"]])
    figure = Figure(figsize=(5, 4.4), layout="constrained")
    axes = figure.subplots()
    few = table["n_votes"] <= 10
    for rows, label, style in (
        (table[few], "three to ten voters", {"ms": 3, "color": "#1f77b4", "alpha": 0.45}),
        (table[~few], "more voters", {"ms": 6, "color": "#d62728"}),
    ):
        axes.plot(rows[f"p_{target}"], rows[target], "o", mew=0, label=label, **style)
    axes.plot([0, 1], [0, 1], color="#8a8a8a", lw=1)
    axes.set(xlabel=f"probability that a voter ticks “{target}”", ylabel="fraction who did")
    axes.legend(loc="lower right", fontsize=8)
    return figure


if __name__ == "__main__":
    main()
