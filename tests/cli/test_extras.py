"""What a person without the extra `train` can do, and is told."""

import subprocess
import sys
import tomllib

from helpers.project import PROJECT
from PIL import Image

from galopt import errors

BLOCKED = """
import sys
sys.modules.update(dict.fromkeys({names}))  # None: importing it fails
from galopt.cli.main import main
sys.argv[1:] = {words}
main()
"""
MODEL = PROJECT / "tests" / "data" / "model_0_1"


def galopt(folder, *words: str) -> subprocess.CompletedProcess:
    """Run the command in a folder, without the modules of the extra."""
    code = BLOCKED.format(names=set().union(*errors._EXTRAS.values()), words=list(words))
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)


def test_the_modules_are_those_of_the_extras():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    for extra, modules in errors._EXTRAS.items():
        stated = project["optional-dependencies"][extra]
        assert {line.split(">")[0] for line in stated} == modules


def test_predict_needs_nothing_of_it(tmp_path):
    Image.radial_gradient("L").save(tmp_path / "galaxy.png")
    done = galopt(tmp_path, "predict", "galaxy.png", "--model", str(MODEL))
    assert done.returncode == 0, done.stderr
    assert "1 galaxies, spheroid, disk" in done.stdout
    assert "logged before version 0.2" in done.stdout


def test_what_needs_it_says_so_in_one_line(tmp_path):
    done = galopt(tmp_path, "search", "status")
    assert done.returncode == 2
    assert "pip install 'galopt[train]'" in done.stderr
    assert "Traceback" not in done.stderr
