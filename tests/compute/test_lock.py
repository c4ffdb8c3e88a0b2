"""Two at once: the second waits, says for whom, and goes on."""

import logging
import subprocess
import sys

from galopt.compute import lock
from galopt.compute.lock import alone

HOLD = """
import sys, time
from pathlib import Path
from galopt.compute.lock import alone
with alone(Path(sys.argv[1]), "making the dataset"):
    print("here", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def holder(path, seconds: float) -> subprocess.Popen:
    command = [sys.executable, "-c", HOLD, str(path), str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "here\n"
    return process


def test_the_second_waits_and_says_for_whom_and_how_long(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(lock, "REMIND", 1.0)
    with holder(tmp_path / "lock", 2.5) as process:
        with caplog.at_level(logging.INFO), alone(tmp_path / "lock", "making the dataset"):
            process.wait(10)  # its block has ended, so the process is about to
        first, *_, last = caplog.messages
    assert first.startswith(f"Waiting for process {process.pid}, since ")
    assert first.endswith("(making the dataset)")
    assert last.endswith(" s so far")


def test_a_killed_process_holds_nothing(tmp_path, caplog):
    process = holder(tmp_path / "lock", 60)
    process.kill()
    process.communicate()
    with caplog.at_level(logging.INFO), alone(tmp_path / "lock", "making the dataset"):
        assert not caplog.messages
