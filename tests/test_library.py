"""galopt as a library: its public names, their examples, what importing it costs and reads."""

import doctest
import subprocess
import sys
import tomllib

import mlflow
import pytest
from helpers.project import PROJECT

import galopt
from galopt.errors import DataError


def test_the_public_names_are_six_functions_with_examples():
    assert dir(galopt) == sorted([*galopt.__all__, "__version__"])
    for name in galopt.__all__:
        assert ">>> import galopt" in getattr(galopt, name).__doc__, name


def test_importing_galopt_loads_nothing_heavy():
    heavy = ("numpy", "pandas", "keras", "tensorflow", "mlflow", "yaml", "pydantic")
    code = f"import sys, galopt; print(*[name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_version_is_that_of_the_package():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert galopt.__version__ == project["version"]


def test_the_examples_give_what_they_say(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    known: dict = {"galopt": galopt}
    for name in ("load_config", "load_dataset", "train", "open_model", "evaluate", "compare"):
        runner = doctest.DocTestRunner()
        for example in doctest.DocTestFinder(recurse=False).find(
            getattr(galopt, name), name, globs=known
        ):
            runner.run(example, clear_globs=False)
            known |= example.globs
        assert runner.summarize(verbose=False) == (0, runner.tries), name
        if name == "train":
            known["trained"] = known["run"]
    mlflow.set_tracking_uri(None)


def test_a_folder_without_a_dataset_is_refused_and_nothing_of_it_is_guessed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text("train: {epochs: 7}\n")
    assert galopt.load_config().train.epochs != 7
    with pytest.raises(DataError, match="no dataset"):
        galopt.load_dataset("data/dataset")
