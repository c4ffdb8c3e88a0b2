"""Commands killed at random moments and started again: they end as if nothing had been.

`GALOPT_FAULTS=40` tries more often; which command is killed, how and when depends on the seed
alone. The table counts by stage and by kind of kill.
"""

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml
from helpers.galaxies import write_survey
from helpers.killed import KINDS, Command, Store, leftovers, put_back
from helpers.project import copy_project
from helpers.small import SMALL
from optuna import load_study

pytestmark = pytest.mark.service

TRIES = int(os.environ.get("GALOPT_FAULTS", "3"))
SEED = int(os.environ.get("GALOPT_FAULTS_SEED", "2016"))
FOLDER = "my_galaxies"
LIBRARY = "import galopt; galopt.load_dataset('apart/dataset', galopt.load_config('params.yaml'))"
PROJECT = ["mlflow", "run", ".", "--env-manager", "local"]
STAGES = {
    "main job": PROJECT,
    "predict": ["galopt.cli", "predict", FOLDER, "--overwrite"],
    "load_dataset": ["-c", LIBRARY],
    "search": [*PROJECT, "-e", "search", "-P", "trials=2", "-P", "study=killed"],
    "first main job": PROJECT,
    "dvc repro": ["dvc", "repro"],
}
FRESH = ("first main job", "load_dataset")
"""Stages before which nothing has been made."""


def start(stage: str, folder: Path) -> Command:
    words = STAGES[stage]
    module = [] if words[0] == "-c" else ["-m"]
    return Command([sys.executable, *module, *words], folder)


def prepare(folder: Path) -> None:
    """Make a survey of galaxies that a small network learns, and the parameters that say so."""
    write_survey(folder / "made", 120)
    (folder / "made" / "stamps").rename(folder / FOLDER)
    votes = pd.read_csv(folder / "made" / "survey" / "votes.csv")
    votes.assign(file=votes["id"] + ".jpg").to_csv(folder / FOLDER / "votes.csv", index=False)
    params = yaml.safe_load((folder / "params.yaml").read_text())
    about = {"path": FOLDER, "votes": "votes.csv", "targets": ["spheroid", "disk"]}
    params["survey"] |= {"source": "folder"}
    params["survey"]["folder"] |= about
    for key, value in (SMALL | {"augment.repeats": 0, "train.epochs": 3}).items():
        section, name = key.split(".")
        params[section][name] = value
    space = {"train.learning_rate": {"kind": "float", "low": 1e-3, "high": 1e-2, "log": True}}
    params["search"] |= {"epochs": 1, "workers": 1, "space": space}
    (folder / "params.yaml").write_text(yaml.safe_dump(params))


class Undisturbed:
    """A project, what it was before and after its first main job, and what a stage comes to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.states = {True: folder.parent / "fresh", False: folder.parent / "made"}
        folder.rename(self.states[True])
        folder.mkdir()
        self.results: dict[str, object] = {}
        self.seconds: dict[str, float] = {}
        self.run("first main job")
        for same in ("main job", "dvc repro"):
            self.results[same] = self.results["first main job"]
            self.seconds[same] = self.seconds["first main job"]
        folder.rename(self.states[False])
        folder.mkdir()

    def put_back(self, stage: str) -> None:
        """Make the project what it is before a stage."""
        put_back(self.folder, self.states[stage in FRESH])

    def usual_seconds(self, stage: str) -> float:
        """Return how long a stage takes that nobody disturbs."""
        if stage not in self.results:
            self.run(stage)
        return self.seconds[stage]

    def run(self, stage: str) -> None:
        """Run a stage once as it should be, and remember what it came to."""
        self.put_back(stage)
        began, command = time.monotonic(), start(stage, self.folder)
        status, printed = command.ended()
        assert status == 0, printed
        self.seconds[stage] = time.monotonic() - began
        self.results[stage] = outcome(stage, self.folder)


def outcome(stage: str, folder: Path) -> object:
    """Return what a stage came to, to the last digit."""
    if stage == "predict":
        return (folder / "predictions.csv").read_text()
    if stage == "load_dataset":
        return (folder / "apart" / "dataset" / "dataset.json").read_text()
    if stage == "search":
        study = load_study(study_name="killed", storage=f"sqlite:///{folder}/search.db")
        return sorted(trial.values for trial in study.trials if trial.state.name == "COMPLETE")
    return Store(folder / "mlflow.db").errors()


def attempt(project: Undisturbed, stage: str, kind: str, moment: float) -> list[str]:
    """Kill a stage, start it again; return what is not as if nothing had been."""
    project.put_back(stage)
    first = start(stage, project.folder)
    time.sleep(moment)
    KINDS[kind](first)
    if stage == "search":  # of one study by one at a time: it says so, and to wait
        first.settle()
    second = start(stage, project.folder)
    status, printed = second.ended()
    wrong = [] if status == 0 else [f"exit status {status}: {printed[-600:]}"]
    wrong += ["a traceback"] if "Traceback" in printed else []
    for command in (first, second):
        wrong += [] if command.settle() else ["processes that never end"]
    if status == 0 and outcome(stage, project.folder) != project.results[stage]:
        wrong.append(f"another result: {outcome(stage, project.folder)}")
    store = Store(project.folder / "mlflow.db")
    wrong += [f"RUNNING without a worker: {name}" for name in store.running()]
    return wrong + store.versions_without_a_run() + leftovers(project.folder)


@pytest.fixture
def project(tmp_path, monkeypatch) -> Undisturbed:
    folder = copy_project(tmp_path / "project", monkeypatch)
    prepare(folder)
    monkeypatch.chdir(tmp_path)
    return Undisturbed(folder)


def table(counts: Counter) -> Iterator[str]:
    """Yield the lines that say how many tries there were, and how many survived."""
    yield f"\n{'kind':22} {'tries':>5} {'survived':>8} {'lost':>5}"
    for name in [*STAGES, *KINDS]:
        survived, lost = counts[name, "survived"], counts[name, "lost"]
        if survived or lost:
            yield f"{name:22} {survived + lost:5} {survived:8} {lost:5}"


def test_a_command_that_is_killed_and_started_again_ends_as_if_nothing_had_been(project, capsys):
    moments, counts, lost = random.Random(SEED), Counter(), []
    for number in range(TRIES):
        stage = list(STAGES)[(SEED + number) % len(STAGES)]
        kind = list(KINDS)[(SEED + number + number // len(STAGES)) % len(KINDS)]
        moment = moments.uniform(0, 1.05 * project.usual_seconds(stage))
        wrong = attempt(project, stage, kind, moment)
        lost += [f"{stage}, {kind}, after {moment:.1f} s: {fault}" for fault in wrong]
        for name in (stage, kind):
            counts[name, "lost" if wrong else "survived"] += 1
        with capsys.disabled():
            print(f"{number + 1:3} {stage}, {kind}, after {moment:.1f} s: {wrong or 'survived'}")
    with capsys.disabled():
        print(*table(counts), sep="\n")
    assert not lost, "\n".join(lost)
