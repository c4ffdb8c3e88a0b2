"""One dataset, whoever makes it: one process, two, or a Dask cluster."""

import os
import signal
from functools import partial
from pathlib import Path

import pytest

from galopt.compute.parallel import map_cores
from galopt.config import Work
from galopt.config.load import build_config
from galopt.data.rescale import build_dataset
from galopt.data.stamps import make_stamps
from galopt.data.survey import make_survey
from galopt.errors import ConfigError

DASK = {"work.cluster": "local", "work.workers": 2}


def make(folder, overrides):
    config = build_config({"survey": {"simulate": {"galaxies": 200}}}, overrides)
    make_survey(config, folder / "survey")
    make_stamps(config, folder / "survey", folder)
    return build_dataset(config, folder, folder / "dataset").info


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Return what one process says of its dataset."""
    return make(tmp_path_factory.mktemp("alone"), {"work.workers": 1})


@pytest.mark.parametrize("overrides", [{"work.workers": 2}, DASK], ids=["processes", "dask"])
def test_the_same_seed_gives_the_same_dataset(alone, tmp_path, overrides):
    assert make(tmp_path, overrides) == alone


def fall(number, mark):
    """Take the worker down with the first attempt at 3."""
    if number == 3 and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 10 * number


def test_a_lost_worker_costs_nothing_but_time(tmp_path):
    work = Work(cluster="local", workers=2)
    results = map_cores(partial(fall, mark=str(tmp_path / "mark")), range(6), "falling", work)
    assert list(results) == [0, 10, 20, 30, 40, 50]
    assert (tmp_path / "mark").exists()


def test_an_error_on_a_worker_reaches_the_caller():
    with pytest.raises(TypeError):
        list(map_cores(abs, ["a", "b"], "abs", Work(cluster="local", workers=1)))


def test_a_cluster_that_is_not_there_is_named():
    with pytest.raises(ConfigError, match=r"cluster=absent.yaml"):
        list(map_cores(abs, [1], "abs", Work(cluster="absent.yaml")))


@pytest.mark.parametrize(("items", "workers", "asked"), [(3, 8, 3), (3, None, 3), (9, 2, 2)])
def test_no_more_workers_are_asked_for_than_there_are_tasks(items, workers, asked, monkeypatch):
    told = []

    def note(function, some, cluster, count):
        told.append(count)
        return map(function, some)

    monkeypatch.setattr("galopt.compute.clusters.map_cluster", note)
    monkeypatch.setattr("galopt.compute.parallel.cores", lambda: 64)
    work = Work(cluster="slurm.yaml", workers=workers)
    assert list(map_cores(abs, range(items), "counting", work)) == [*range(items)]
    assert told == [asked]
