"""Work over all cores, or a cluster, with a progress bar; the result never depends on which."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from typing import TypeVar

from loky import ProcessPoolExecutor
from loky.process_executor import TerminatedWorkerError

from galopt.compute.devices import cores
from galopt.compute.progress import progress_bar
from galopt.config import Work
from galopt.errors import GaloptError

Item = TypeVar("Item")
Result = TypeVar("Result")
HERE = Work()


def map_cores(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    description: str,
    work: Work = HERE,
    size: Callable[[Item], int] | None = None,
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
    """
    workers = work.workers or (cores() if len(items) >= 2 * cores() else 1)
    sizes = [size(item) if size else 1 for item in items]
    with progress_bar() as bar, ExitStack() as stack:
        task = bar.add_task(description, total=sum(sizes))
        results: Iterator[Result] = map(function, items)
        if work.cluster is not None:
            from galopt.compute.clusters import map_cluster  # here, to spare others Dask

            results = map_cluster(function, items, work.cluster, work.workers or cores())
        elif workers > 1:
            pool = stack.enter_context(ProcessPoolExecutor(workers))
            results = _in_order(pool, function, items, ahead=3 * workers)
        try:
            for result, done in zip(results, sizes, strict=True):
                yield result
                bar.advance(task, done)
        except TerminatedWorkerError:
            raise GaloptError(
                f"{description}: a process was killed, as where memory runs out: free some, or "
                "set work.workers=1, and do the same again"
            ) from None


def _in_order(
    pool: ProcessPoolExecutor,
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
