"""DVC, called where a run needs the dataset."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import psutil
import yaml

from galopt.compute.lock import alone, wait_while
from galopt.config.load import load_config
from galopt.data.protect_user_files import check_files
from galopt.errors import GaloptError, verbose
from galopt.paths import DATA, DATASET, PARAMS

LOCK = Path("dvc.lock")
RWLOCK = Path(".dvc/tmp/rwlock")
"""Which processes use which stages' files; DVC believes any process of the same number."""
CLOCK = 2.0
"""Seconds by which a file's time and a process's may differ."""

logger = logging.getLogger(__name__)

_DVC = (
    "import os, sys; {}sys.argv[0] = 'dvc'; from dvc.cli import main; sys.exit(main(sys.argv[1:]))"
)
_SILENT = "sys.stdout = open(os.devnull, 'w'); "
"""What a stage prints does not pass through it, nor do errors."""


def make_dataset() -> None:
    """Reproduce `data/dataset` if it is missing or `params.yaml` asks for another.

    One process at a time does; others wait for it, and for a `dvc repro` beside it.

    Raises
    ------
    DataError
        Files of the user lie where the stages write; nothing has been touched.
    GaloptError
        A stage failed; it has said why.
    """
    logger.info("Making the dataset, unless it is there as params.yaml says (DVC)")
    check_files(load_config(PARAMS))
    _check_folder()
    _check_lock()
    with alone(DATA / ".lock", "making the dataset"):
        _prepare()
        wait_while(_blocker)
        about = DATASET / "dataset.json"
        if not about.exists() and LOCK.exists():
            _dvc("checkout", "-q", "rescale", errors=subprocess.DEVNULL)  # if the cache has it
        here = ["--allow-missing"] if about.exists() else []  # then it needs no stamps
        if _dvc("repro", "rescale", *here):
            raise GaloptError("the dataset could not be made: see the message of the stage above")


def fetch_dataset() -> None:
    """Fetch `data/dataset` of `dvc.lock` from the DVC remote.

    Raises
    ------
    GaloptError
        There is no remote, or it does not have this dataset.
    """
    if _dvc("pull", "-q", "rescale"):
        raise GaloptError("the dataset is not here and could not be pulled: see DVC's message")


def _check_folder() -> None:
    """Refuse a folder of whose name DVC makes a pattern that it then fills in."""
    here = str(Path.cwd())
    if "{" in here or "}" in here:
        raise GaloptError(f"{here}: DVC cannot work in a path with {{ or }} : rename the folder")


def _check_lock() -> None:
    """Refuse a `dvc.lock` that was cut off or that a merge has left in two halves."""
    if not LOCK.exists():
        return
    try:
        whole = isinstance(yaml.safe_load(LOCK.read_text("utf-8")), dict)
    except (yaml.YAMLError, UnicodeDecodeError):
        whole = False
    if not whole:
        raise GaloptError(
            f"{LOCK} cannot be read, as after a merge or a crash: restore it (git checkout HEAD "
            f"{LOCK}), or move it away, and every stage runs again"
        )


def _prepare() -> None:
    """Make the project one of DVC where it came without git, as from an archive."""
    if not Path(".dvc").is_dir():
        _dvc("init", "--no-scm", "-q")
    local = Path(".dvc/config.local")
    if not Path(".git").exists() and not local.exists():
        local.write_text("[core]\n    no_scm = true\n", encoding="utf-8")


def _dvc(*arguments: str, errors: int | None = None) -> int:
    """Run DVC so that the `python` of `dvc.yaml` is this one; return its exit status."""
    environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_RUN_ID"}
    here = str(Path(sys.executable).parent)
    environment["PATH"] = os.pathsep.join([here, environment.get("PATH", "")])
    notes = "" if verbose() else _SILENT
    command = [sys.executable, "-c", _DVC.format(notes), "--wait-for-lock", *arguments]
    return subprocess.run(command, env=environment, stderr=errors).returncode


def _blocker() -> str | None:
    """Return which process holds files of the stages; forget those that are gone."""
    try:
        written = RWLOCK.stat().st_mtime
        held = json.loads(RWLOCK.read_text("utf-8"))
        owners = [one for many in held.get("read", {}).values() for one in many]
        owners += held.get("write", {}).values()
    except FileNotFoundError:
        return None
    except (ValueError, AttributeError):  # cut off: its process was killed while writing
        owners = []
    for owner in owners:
        if _works(owner["pid"], written):
            return f"process {owner['pid']}: {owner['cmd']}"
    RWLOCK.unlink(missing_ok=True)
    return None


def _works(pid: int, written: float) -> bool:
    """Whether a process is the DVC that wrote the file, and not a later one of its number."""
    try:
        process = psutil.Process(pid)
        return process.create_time() <= written + CLOCK and "dvc" in " ".join(process.cmdline())
    except psutil.Error:
        return False
