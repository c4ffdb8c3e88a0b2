"""From a configuration to a driven study: locked, recovered, placed on a cluster."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import optuna

from galopt.compute.clusters import check_cluster, open_cluster
from galopt.config import Config, Search
from galopt.experiments.search.driver import Driver, Listener
from galopt.experiments.search.lock import Lock, only_driver
from galopt.experiments.search.sampler import SeededByTrial
from galopt.experiments.search.space import Space
from galopt.experiments.search.storage import open_storage
from galopt.experiments.search.study import (
    enqueue_first,
    open_study,
    recover,
    settled,
)
from galopt.experiments.search.trial import Objective


def check_search(config: Config) -> None:
    """Refuse, before anything long starts, what cannot be searched, stored or placed.

    Raises
    ------
    GaloptError
        The space, the sampler, the storage or the cluster cannot be used.
    """
    Space(config)
    SeededByTrial(config.search.sampler)
    check_cluster(config.search.cluster)
    open_storage(config.search.storage)


@contextmanager
def locked_study(search: Search, made_for: dict[str, Any]) -> Iterator[tuple[optuna.Study, Lock]]:
    """Create or resume a study, and keep other drivers from it while the block runs.

    Parameters
    ----------
    search : config section
    made_for : dict
        What all trials share; a study made for something else is refused.

    Raises
    ------
    GaloptError
        The storage cannot be reached, another driver has the study, or it does not fit.
    """
    storage = open_storage(search.storage)
    with only_driver(search.storage, search.study) as lock:
        yield open_study(search, storage, made_for), lock


def drive(
    study: optuna.Study, lock: Lock, space: Space, objective: Objective, listener: Listener
) -> bool:
    """Run what is left of a study.

    Parameters
    ----------
    study, lock
        Of `locked_study`.
    space : Space
    objective : callable
        Pickled to the workers.
    listener : Listener

    Returns
    -------
    bool
        Whether the study came to its end; False if it was interrupted.
    """
    search = space.config.search
    enqueue_first(study, space)
    for trial in recover(study):
        listener.lost(trial)
    if len(settled(study.get_trials(deepcopy=False))) >= search.trials:
        return True
    with open_cluster(search.cluster, search.workers) as client:
        return Driver(
            study=study,
            space=space,
            objective=objective,
            client=client,
            listener=listener,
            lock=lock,
        ).run()
