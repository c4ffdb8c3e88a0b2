"""The driver of `study_of_noise.py` as a process that a test signals, reads and kills."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parent / "study_of_noise.py"
PATIENCE = 180


class Process:
    """The script in a process group of its own, its lines read as they come."""

    def __init__(self, *arguments: object, **environment: str) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, str(SCRIPT), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=os.environ | environment,
        )

    def until(self, start: str, times: int = 1) -> None:
        """Read until so many further lines begin like this."""
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            times -= line.startswith(start)
            if not times:
                return
        raise AssertionError("\n".join(self.lines))

    def end(self) -> int:
        """Read the rest and return the exit status."""
        with self.process.stdout as rest:
            self.lines += rest.read().splitlines()
        return self.process.wait(PATIENCE)

    def signal(self, number: int) -> None:
        """Send a signal to the whole group, as a terminal does."""
        os.killpg(self.process.pid, number)
