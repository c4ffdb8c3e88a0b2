"""A real SLURM of one node with two pretend GPUs, started in a temporary folder and stopped after.

After munge and Debian's slurm 22.05, without systemd; the daemons listen on this machine only.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

CONFIGURATION = """\
ClusterName=galopt
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={daemon}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
MpiDefault=none
SwitchType=switch/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
KillWait=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 Port={daemon} CPUs=2 RealMemory=2000 Gres=gpu:2 State=UNKNOWN
PartitionName=gpu Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
DAEMONS = ("munged", "slurmctld", "slurmd")
PATIENCE = 60


class Slurm:
    """A cluster whose commands find it by the environment variable `SLURM_CONF`.

    Parameters
    ----------
    folder : path
        Its configuration, its sockets, its state, its logs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "slurm.conf"
        self.daemons: list[subprocess.Popen] = []

    def start(self) -> None:
        """Start munge and both daemons; return when the node is idle."""
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        self._configure()
        self._start("munged", *self._munge())
        self._wait(lambda: (self.folder / "munge" / "socket").exists(), "munge")
        self._start("slurmctld", "-D", "-f", str(self.file))
        self._start("slurmd", "-D", "-f", str(self.file), "-N", self.host)
        self._wait(lambda: "idle" in self.run("sinfo", "-h", "-o", "%T"), "SLURM")

    def stop(self) -> None:
        """Cancel all jobs and end the daemons, the last one first."""
        if len(self.daemons) == len(DAEMONS):
            self.run("scancel", "--user=root")
            self._wait(lambda: not self.jobs(), "the last job")
        for daemon in reversed(self.daemons):
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(PATIENCE)

    def jobs(self) -> list[str]:
        """Return the numbers of the jobs that have not ended."""
        return self.run("squeue", "-h", "-o", "%i").split()

    def run(self, *words: str) -> str:
        """Run one of SLURM's commands and return what it prints."""
        environment = os.environ | {"SLURM_CONF": str(self.file)}
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        return done.stdout

    @property
    def host(self) -> str:
        """Return the node's name."""
        return socket.gethostname().split(".")[0]

    def _configure(self) -> None:
        for number in (0, 1):
            os.mknod(self.folder / f"gpu{number}", 0o20666, os.makedev(1, 3))  # as /dev/null is
        gpus = f"NodeName={self.host} Name=gpu File={self.folder}/gpu[0-1]\n"
        (self.folder / "gres.conf").write_text(gpus)
        controller, daemon = _free_ports(2)
        self.file.write_text(
            CONFIGURATION.format(
                host=self.host, controller=controller, daemon=daemon, folder=self.folder
            )
        )

    def _munge(self) -> list[str]:
        """Return the options of a munge of our own."""
        folder = self.folder / "munge"
        folder.mkdir()
        (folder / "key").write_bytes(os.urandom(128))
        (folder / "key").chmod(0o400)
        files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log"}
        files["seed-file"] = "seed"
        return ["--foreground", *(f"--{name}={folder / file}" for name, file in files.items())]

    def _start(self, name: str, *options: str) -> None:
        log = (self.folder / f"{name}.out").open("w")
        with log:
            self.daemons.append(
                subprocess.Popen([name, *options], stdout=log, stderr=subprocess.STDOUT)
            )

    def _wait(self, there: Callable[[], object], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not there():
            if time.monotonic() > end:
                raise AssertionError(f"{what} did not answer; see {self.folder}")
            time.sleep(0.3)


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@pytest.fixture
def slurm():
    """Return a running SLURM; its jobs, daemons and files go when the test ends."""
    if os.geteuid() or not all(shutil.which(name) for name in DAEMONS):
        pytest.skip("no SLURM, or not root: .ci/services installs it")
    with tempfile.TemporaryDirectory(prefix="galopt-slurm.", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        cluster = Slurm(Path(folder))
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()
