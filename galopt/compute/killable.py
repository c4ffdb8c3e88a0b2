"""Work in a process of its own, which is killed where it hangs: no signal ends a hung decoder."""

import multiprocessing
import resource
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from math import inf
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from queue import SimpleQueue
from types import ModuleType
from typing import Any, cast

import psutil

_DYING = 60.0
"""Seconds until a process that hangs up is gone, at most: a crash may write its memory first."""

_LOOK = 0.2
"""Seconds between two looks at a process that works."""

_CRASHES = tuple(-getattr(signal, f"SIG{name}") for name in ("SEGV", "BUS", "ABRT", "FPE", "ILL"))
"""Exit statuses of a process that its own work has ended, and not the system or a person."""

_STARTED, _PART, _ANSWER, _ERROR = "started", "part", "answer", "error"

_starting = threading.Lock()
_parent: Connection | None = None
"""In a process that may be killed: the way to the one that waits for it."""


class Broken(Exception):
    """A process was late, or has died.

    Attributes
    ----------
    reason : str
        Such as "took longer than 60 s".
    part : int or None
        Which part of its work it had begun last, as `begin` has said.
    deserved : bool
        Whether its work is to blame, and not whoever has killed it.
    """

    def __init__(self, reason: str, part: int | None, deserved: bool) -> None:
        super().__init__(reason)
        self.reason, self.part, self.deserved = reason, part, deserved


class Killable:
    """Calls a function in a process that is replaced where it is late or has died.

    Parameters
    ----------
    function : callable
        A module-level function (it is pickled).
    seconds : float
        By the clock, for each part of the work; those that both processes slept do not count.
    work : float
        Seconds of the processor, for each part of the work.
    memory : int, optional
        Bytes of address space of the process.
    """

    _starts: bool
    """Whether its process has not said yet that it has started."""

    def __init__(
        self,
        function: Callable[..., Any],
        seconds: float = inf,
        work: float = inf,
        memory: int | None = None,
    ) -> None:
        self.function, self.seconds, self.work, self.memory = function, seconds, work, memory
        self._closed, self._changing = False, threading.Lock()
        self._start()

    def __call__(self, *arguments: Any) -> Any:
        """Return what the function does, or raise what it raises.

        Raises
        ------
        Broken
            The process was late or has died; there is a new one.
        """
        kind, content, part = _PART, cast(Any, None), None
        try:
            if self._starts:
                self._ours.recv()  # loading the function takes no part's time
                self._starts = False
            self._ours.send(arguments)
            while kind == _PART:
                part = content
                kind, content = self._receive()
        except (TimeoutError, EOFError, OSError) as error:
            broken = self._why(error, part)
            with self._changing:
                self._stop()
                if not self._closed:
                    self._start()
            raise broken from None
        if kind == _ERROR:
            raise content
        return content

    def close(self) -> None:
        """Kill the process, even from another thread than the one that waits for it."""
        with self._changing:
            self._closed = True
            self._stop()

    def _start(self) -> None:
        prepare(self.function)
        context = multiprocessing.get_context("forkserver")  # a new one starts in milliseconds
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        with _starting, _without_script():
            self._ours, theirs = context.Pipe()
            given = theirs, self.function, self.memory, self._folder.name
            self._process = context.Process(target=_work, args=given, daemon=True)
            self._process.start()
        self._starts = True
        theirs.close()

    def _stop(self) -> None:
        self._process.kill()
        self._folder.cleanup()

    def _receive(self) -> tuple[str, Any]:
        waited, worked = 0.0, self._worked()
        while not self._ours.poll(_LOOK):
            waited += _LOOK
            if waited > self.seconds or self._worked() - worked > self.work:
                raise TimeoutError
        return self._ours.recv()

    def _worked(self) -> float:
        """Return the processor time that the process has had, in seconds."""
        if self.work == inf:
            return 0.0
        try:
            times = psutil.Process(self._process.pid).cpu_times()
        except psutil.Error:
            raise EOFError from None
        return times.user + times.system

    def _why(self, error: Exception, part: int | None) -> Broken:
        if isinstance(error, TimeoutError):
            return Broken(f"took longer than {min(self.seconds, self.work):.0f} s", part, True)
        self._process.join(_DYING)
        status = self._process.exitcode
        if status is not None and status in _CRASHES:
            return Broken(f"crashed ({signal.Signals(-status).name})", part, True)
        return Broken("was killed", part, False)


class KillablePool:
    """Several processes that can be killed; each call is answered by one that is free.

    Parameters
    ----------
    make : callable
        Makes a `Killable`, or what is called and closed like one.
    count : int
    """

    def __init__(self, make: Callable[[], Any], count: int) -> None:
        self._all = [make() for _ in range(count)]
        self._free: SimpleQueue[Any] = SimpleQueue()
        for one in self._all:
            self._free.put(one)

    def __call__(self, *arguments: Any) -> Any:
        """Return what a free one does."""
        one = self._free.get()
        try:
            return one(*arguments)
        finally:
            self._free.put(one)

    def close(self) -> None:
        """Kill the processes."""
        for one in self._all:
            one.close()


def prepare(function: Callable[..., Any]) -> None:
    """Have the modules of a function loaded beside other work, before they are needed."""
    with _starting, _without_script():
        multiprocessing.set_forkserver_preload([__name__, _module(function)])
        forkserver.ensure_running()


def begin(part: int) -> None:
    """Tell the process that may kill this one, if any, which part of its work begins."""
    if _parent is not None and threading.current_thread() is threading.main_thread():
        _parent.send((_PART, part))


def _work(requests: Connection, function: Callable, memory: int | None, folder: str) -> None:
    """Answer requests until the other end is closed."""
    global _parent
    _parent, tempfile.tempdir = requests, folder
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that kills this one
    if memory is not None:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    requests.send(_STARTED)
    while True:
        try:
            arguments = requests.recv()
        except EOFError:
            return
        try:
            answer = _ANSWER, function(*arguments)
        except Exception as error:
            error.add_note(traceback.format_exc())
            answer = _ERROR, error
        requests.send(answer)


@contextmanager
def _without_script() -> Iterator[None]:
    """Hide the user's script, which a process that starts meanwhile would run again."""
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


def _module(function: Callable[..., Any]) -> str:
    return _module(function.func) if isinstance(function, partial) else function.__module__
