"""The web pages' server."""

import sys
import threading

from galopt.tracking import ui


def test_notes_of_the_server_are_held_back_and_errors_shown(monkeypatch, capfd):
    monkeypatch.delenv("GALOPT_VERBOSE", raising=False)
    says = (
        "import sys, warnings; print('Registry store URI not provided.');"
        "print('[MLflow] Security middleware enabled with defaults', file=sys.stderr);"
        "warnings.warn('old'); print('it broke', file=sys.stderr)"
    )
    process = ui._start([sys.executable, "-c", says], {})
    assert process.wait() == 0
    for thread in threading.enumerate():
        if thread.name == ui.READER:
            thread.join()
    assert capfd.readouterr() == ("", "it broke\n")
