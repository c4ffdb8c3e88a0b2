"""Networks of one run, given to a cluster."""

import pytest
from helpers.small import small

from galopt.experiments import ablation, child_runs


@pytest.fixture
def given(monkeypatch):
    """Return what the workers of a cluster are told to train, which they do not."""
    tasks = []

    def note(function, some, *_):
        tasks.extend(some)
        return iter(())

    monkeypatch.setattr(child_runs, "map_cores", note)
    return tasks


def test_two_workers_never_write_into_one_folder(given, blobs):
    only = {"maxout": "network.maxout=2"}  # so that all together are the same network
    config = small(ablate__differences=only, ablate__seeds=2, work__cluster="local")
    arms = [one for configs in ablation.arms(config).values() for one in configs]
    child_runs._train_on_cluster(arms, blobs, [None] * len(arms))
    found = [(task.config.network.maxout, task.config.train.seed) for task in given]
    assert len(arms) == 6
    assert len(found) == 4 == len(set(found))


def test_folds_of_one_configuration_are_all_trained(given, blobs):
    config = small(work__cluster="local")
    splits = blobs.catalog["split"].to_numpy(str)
    child_runs._train_on_cluster([config, config], blobs, [splits, splits[::-1]])
    assert len(given) == 2
