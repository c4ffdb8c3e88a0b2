"""Whether galaxies that a network finds alike have like votes.

For each of 100 galaxies drawn from the test split the ten most alike of all other galaxies are
taken: by the network's features, by the pixels of the stamps (Euclidean distance, over the
network's field), and at random. Printed is how far their votes are from its own (root mean
square over galaxies and classes); the network has seen the votes of none of the 100.

    uv run python -m benchmarks.similarity 3f2a91c0 --dataset data/dataset
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from galopt.data.dataset import load
from galopt.errors import command_line
from galopt.prediction.embedding import embedder
from galopt.tracking.models import open_model

GALAXIES, ALIKE = 100, 10


def main() -> None:
    """Print the three differences and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("model", help="a run, a registered model or a .keras file")
    parser.add_argument("--dataset", type=Path, default=Path("data/dataset"))
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with command_line():
        _compare(given)


def _compare(given: argparse.Namespace) -> None:
    model, dataset = open_model(given.model), load(given.dataset)
    random = np.random.default_rng(given.seed)
    test = np.flatnonzero(dataset.catalog["split"] == "test")
    asked = random.permutation(test)[:GALAXIES]
    stamps = np.array(dataset.images)
    votes = dataset.catalog[dataset.targets].to_numpy(float)
    features = embedder(model)(stamps).astype(float)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    distances = {
        "network": _distances(features, asked),
        "pixels": _distances(_pixels(stamps, model.networks[0].get_layer("view").field), asked),
        "random": random.random((len(asked), len(stamps))),
    }
    found = {name: _difference(table, votes, asked) for name, table in distances.items()}
    for name, difference in found.items():
        factor = found["random"] / difference
        print(f"{name:8s} {difference:.4f}  {factor:.2f} times nearer than random ones")


def _pixels(stamps: NDArray[np.uint8], field: float) -> NDArray[np.float64]:
    side = stamps.shape[1]
    edge = round(side * (1 - field) / 2)
    inner = stamps[:, edge : side - edge, edge : side - edge]
    return inner.reshape(len(stamps), -1).astype(float)


def _distances(places: NDArray[np.float64], asked: NDArray[np.intp]) -> NDArray[np.float64]:
    squares = (places**2).sum(axis=1)
    table = squares[asked, None] + squares - 2 * places[asked] @ places.T
    table[np.arange(len(asked)), asked] = np.inf
    return table


def _difference(
    distances: NDArray[np.float64], votes: NDArray[np.float64], asked: NDArray[np.intp]
) -> float:
    near = np.argsort(distances, axis=1)[:, :ALIKE]
    return float(np.sqrt(((votes[near] - votes[asked][:, None]) ** 2).mean()))


if __name__ == "__main__":
    main()
