"""The report: one page that puts a run beside the paper it rebuilds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from galopt import architecture, params, provenance
from galopt.config import Config
from galopt.errors import DataError
from galopt.files import atomic_file, read_json
from galopt.published import MODEL, PAPER
from galopt.standing import CANDELS_CONSTANT, CANDELS_FLOOR, covered, standing
from galopt.vector import inline, svg

CAPTIONS = {
    "learning_curve": "RMSE by epoch, the paper's figure 6 redrawn",
    "predicted": "Predicted against voted fraction of every test galaxy, with the mean in bins",
    "augmented": "What the network sees: the central view of a galaxy, then random ones",
    "best": "The test galaxies predicted best",
    "worst": "The test galaxies predicted worst",
}

# Ignat et al. (2016), section 5.2: hardware, what was read, seconds an epoch, said exactly or not.
PAPER_EPOCHS = (
    ("Tesla K20", "rescaled to 45×45, no real-time augmentation", 50, "under "),
    ("Tesla K20", "before rescaling, 454×454", 480, ""),
    ("GeForce GTX 650", "before rescaling, 454×454", 108, ""),
)
PAPER_IMAGES = 19_000


def page(
    info: dict[str, Any],
    train: dict[str, Any],
    history: list[dict[str, float]],
    metrics: dict[str, Any],
    figures: dict[str, str],
    config: Config | None = None,
) -> str:
    """Return the report as one self-contained HTML page.

    Parameters
    ----------
    info : dict
        What `dataset.json` says of the dataset.
    train : dict
        What `metrics/train.json` says of the training.
    history : list of dict
        ``train_rmse``, ``val_rmse``, ``epoch_seconds`` and ``train_images_per_second`` of
        each epoch.
    metrics : dict
        `galopt.evaluation.Evaluation.metrics`.
    figures : dict
        Names, such as 'learning_curve', and SVG texts, in the order of the page.
    config : Config, optional
        What was trained; what `params.yaml` says by default.
    """
    config = config or params.load()
    layers = list(architecture.layers(config.network, len(info["targets"])))
    environment = Environment(
        loader=PackageLoader("galopt"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["label"] = lambda name: str(name).replace("_", " ")
    return environment.get_template("report.html.j2").render(
        info=info,
        train=train,
        history=history,
        metrics=metrics,
        figures=list(_figures(figures, history, train)),
        config=config,
        layers=layers,
        activations=sorted({layer.activation for layer in layers[:-1]}),
        views=len(config.evaluate.zooms) * config.evaluate.rotations * (1 + config.evaluate.flip),
        epochs=list(_epochs(info, train, config)),
        paper=PAPER,
        model=MODEL,
        standing=inline(svg(standing(info["name"], metrics)), "standing", _standing(metrics)),
        covered=_covered(metrics),
        candels={"constant": CANDELS_CONSTANT, "floor": CANDELS_FLOOR},
        command=provenance.command(config),
        differences=provenance.differences(config),
        commit=provenance.commit(),
        versions=provenance.versions(),
    )


def write(path: Path) -> None:
    """Write the page of the trained and evaluated network that DVC's stages left behind.

    Raises
    ------
    DataError
        A stage has not run.
    """
    try:
        train = read_json("metrics/train.json")
        metrics = read_json("metrics/evaluation.json")
        info = read_json("data/dataset/dataset.json")
        history = pd.read_csv("plots/training/history.csv").to_dict("records")
    except FileNotFoundError as error:
        raise DataError(
            f"{error.filename}: missing, so there is nothing to report; make it: uv run dvc repro"
        ) from None
    files = [
        file
        for folder in ("plots/training", "plots/evaluation")
        for file in sorted(Path(folder).glob("*.svg"))
    ]
    figures = {file.stem: file.read_text() for file in files}
    html = page(info, train, history, metrics, figures)  # type: ignore[arg-type]
    with atomic_file(path) as temporary:
        temporary.write_text(html, encoding="utf-8")


def _figures(
    figures: dict[str, str], history: list[dict[str, float]], train: dict[str, Any]
) -> Iterator[dict[str, str]]:
    """Yield name, caption and page-ready SVG, the known figures first."""
    order = [*CAPTIONS, *sorted(figures.keys() - CAPTIONS.keys())]
    for name in (name for name in order if name in figures):
        caption = CAPTIONS.get(name, name.replace("_", " ").capitalize())
        alternative = caption
        if name == "learning_curve":
            alternative = (
                f"RMSE by epoch. On the validation galaxies it goes from "
                f"{history[0]['val_rmse']:.3f} to its lowest, {train['val_rmse']:.3f}, "
                f"at epoch {train['best_epoch']} of {train['epochs']}; a line marks the "
                f"paper's {PAPER.rmse}."
            )
        yield {"name": name, "caption": caption, "svg": inline(figures[name], name, alternative)}


def _epochs(info: dict[str, Any], train: dict[str, Any], config: Config) -> Iterator[dict]:
    """Yield the rows of section 5.2: seconds an epoch, then and now."""
    for hardware, what, seconds, about in PAPER_EPOCHS:
        yield {
            "who": "the paper",
            "hardware": hardware,
            "what": what,
            "images": PAPER_IMAGES,
            "seconds": f"{about}{seconds}",
            "rate": f"{'over ' if about else ''}{PAPER_IMAGES / seconds:,.0f}",
        }
    yield {
        "who": "this run",
        "hardware": train["hardware"],
        "what": f"{config.network.pixels}×{config.network.pixels} views, "
        f"real-time augmentation, {train['precision']}",
        "images": info["counts"]["train"] * (1 + config.augment.copies),
        "seconds": f"{train['epoch_seconds']:.3g}",
        "rate": f"{train['train_images_per_second']:,.0f}",
    }


def _covered(metrics: dict[str, Any]) -> dict[str, list[float]]:
    """Return how far this run, the paper and its model are from constant (0) to floor (1)."""
    shares = {
        name: sorted(covered(rmse, CANDELS_CONSTANT, floor) for floor in CANDELS_FLOOR)
        for name, rmse in (("paper", PAPER.rmse), ("model", MODEL.rmse))
    }
    constant, floor = metrics["test_rmse_constant"], metrics.get("test_rmse_floor")
    if floor and floor < constant:
        shares["ours"] = [covered(metrics["test_rmse"], constant, floor)]
    return shares


def _standing(metrics: dict[str, Any]) -> str:
    floor = metrics.get("test_rmse_floor")
    ours = f"RMSE {metrics['test_rmse']:.3f}, constant {metrics['test_rmse_constant']:.3f}"
    return (
        f"Two lines on one scale of RMSE. This run: {ours}, "
        f"{f'floor {floor:.3f}' if floor else 'floor unknown'}. CANDELS: the paper {PAPER.rmse}, "
        f"Huertas-Company {MODEL.rmse}, constant {CANDELS_CONSTANT:.3f}, "
        f"floor {CANDELS_FLOOR[0]} to {CANDELS_FLOOR[1]}."
    )
