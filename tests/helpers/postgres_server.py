"""A real PostgreSQL for tests, started in a temporary folder and stopped after."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

POSTGRES = Path("/usr/lib/postgresql/15/bin")


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


class PostgreSQL:
    """A server with an empty database `studies`.

    Parameters
    ----------
    folder : path
        Owned by the user postgres.
    host : str
        This machine's address that it listens on.
    """

    def __init__(self, folder: Path, host: str) -> None:
        self.folder, self.host, self.port = folder, host, free_port(host)
        self.url = f"postgresql://postgres:secret@{host}:{self.port}/studies"
        password = folder / "password"
        password.write_text("secret")
        self._run("initdb", "-D", self.data, "-A", "scram-sha-256", f"--pwfile={password}")
        with Path(self.data, "pg_hba.conf").open("a") as access:
            access.write(f"host all all {host}/24 scram-sha-256\n")
        self.start()
        self._run("createdb", "-h", host, "-p", str(self.port), "studies")

    @property
    def data(self) -> str:
        """Folder of the databases."""
        return str(self.folder / "data")

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses={self.host} -k {self.folder}"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", self.data, "-l", log, "-w", "-o", options, "start")

    def stop(self) -> None:
        """Stop the server at once, whoever is connected."""
        self._run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        words = ["runuser", "-u", "postgres", "--", "env", "PGPASSWORD=secret"]
        command = [*words, str(POSTGRES / program), *arguments]
        done = subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd="/"
        )
        assert done.returncode == 0, done.stderr


@contextmanager
def serving(host: str = "127.0.0.1") -> Iterator[PostgreSQL]:
    """Yield a running PostgreSQL 15; it and its files go when the block ends."""
    if not (POSTGRES / "initdb").exists() or not shutil.which("runuser"):
        pytest.skip("no PostgreSQL 15: .ci/services installs it")
    folder = Path(subprocess.check_output(["mktemp", "-d", "/tmp/galopt-pg.XXXX"], text=True)[:-1])
    shutil.chown(folder, "postgres", "postgres")
    server = None
    try:
        server = PostgreSQL(folder, host)
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder)


@pytest.fixture
def postgresql():
    """Return a running PostgreSQL 15."""
    with serving() as server:
        yield server
