"""The making of a dataset on the cluster that the search uses."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from dask.distributed import Client, Future, KilledWorker

from galopt.errors import GaloptError
from galopt.search.clusters import SLOT, open_cluster

Item = TypeVar("Item")
Result = TypeVar("Result")

ATTEMPTS = 4
"""How often a task is given to a worker before its loss is taken for the task's own fault."""


def map_cluster(
    function: Callable[[Item], Result], items: Sequence[Item], cluster: str, workers: int
) -> Iterator[Result]:
    """Yield ``function(item)`` for each item, in order, computed by a cluster's workers.

    At most three tasks a worker are under way or wait to be yielded. A task whose worker is
    lost is given to another, so it must do no harm when it is done twice.

    Parameters
    ----------
    function : callable
        Pickled, with the items; the paths that it holds are the same on every worker.
    items : sequence
        What to call it with.
    cluster : str
        As for `galopt.search.clusters.open_cluster`.
    workers : int
        How many to start, where they are started.

    Raises
    ------
    GaloptError
        A task has lost `ATTEMPTS` workers.
    ConfigError
        There is no such cluster.
    """
    with open_cluster(cluster, workers) as client:
        pending: deque[tuple[Item, Future]] = deque()
        for item in items:
            pending.append((item, _submit(client, function, item)))
            if len(pending) > 3 * workers:
                yield _result(client, function, *pending.popleft())
        while pending:
            yield _result(client, function, *pending.popleft())


def _submit(client: Client, function: Callable[[Item], Result], item: Item) -> Future:
    return client.submit(function, item, pure=False, resources=SLOT)


def _result(
    client: Client, function: Callable[[Item], Result], item: Item, future: Future
) -> Result:
    for _ in range(ATTEMPTS - 1):
        try:
            return future.result()
        except KilledWorker:
            future = _submit(client, function, item)
    try:
        return future.result()
    except KilledWorker as error:
        raise GaloptError(f"a task has lost {ATTEMPTS} workers: {error}") from None
