"""Whether the vote-noise floor of the simulated survey is honest.

A network that sees enough galaxies should come near it, and gradient boosting on the
classical quantities of the same images should not: then the images hold what the voters
saw, and more than the quantities say.

    uv run python -m benchmarks.floor --galaxies 20000 --preset modern

Everything is kept in `--folder`, so that a second start goes on where the first was stopped.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.multioutput import MultiOutputRegressor

from galopt.config import Config, Stamps
from galopt.config.load import build_config
from galopt.data import dataset
from galopt.data.rescale import build_dataset
from galopt.data.stamps import make_stamps
from galopt.data.survey import make_survey
from galopt.metrics import rmse

QUANTITIES = [
    "concentration", "asymmetry", "gini", "m20", "axis_ratio", "r50", "snr", "flux", "area",
]  # fmt: skip


def main() -> None:
    """Make the survey, fit the boosting, train the networks, print where all stand."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--galaxies", type=int, default=20_000)
    parser.add_argument("--preset", default="modern")
    parser.add_argument(
        "--overrides", action="append", help='"key=value …", any key; once for each network'
    )
    parser.add_argument("--folder", type=Path, default=Path("build/floor"))
    given = parser.parse_args()
    survey = {"survey": {"simulate": {"galaxies": given.galaxies}}}
    networks = [f"network.preset={given.preset} {words}" for words in given.overrides or [""]]
    folder = given.folder / f"{given.galaxies}"
    data = _dataset(build_config(survey, networks[0]), folder)
    _print("constant predictor", data, None)
    _print("gradient boosting", data, boosted(data, folder))
    predicted = []
    for number, words in enumerate(networks, 1):
        predicted.append(_trained(build_config(survey, words), data, folder / f"network_{number}"))
        _print(f"{given.preset}, network {number}", data, predicted[-1])
    if len(predicted) > 1:
        _print("the networks' mean", data, np.mean(predicted, axis=0))


def _trained(config: Config, data: dataset.Dataset, folder: Path) -> NDArray[np.float32]:
    from galopt.evaluation.evaluate import evaluate
    from galopt.training.train import train

    model = train(config, data, folder).model
    return evaluate(model, data, config.evaluate).predicted


def _dataset(config: Config, folder: Path) -> dataset.Dataset:
    if (folder / "dataset" / "dataset.json").exists():
        return dataset.load(folder / "dataset")
    if not (folder / "survey").exists():
        make_survey(config, folder / "survey")
    make_stamps(config, folder / "survey", folder)
    return build_dataset(config, folder, folder / "dataset")


def boosted(data: dataset.Dataset, folder: Path) -> NDArray[np.float64]:
    """Predict the test galaxies from quantities measured on the noisy images, (N, T)."""
    measured = pd.read_parquet(folder / "survey" / "truth.parquet").set_index("id")
    train, test = data.split("train"), data.split("test")

    def quantities(split: dataset.Split) -> NDArray[np.float64]:
        table = measured.loc[split.catalog["id"]].reset_index(drop=True)
        shapes = pd.DataFrame([light_shape(image, Stamps()) for image in split.images])
        return table.join(shapes)[QUANTITIES].to_numpy(float)

    trees = HistGradientBoostingRegressor(
        learning_rate=0.05, max_iter=300, early_stopping=True, random_state=0
    )
    model = MultiOutputRegressor(trees).fit(quantities(train), train.fractions)
    return np.clip(model.predict(quantities(test)), 0, 1)


def light_shape(stamp: NDArray[np.uint8], stretch: Stamps) -> dict[str, float]:
    """Return Gini and M20 of a stamp's central light (Lotz, Primack & Madau 2004, eq. 6 and 8)."""
    low, high = np.arcsinh(np.array([stretch.black, stretch.white]) / stretch.softening)
    light = stretch.softening * np.sinh(low + (high - low) * stamp / 255.0)  # background sigmas
    y, x = np.indices(stamp.shape) - (len(stamp) - 1) / 2
    groups, _ = label(gaussian_filter(light, 1.5) > 1)
    centre = groups[np.hypot(x, y) < 4]
    if not centre.any():
        return {"gini": np.nan, "m20": np.nan}
    inside = groups == np.bincount(centre[centre > 0]).argmax()
    order = np.argsort(light[inside])[::-1]
    values, x, y = (plane[inside][order] for plane in (np.abs(light), x, y))
    rank = np.arange(len(values), 0, -1)
    gini = ((2 * rank - len(values) - 1) * values).sum() / values.mean() / len(values) ** 2
    away = (x - np.average(x, weights=values)) ** 2 + (y - np.average(y, weights=values)) ** 2
    brightest = np.cumsum(values) <= 0.2 * values.sum()
    m20 = np.log10(max((values * away)[brightest].sum(), 1e-9) / max((values * away).sum(), 1e-9))
    return {"gini": float(gini), "m20": float(m20)}


def _print(name: str, data: dataset.Dataset, predicted: NDArray | None) -> None:
    test = data.split("test")
    if predicted is None:
        predicted = np.broadcast_to(data.split("train").fractions.mean(0), test.fractions.shape)
    error, floor = rmse(test.fractions, predicted), data.info["floor"]["overall"]
    print(f"{name:<22}{error:.4f}  {error / floor:.3f} x floor {floor:.4f}", flush=True)


if __name__ == "__main__":
    main()
