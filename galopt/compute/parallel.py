"""Work over all cores, or a cluster, with a progress bar; the result never depends on which."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Any, Generic, TypeVar

from galopt.compute.devices import cores
from galopt.compute.killable import Broken, Killable, KillablePool
from galopt.compute.progress import progress_bar
from galopt.config import Work
from galopt.errors import GaloptError

Item = TypeVar("Item")
Result = TypeVar("Result")
HERE = Work()


@dataclass(frozen=True)
class Bound(Generic[Item]):
    """How long a part of an item may take, where what it reads comes from strangers.

    Attributes
    ----------
    seconds : float
        For each part of an item, which `galopt.compute.killable.begin` tells of.
    without : callable
        ``without(item, part, reason)`` returns what is done instead of an item of which a part
        took longer, or crashed its process; None is whatever comes before the first part.
    """

    seconds: float
    without: Callable[[Item, int | None, str], Item]


def map_cores(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    description: str,
    work: Work = HERE,
    size: Callable[[Item], int] | None = None,
    bound: Bound[Item] | None = None,
) -> Iterator[Result]:
    """Yield ``function(item)`` for each item, in order, computed on all cores or on a cluster.

    A slow consumer holds the work back, so memory stays bounded however many items there are.

    Parameters
    ----------
    function : callable
        A module-level function (it is pickled).
    items : sequence
        What to call it with; one item is one task, so make it worth 10 ms or more.
    description : str
        Label of the progress bar.
    work : Work, optional
        Where; by default a process a core. One worker works in this process, and so do fewer
        than two tasks per core, for which starting the processes costs more than it saves.
    size : callable, optional
        What one item counts on the progress bar; 1 by default.
    bound : Bound, optional
        With it, items are never worked on in this process or a cluster's worker, which could
        hang, but in processes of their own.
    """
    workers = work.workers or (cores() if len(items) >= 2 * cores() else 1)
    sizes = [size(item) if size else 1 for item in items]
    with progress_bar() as bar:
        task = bar.add_task(description, total=sum(sizes))
        results: Iterator[Result] = map(function, items)
        if work.cluster is not None:
            from galopt.compute.clusters import map_cluster  # here, to spare others Dask

            if bound is not None:
                function = partial(_beside_a_worker, function, description, bound)
            asked = min(work.workers or cores(), len(items)) or 1  # no job without a task
            results = map_cluster(function, items, work.cluster, asked)
        elif bound is not None or workers > 1:
            results = _in_processes(function, items, description, workers, bound)
        for result, done in zip(results, sizes, strict=True):
            yield result
            bar.advance(task, done)


def _in_processes(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    description: str,
    workers: int,
    bound: Bound[Item] | None,
) -> Iterator[Result]:
    """Yield results in order, each computed in a process that a thread of this one watches."""
    seconds = bound.seconds if bound else inf
    pool = KillablePool(partial(Killable, function, seconds), workers)
    threads = ThreadPoolExecutor(workers)
    try:
        yield from _in_order(
            threads, partial(_watched, pool, description, bound), items, 3 * workers
        )
    finally:
        pool.close()
        threads.shutdown(cancel_futures=True)


def _beside_a_worker(
    function: Callable[[Item], Result], description: str, bound: Bound[Item], item: Item
) -> Any:
    """Return what becomes of an item, in a process of its own beside a cluster's worker."""
    pool = KillablePool(partial(Killable, function, bound.seconds), 1)
    try:
        return _watched(pool, description, bound, item)
    finally:
        pool.close()


def _watched(pool: KillablePool, description: str, bound: Bound[Item] | None, item: Item) -> Any:
    """Return what becomes of an item, without the parts that have hung or crashed."""
    while True:
        try:
            return pool(item)
        except Broken as broken:
            if bound is None or not broken.deserved:
                raise GaloptError(
                    f"{description}: a process {broken}, as where memory runs out: free some, or "
                    "set work.workers=1, and do the same again"
                ) from None
            item = bound.without(item, broken.part, f"reading it {broken}")


def _in_order(
    pool: ThreadPoolExecutor,
    function: Callable[[Item], Result],
    items: Iterable[Item],
    ahead: int,
) -> Iterator[Result]:
    """Yield results in order with at most `ahead` of them computed or waiting."""
    pending: deque[Future[Result]] = deque()
    for item in items:
        pending.append(pool.submit(function, item))
        if len(pending) > ahead:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()
