"""Which galaxies to label: RMSE after so many labels, chosen by `galopt label` or at random.

Simulated voters answer through the page's own API. The first hundred galaxies are random; then a
small network is trained on their votes, the page asks for the next hundred, and so on. In one loop
the page goes on at random, in the other in the order that teaches the network most. The error is
from what is known of galaxies that nobody is asked about: the votes to expect where the survey
knows them, else the published votes.

    uv run python -m benchmarks.labelling --data data --seeds 0 1 2

`--data` holds `dataset/` and `stamps/`, as `dvc repro` writes them. What was trained is kept in
`--work`, so that the command goes on where it was stopped.
"""

import argparse
import json
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import uvicorn
from numpy.typing import NDArray

from galopt.config import Config
from galopt.config.load import load_config
from galopt.data.dataset import Dataset, load
from galopt.errors import command_line
from galopt.labelling.answers import Answers
from galopt.labelling.app import make_app
from galopt.labelling.session import Session
from galopt.labelling.start import drawer, random_session, taught_session
from galopt.prediction.model import MorphologyModel
from galopt.training.train import train

STEPS = (100, 200, 300)
VIEWS = 16_000
"""Views of galaxies that each network is trained on, however many labels there are."""

NETWORK = {
    "network.preset": "modern",
    "network.pixels": 32,
    "network.convolutions": [{"filters": 16, "kernel": 5, "pool": 2, "init_std": None}],
    "network.residual": [{"filters": 32, "depth": 1}, {"filters": 64, "depth": 1, "pool": 2}],
    "network.dense": [64],
    "augment.repeats": 3,
    "train.batch_size": 64,
    "train.precision": "float32",
}


def main() -> None:
    """Run both loops for each seed and print the errors."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--work", type=Path, default=Path("runs/labelling"))
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--voters", type=int, default=5, help="simulated people per galaxy")
    given = parser.parse_args()
    with command_line():
        survey = Survey(given.data, load(given.data / "dataset"), given.voters)
        rows = [row for seed in given.seeds for row in _loops(survey, seed, given.work)]
    table = pd.DataFrame(rows).pivot(index=["seed", "labels"], columns="order", values="rmse")
    table["ratio"] = table["chosen"] / table["random"]
    print(table.to_string(float_format="%.4f"))
    print(table["ratio"].groupby("labels").agg(["mean", "sem"]).to_string(float_format="%.3f"))


@dataclass(frozen=True)
class Survey:
    """Galaxies of which more is known than the simulated voters say."""

    data: Path
    dataset: Dataset
    voters: int

    @cached_property
    def known(self) -> pd.DataFrame:
        """The fractions of each galaxy, by its id: expected where known, else voted."""
        catalog, targets = self.dataset.catalog.set_index("id"), self.dataset.targets
        expected = [f"expected_{name}" for name in targets]
        columns = expected if set(expected) <= set(catalog) else targets
        return catalog[columns].set_axis(targets, axis=1)

    def apart(self, seed: int) -> tuple[list[str], list[str]]:
        """Return the ids of the galaxies to ask about, and of a quarter for the test."""
        ids = np.random.default_rng(seed).permutation(self.known.index)
        return list(ids[len(ids) // 4 :]), list(ids[: len(ids) // 4])


@dataclass(frozen=True)
class Labelled(Dataset):
    """A dataset of which only some galaxies have votes, those of a page."""

    votes: pd.DataFrame | None = None

    @cached_property
    def catalog(self) -> pd.DataFrame:
        """The catalogue with those votes; the others are in no split but a few in test."""
        assert self.votes is not None
        whole = pd.read_parquet(self.folder / "catalog.parquet").set_index("id")
        split = pd.Series("none", index=whole.index)
        names = self.votes["id"].to_numpy()
        split[names] = np.where(np.arange(len(names)) % 6 == 5, "validation", "train")
        split[split[split == "none"].index[:20]] = "test"
        whole.loc[names, self.targets] = self.votes[self.targets].to_numpy()
        return whole.assign(split=split).reset_index()


def _loops(survey: Survey, seed: int, work: Path) -> Iterator[dict[str, object]]:
    first = work / f"{seed}-random" / "votes.answers"
    for order in ("random", "chosen"):
        folder = work / f"{seed}-{order}"
        folder.mkdir(parents=True, exist_ok=True)
        if order == "chosen" and not (folder / first.name).exists():
            _copy_first(first, folder / first.name, STEPS[0] * survey.voters)
        model = None
        for labels in STEPS:
            _label(survey, seed, folder, labels, model)
            model = _model(survey, folder, labels, seed)
            rmse = _rmse(model, survey, seed)
            yield {"seed": seed, "order": order, "labels": labels, "rmse": rmse}
            model = model if order == "chosen" else None


def _copy_first(source: Path, target: Path, answers: int) -> None:
    old = Answers(source)
    new = Answers(target, old.targets)
    for row in old.table().head(answers).to_dict("records"):
        new.add(row["person"], row["galaxy"], source.parent / row["file"], row["ticks"])
    new.write_votes(target.with_name("votes.csv"))


def _label(
    survey: Survey, seed: int, folder: Path, labels: int, model: MorphologyModel | None
) -> None:
    """Let simulated people answer until so many galaxies have their votes."""
    answers = Answers(folder / "votes.answers", survey.dataset.targets)
    if len(answers.votes()) >= labels:
        return
    files = [survey.data / "stamps" / f"{name}.jpg" for name in survey.apart(seed)[0]]
    place, people = folder / "votes.csv", survey.voters
    if model is None:
        files = list(np.random.default_rng(seed).permutation(np.array(files)))
        session = random_session(files, answers, place, people)
    else:
        session = taught_session(model, files, answers, place, people)
    with _served(session) as address:
        voters = [_Voter(address, f"{n}", survey.known, seed) for n in range(people)]
        while voters[0].vote() < labels:
            for voter in voters[1:]:
                voter.vote()
        for voter in voters[1:]:
            voter.vote()


class _Voter:
    """Somebody who answers as the people of the survey do, one of whom at random."""

    def __init__(self, address: str, name: str, known: pd.DataFrame, seed: int) -> None:
        self.address, self.name, self.known = address, name, known
        self.random = np.random.default_rng([seed, int(name)])
        self.shown = self._ask("next", {})

    def vote(self) -> int:
        """Answer for the galaxy that is shown; return how many were."""
        shares = self.known.loc[self.shown["id"]].to_numpy(float).clip(0)
        tick = self.random.choice(self.known.columns, p=shares / shares.sum())
        self.shown = self._ask("answer", {"number": self.shown["number"], "ticks": [tick]})
        return self.shown["yours"]

    def _ask(self, path: str, body: dict[str, object]) -> dict:
        request = urllib.request.Request(
            f"{self.address}/api/{path}",
            json.dumps({"person": self.name} | body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as reply:
            return json.load(reply)


@contextmanager
def _served(session: Session) -> Iterator[str]:
    listening = socket.create_server(("127.0.0.1", 0))
    app = make_app(session, drawer(load_config().stamps, ("grey",)))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    session.write()


def _model(survey: Survey, folder: Path, labels: int, seed: int) -> MorphologyModel:
    """Return the network trained on the first so many labels."""
    path = folder / f"{labels}.keras"
    if not path.exists():
        keras.utils.set_random_seed(seed)
        config, dataset = _config(labels, seed), survey.dataset
        votes = pd.read_csv(folder / "votes.csv", dtype={"id": str}).head(labels)
        named = dataset.info | {"hash": f"{dataset.info['hash']} {folder.name} {labels}"}
        some = Labelled(dataset.folder, named, votes=votes)
        network = train(config, some, folder / f"{labels}").model
        stamps = dataset.stamp_settings(config.stamps)
        model = MorphologyModel([network], dataset.targets, config.evaluate, stamps)
        model.save(path)
    return MorphologyModel.load(path)


def _config(labels: int, seed: int) -> Config:
    config = load_config("params.yaml", NETWORK)
    epochs = round(VIEWS / (labels * 5 / 6 * (1 + config.augment.repeats)))
    return load_config("params.yaml", NETWORK | {"train.epochs": epochs, "train.seed": seed})


def _rmse(model: MorphologyModel, survey: Survey, seed: int) -> float:
    test = survey.apart(seed)[1]
    rows = pd.Index(survey.dataset.catalog["id"]).get_indexer(test)
    predicted = model.fractions(np.array(survey.dataset.images[np.sort(rows)]))
    known: NDArray[np.float64] = survey.known.iloc[np.sort(rows)].to_numpy(float)
    return float(np.sqrt(((predicted - known) ** 2).mean()))


if __name__ == "__main__":
    main()
