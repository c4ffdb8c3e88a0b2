"""Wrong labels among votes worth a second look: 2 % of CEERS galaxies are given another's votes.

The other galaxy is one of which most people said something else. Cross-validation then orders all
galaxies by how much the networks contradict their votes; the table says how many of the wrong ones
are among the first.

    uv run python -m benchmarks.wrong_labels ../shared/data/ceers_f200w --work runs/wrong_labels

It goes on where it was stopped.
"""

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd

from galopt.compute.keras_startup import start_keras
from galopt.config.load import load_config
from galopt.errors import command_line

TARGETS = ["smooth", "featured_or_disk", "artifact"]
WRONG = 0.02
"""Share of the galaxies that have another one's votes."""
FIRST = (0.02, 0.04, 0.08, 0.16)
"""Shares of the galaxies that are looked at again."""


def main() -> None:
    """Swap the votes, cross-validate, and print how many are found."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("survey", type=Path)
    parser.add_argument("--work", type=Path, default=Path("runs/wrong_labels"))
    parser.add_argument("--seed", type=int, default=2016)
    parser.add_argument("--overrides", default="network.preset=modern train.epochs=8")
    given = parser.parse_args()
    survey, params = given.survey.resolve(), Path("params.yaml").resolve()
    given.work.mkdir(parents=True, exist_ok=True)
    os.chdir(given.work)
    os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{Path.cwd()}/mlflow.db"
    with command_line():
        wrong = swap_votes(survey / "votes.csv", Path("votes.csv"), given.seed)
        order = second_look(survey, params, given.overrides)
    place = {name: number for number, name in enumerate(order)}
    ranks = np.array([place[name] for name in wrong])
    for share in FIRST:
        found = int((ranks < share * len(order)).sum())
        print(f"{found} of {len(wrong)} wrong labels among the first {share:.0%}")


def swap_votes(table: Path, out: Path, seed: int) -> list[str]:
    """Write a table in which some galaxies have another's votes; return their ids."""
    votes, rng = pd.read_csv(table), np.random.default_rng(seed)
    said = votes[TARGETS].to_numpy()
    wrong = rng.choice(len(votes), round(WRONG * len(votes)), replace=False)
    for row in wrong:
        others = np.flatnonzero(said.argmax(axis=1) != said[row].argmax())
        votes.loc[row, TARGETS] = said[rng.choice(others)]
    votes.to_csv(out, index=False)
    return list(votes.loc[wrong, "id"])


def second_look(survey: Path, params: Path, overrides: str) -> list[str]:
    """Cross-validate on the swapped votes; return the ids, the most contradicted first."""
    start_keras()
    import mlflow

    from galopt.data.open_or_make import load_dataset
    from galopt.experiments import crossvalidation

    settings = {
        "survey.source": "folder",
        "survey.folder.path": str(survey),
        "survey.folder.votes": str(Path("votes.csv").resolve()),
        "survey.folder.targets": TARGETS,
    }
    config = load_config(params, settings | dict(word.split("=", 1) for word in overrides.split()))
    crossvalidation.run(config, load_dataset("data/dataset", config))
    runs = mlflow.search_runs(
        search_all_experiments=True,
        filter_string="tags.`galopt.kind` = 'crossvalidate'",
        order_by=["start_time DESC"],
        output_format="list",
    )
    file = mlflow.artifacts.download_artifacts(f"runs:/{runs[0].info.run_id}/second_look.csv")
    return list(pd.read_csv(file)["id"])


if __name__ == "__main__":
    main()
