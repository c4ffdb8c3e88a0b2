"""Where tasks run: this machine, a batch system, or a Dask scheduler that exists."""

import logging
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import dask
import yaml
from dask.distributed import (
    Client,
    Future,
    KilledWorker,
    Nanny,
    Scheduler,
    SpecCluster,
    Worker,
    WorkerPlugin,
)
from distributed.core import Status

from galopt.compute.devices import core_numbers, gpus
from galopt.errors import ConfigError, GaloptError

Item = TypeVar("Item")
Result = TypeVar("Result")

logger = logging.getLogger(__name__)

ATTEMPTS = 4
"""How often a task is given to a worker before its loss is taken for the task's own fault."""
ANSWER_SECONDS = 20
"""How long a scheduler may take to answer."""
SLOT = {"slot": 1}
_SETTINGS = {
    "distributed.scheduler.allowed-failures": 0,  # the driver retries, Dask does not
    "distributed.comm.timeouts.tcp": "180s",  # a link may be cut for a minute
    "distributed.comm.timeouts.connect": "60s",
    "distributed.scheduler.worker-ttl": "5 minutes",
    "distributed.admin.log-format": "%(name)s: %(message)s",
    "logging.distributed": "critical",  # lost workers are told of by the driver
}


class Settle(WorkerPlugin):
    """Keep a worker to its cores and leave Ctrl-C to the driver.

    Parameters
    ----------
    shares : dict
        Cores by the worker's name; a worker that is not in it may use all of them.
    """

    name = "settle"

    def __init__(self, shares: dict[Any, list[int]]) -> None:
        self.shares = shares

    def setup(self, worker: Worker) -> None:
        """Settle a worker that has just started."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        multiprocessing.current_process().daemon = False  # it may start readers of images
        share = self.shares.get(worker.name)
        if share and hasattr(os, "sched_setaffinity"):
            for task in os.listdir("/proc/self/task"):
                os.sched_setaffinity(int(task), share)


@contextmanager
def open_cluster(name: str, workers: int) -> Iterator[Client]:
    """Start or join a cluster and yield its client.

    Parameters
    ----------
    name : str
        'local', a YAML file, or the address of a scheduler.
    workers : int
        How many to start.

    Raises
    ------
    ConfigError
        There is no such cluster, or its file is wrong.
    GaloptError
        The scheduler does not answer.
    """
    with dask.config.set(_SETTINGS):
        cluster: Any
        shares: dict[Any, list[int]]
        if name == "local":
            cluster, shares = _local(workers)
        elif "://" in name:
            cluster, shares = name, {}
        else:
            cluster, shares = _from_file(Path(name), workers), {}
        try:
            client = Client(cluster, timeout=ANSWER_SECONDS)
        except (OSError, ValueError) as error:
            raise GaloptError(f"cluster={name}: {error}") from None
        try:
            client.register_plugin(Settle(shares))
            yield client
        finally:
            client.close()
            if not isinstance(cluster, str):
                cluster.close()


def _local(workers: int) -> tuple[SpecCluster, dict[Any, list[int]]]:
    """Return a cluster on this machine: each worker has its share of the cores and one GPU."""
    usable, found = core_numbers(), gpus()
    shares = {n: usable[n::workers] or [usable[n % len(usable)]] for n in range(workers)}
    specification = {}
    for number, share in shares.items():
        environment = {
            "OMP_NUM_THREADS": str(len(share)),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        }
        if found:
            environment["CUDA_VISIBLE_DEVICES"] = found[number % len(found)]
        options = {
            "nthreads": 1,
            "resources": SLOT,
            "env": environment,
            "memory_limit": 0,
            "dashboard": False,
            "silence_logs": logging.CRITICAL,
            "host": "127.0.0.1",
        }
        specification[number] = {"cls": Nanny, "options": options}
    here = {"dashboard": False, "host": "127.0.0.1", "port": 0}
    here["dashboard_address"] = "127.0.0.1:0"  # its HTTP server runs all the same
    scheduler = {"cls": Scheduler, "options": here}
    cluster = SpecCluster(specification, scheduler, name="galopt", silence_logs=logging.CRITICAL)
    return cluster, shares


def check_cluster(name: str) -> None:
    """Refuse a cluster that is not 'local', an address or a file that describes one.

    Raises
    ------
    ConfigError
        Its file cannot be read or used.
    """
    if name != "local" and "://" not in name:
        _read(Path(name))


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    """Return the kind of cluster that a file describes, and what its Dask class takes."""
    try:
        options = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"cluster={path}: {' '.join(str(error).split())}") from None
    kind = options.pop("kind", None) if isinstance(options, dict) else None
    if kind not in ("slurm", "pbs", "ssh"):
        raise ConfigError(f"cluster={path}: kind is {kind!r}, not slurm, pbs or ssh")
    return kind, options


def _from_file(path: Path, workers: int) -> Any:
    kind, options = _read(path)
    try:
        return _ssh(options) if kind == "ssh" else _batch(kind, options, workers)
    except ImportError:
        raise GaloptError(f"kind {kind} needs the extra cluster: uv sync --extra cluster") from None
    except (TypeError, ValueError) as error:
        raise ConfigError(f"cluster={path}: {str(error).splitlines()[0]}") from None


def _batch(kind: str, options: dict[str, Any], workers: int) -> Any:
    """Keep so many jobs, one trial each: a job that is lost is replaced."""
    from dask_jobqueue import PBSCluster, SLURMCluster

    extra = ["--resources", "slot=1", "--no-dashboard", *options.pop("worker_extra_args", [])]
    patience = _SETTINGS["distributed.comm.timeouts.tcp"]  # jobs do not inherit our settings
    prologue = [f"export DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP={patience}"]
    prologue += options.pop("job_script_prologue", [])
    known = {"slurm": SLURMCluster, "pbs": PBSCluster}[kind]
    heard = type(known.__name__, (known,), {"job_cls": _heard(known.job_cls)})
    cluster = heard(processes=1, worker_extra_args=extra, job_script_prologue=prologue, **options)
    cluster.adapt(minimum_jobs=workers, maximum_jobs=workers)
    return cluster


def _heard(job: type) -> type:
    """Return a kind of job of which a person hears when it is refused; Dask says nothing."""
    said = set()

    class Heard(job):
        async def _submit_job(self, script_filename: str) -> str:
            try:
                return await super()._submit_job(script_filename)
            except (RuntimeError, OSError) as error:
                self.status = Status.failed  # else the cluster cannot be closed
                lines = str(error).partition("stderr:")[2] or str(error)
                reason = " ".join(lines.split())
                if reason not in said:
                    said.add(reason)
                    logger.warning(
                        f"jobs are refused ({reason}): stop, mend what describes them, and do the "
                        "same again"
                    )
                raise

    return Heard


def _ssh(options: dict[str, Any]) -> Any:
    from dask.distributed import SSHCluster

    worker = {"nthreads": 1, "resources": "'slot=1'"} | options.pop("worker_options", {})
    return SSHCluster(worker_options=worker, **options)


def map_cluster(
    function: Callable[[Item], Result], items: Sequence[Item], cluster: str, workers: int
) -> Iterator[Result]:
    """Yield ``function(item)`` for each item, in order, computed by a cluster's workers.

    At most three tasks per worker are under way or wait to be yielded. A task whose worker is
    lost is given to another, so it must do no harm when it is done twice.

    Parameters
    ----------
    function : callable
        Pickled, with the items; the paths that it holds are the same on every worker.
    items : sequence
        What to call it with.
    cluster : str
        As for `open_cluster`.
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
