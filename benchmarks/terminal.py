"""Records a command on a terminal: its lines with seconds, its longest silence, foreign lines.

What a progress bar draws again is kept every five seconds. The exit status is 1 if nothing
was seen for more than ten seconds, or if another program than galopt spoke.

    uv run python -m benchmarks.terminal recording.txt uv run galopt demo
"""

import os
import pty
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

SILENCE = 10.0
"""Seconds without a sign of life that a person may be left alone with."""
REDRAWN = 5.0
"""Seconds between two states of a progress bar that are kept."""

FOREIGN = re.compile(
    r"^[IWEF]\d{4} \d|^WARNING: All log messages|^\d{4}-\d\d-\d\d [\d:.]+: |oneDNN|\bcuda"
    r"|^\d{4}/\d\d/\d\d [\d:]+ |\bmlflow\.[a-z_]+\.[a-z]|\balembic\b|git add|dvc push|dvc\.lock"
    r"|Running stage|didn't change|retracing|Warning: |site-packages|Traceback"
)
"""Lines of TensorFlow, absl, oneDNN, MLflow, alembic, DVC and of Python's warnings."""
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()=>][0-9A-Z]?")
"""Colours and movements of the cursor."""


def foreign_lines(text: str) -> list[str]:
    """Return the lines of what was printed that other programs than galopt wrote."""
    return [line for line in text.splitlines() if FOREIGN.search(line)]


def record(command: list[str]) -> Iterator[tuple[float, str]]:
    """Run a command on a terminal of its own; yield what it prints, with the seconds."""
    started = time.monotonic()
    process, terminal = pty.fork()
    if process == 0:
        os.environ |= {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
        os.execvp(command[0], command)
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # so Linux says that the terminal was closed
            break
        yield time.monotonic() - started, chunk.decode(errors="replace")
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    yield time.monotonic() - started, f"exit status {status}\n"


def lines(
    chunks: Iterator[tuple[float, str]], redrawn: float = REDRAWN
) -> Iterator[tuple[float, str]]:
    """Yield finished lines, and now and then what is drawn over and over, with the seconds."""
    rest, drawn = "", 0.0
    for seconds, chunk in chunks:
        *parts, rest = re.split(r"(?<=[\n\r])", rest + chunk.replace("\r\n", "\n"))
        for part in parts:
            line = CONTROL.sub("", part).strip()
            if line and (part.endswith("\n") or seconds - drawn > redrawn):
                drawn = seconds
                yield seconds, line


def main() -> None:
    """Record, then judge."""
    out, *command = sys.argv[1:]
    times, said = [0.0], []

    def timed() -> Iterator[tuple[float, str]]:
        for seconds, chunk in record(command):
            times.append(seconds)
            yield seconds, chunk

    with Path(out).open("w") as file:
        print(f"$ {' '.join(command)}", file=file)
        for seconds, line in lines(timed()):
            said.append(line)
            print(f"{seconds:7.1f}  {line}", file=file, flush=True)
    gap, at = max((later - before, before) for before, later in zip(times, times[1:], strict=False))
    foreign = foreign_lines("\n".join(said))
    print(f"{out}: {times[-1]:.0f} s, {len(said)} lines")
    print(f"longest silence: {gap:.1f} s, after {at:.0f} s")
    for line in foreign:
        print(f"foreign: {line}")
    if gap > SILENCE or foreign:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
