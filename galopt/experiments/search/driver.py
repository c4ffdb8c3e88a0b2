"""The driver: asks the study for trials, lets Dask place them, and tells what came of them."""

import logging
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import optuna
from dask.distributed import Client, Future, wait
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, Trial, TrialState

from galopt.config import Search
from galopt.errors import GaloptError
from galopt.experiments.search.lock import Lock
from galopt.experiments.search.optuna_internals import earlier_attempts, trial_id
from galopt.experiments.search.space import Space
from galopt.experiments.search.study import (
    enqueue_again,
    fail_running,
    retriable,
    settled,
)
from galopt.experiments.search.trial import Objective, Outcome, Task, run_trial

logger = logging.getLogger(__name__)


class Listener(Protocol):
    """Who wants to know about trials, such as MLflow."""

    def waiting(self) -> None:
        """Do what is to be done every few seconds, such as telling how far the trials are."""

    def started(self, trial: Trial) -> None:
        """Note that a trial is about to start; attributes set on it reach the worker."""

    def ended(self, trial: FrozenTrial, done: int) -> None:
        """Note how a trial ended; `done` trials of the study have been settled."""

    def lost(self, trial: FrozenTrial) -> None:
        """Note a trial whose driver, this one or one before, ended while it ran."""


@dataclass
class Driver:
    """Runs a study on a cluster.

    Attributes
    ----------
    study : optuna.Study
        Recovered from earlier drivers.
    space : Space
    objective : callable
        Called on the workers; pickled.
    client : dask.distributed.Client
        Its workers have the resource `slot`, one for each trial at the same time.
    listener : Listener
    lock : Lock
        The study's, kept while it is driven.
    """

    study: optuna.Study
    space: Space
    objective: Objective
    client: Client
    listener: Listener
    lock: Lock

    def __post_init__(self) -> None:
        self.search: Search = self.space.config.search
        self.running: dict[Future, Trial] = {}
        self.done = len(settled(self.study.get_trials(deepcopy=False)))
        self.stopping = False
        self.broken: str | None = None

    def run(self) -> bool:
        """Run trials until the study has its number of them, or its time is over.

        Returns
        -------
        bool
            Whether it came to its end; False if Ctrl-C stopped it.

        Raises
        ------
        GaloptError
            Another driver has taken the study over, or a person has to fix something, such
            as a full disk, before the study is resumed.
        """
        self.end = time.monotonic() + (self.search.timeout or float("inf"))
        try:
            with self._interrupts():
                while self.running or not self._enough():
                    if not self.lock.keep():
                        raise GaloptError("another process has taken the study over")
                    self._submit()
                    self._collect()
            if self.broken:
                raise GaloptError(self.broken)
        except KeyboardInterrupt:
            self.stopping = True
        finally:
            self._abandon()
        return not self.stopping

    def _enough(self) -> bool:
        """Return whether no further trial is to be started."""
        return (
            self.stopping
            or self.broken is not None
            or time.monotonic() > self.end
            or self.done + len(self.running) >= self.search.trials
        )

    def _submit(self) -> None:
        slots = min(self._slots(), self.search.workers)
        while len(self.running) < slots and not self._enough():
            trial = self.study.ask()
            values = self.space.suggest(trial)
            self.listener.started(trial)
            task = self._task(trial, values)
            future = self.client.submit(
                run_trial,
                task,
                self.objective,
                key=f"{task.search.study}-{task.number}",
                pure=False,
                resources={"slot": 1},
                allow_other_workers=False,
            )
            self.running[future] = trial

    def _slots(self) -> int:
        workers = self.client.scheduler_info(n_workers=-1)["workers"].values()
        return int(sum(worker["resources"].get("slot", 0) for worker in workers))

    def _task(self, trial: Trial, values: dict[str, Any]) -> Task:
        frozen = self.study.get_trials(deepcopy=False)[trial.number]
        return Task(
            search=self.search,
            trial_id=trial_id(trial),
            number=trial.number,
            first=[*earlier_attempts(frozen), trial.number][0],
            values=values,
            attributes=trial.user_attrs,
        )

    def _collect(self) -> None:
        if not self.running:
            time.sleep(0.2)  # no worker yet
            return
        try:
            ended = wait(list(self.running), timeout=2, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            ended = set()
        self.listener.waiting()
        for future in ended:
            trial = self.running.pop(future)
            self._tell(trial, _outcome(future))
            future.release()

    def _tell(self, trial: Trial, outcome: Outcome) -> None:
        if outcome.reason:
            trial.set_user_attr("reason", outcome.reason)
        try:
            frozen = self.study.tell(
                trial.number, outcome.values, state=outcome.state, skip_if_finished=True
            )
        except UpdateFinishedTrialError:  # told twice: the answer to the first was lost
            frozen = self.study.trials[trial.number]
        if frozen.state != TrialState.FAIL:
            self.done += 1
        elif not outcome.fatal:  # a fatal one is tried again when the study is resumed
            if retriable(frozen):
                enqueue_again(self.study, frozen)
            else:
                self.done += 1
        self.listener.ended(frozen, self.done)
        if outcome.fatal:  # what runs beside it may still come to its end
            self.broken = f"trial {trial.number}: {outcome.reason}"

    def _abandon(self) -> None:
        """End what is still running; it is tried again when the study is resumed."""
        self.client.cancel(list(self.running), force=True)
        for trial in fail_running(self.study, "its driver was stopped"):
            self.listener.lost(trial)
        self.running.clear()

    @contextmanager
    def _interrupts(self) -> Iterator[None]:
        """Let the first Ctrl-C finish the running trials, the second stop at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def interrupt(number: int, frame: Any) -> None:
            if self.stopping:
                raise KeyboardInterrupt
            self.stopping = True
            logger.info(
                f"\nFinishing the {len(self.running)} running trials; "
                "Ctrl-C again stops now. The same command resumes the study."
            )

        before = signal.signal(signal.SIGINT, interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


def _outcome(future: Future) -> Outcome:
    """Return what a task gave; a task that Dask lost has failed."""
    if future.status == "finished":
        return future.result()
    try:
        future.result(timeout=10)
    except BaseException as error:
        return Outcome(TrialState.FAIL, reason=f"its worker was lost: {type(error).__name__}")
    return Outcome(TrialState.FAIL, reason="its worker was lost")
