"""The champion: taken over by the better model of the same dataset, and by no other."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest
from mlflow.pyfunc import PythonModel

from galopt.errors import GaloptError
from galopt.tracking import register
from galopt.tracking.registry import REQUIREMENTS, champion_of, champion_rmse


class Echo(PythonModel):
    """Answers what it is asked."""

    def predict(self, context, model_input: list[str]) -> list[str]:
        """Return the question."""
        return model_input


@pytest.fixture
def model(tmp_path, monkeypatch):
    """Return the address of a logged model, in a store of its own."""
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{Path.cwd()}/mlflow.db")
    with mlflow.start_run():
        logged = mlflow.pyfunc.log_model(name="model", python_model=Echo(), pip_requirements=[])
    yield logged.model_uri
    mlflow.set_tracking_uri(None)


def champion() -> int:
    return int(mlflow.MlflowClient().get_model_version_by_alias("galopt", "champion").version)


def test_only_a_better_model_of_the_same_dataset_becomes_champion(model, blobs):
    other = replace(blobs, info=blobs.info | {"hash": "other"})
    assert register(model, 0.15, blobs) is None
    assert "has a lower validation RMSE" in register(model, 0.16, blobs)
    assert "has a lower validation RMSE" in register(model, 0.15, blobs)
    assert "was trained on another dataset" in register(model, 0.10, other)
    assert champion() == 1
    assert register(model, 0.14, blobs) is None
    assert champion() == 5
    assert "learnt from 50 galaxies" in register(model, 0.01, blobs, galaxies=50)
    assert champion_rmse(blobs.info["hash"]) == 0.14
    assert champion_rmse("of nobody") is None
    assert champion() == 5


def test_a_champion_of_few_labels_makes_way_for_the_first_of_all(model, blobs):
    assert register(model, 0.10, blobs, galaxies=50) is None
    assert register(model, 0.15, blobs) is None
    assert champion() == 2


def test_a_network_worse_than_the_constant_is_never_champion(model, blobs):
    assert "always answering the mean" in register(model, 0.9, blobs)
    with pytest.raises(GaloptError, match="no network of the dataset"):
        champion_of(blobs.info["hash"])
    assert register(model, 0.15, blobs) is None


def test_each_dataset_has_its_champion(model, blobs):
    other = replace(blobs, info=blobs.info | {"hash": "other"})
    register(model, 0.15, blobs)
    register(model, 0.14, other)
    register(model, 0.13, other)
    register(model, 0.10, other, galaxies=50)
    assert champion_of(blobs.info["hash"]) == "models:/galopt@champion"
    assert champion_of(None) == "models:/galopt@champion"
    assert champion_of("other") == "models:/galopt/3"
    with pytest.raises(GaloptError, match="no network of the dataset.*champion takes one of anoth"):
        champion_of("third")


def test_nobody_is_champion_of_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    with pytest.raises(GaloptError, match="was trained yet.*builtin:modern"):
        champion_of("any")
    mlflow.set_tracking_uri(None)
    assert not list(tmp_path.iterdir())


def logged(seed: int) -> tuple[str, str]:
    """Return the id of a run of a seed, and the address of its model."""
    with mlflow.start_run() as run:
        mlflow.log_param("train.seed", seed)
        made = mlflow.pyfunc.log_model(name="model", python_model=Echo(), pip_requirements=[])
    return run.info.run_id, made.model_uri


@pytest.mark.parametrize("ended", ["KILLED", "FAILED"])
@pytest.mark.parametrize("val_rmse", [0.15, 0.9])  # learnt, or not
def test_a_run_that_was_killed_after_registering_leaves_no_second_version(
    model, blobs, val_rmse, ended
):
    client = mlflow.MlflowClient()
    killed, uri = logged(seed=1)
    register(uri, val_rmse, blobs)
    another, uri = logged(seed=2)
    register(uri, 0.2, blobs)
    for run in (killed, another):
        client.set_terminated(run, ended)
    register(logged(seed=1)[1], val_rmse, blobs)
    kept = {int(v.version) for v in client.search_model_versions("name = 'galopt'")}
    assert kept == {2, 3}
    assert champion() == (3 if val_rmse < 0.2 else 2)


LOADED = """
import ast, sys
from pathlib import Path
import galopt.tracking.pyfunc
import galopt.networks.build, galopt.networks.inference
files = {name: module.__file__ for name, module in sys.modules.items()
         if name.split(".")[0] == "galopt" and module.__file__}
found = set()
for file in files.values():
    for node in ast.parse(Path(file).read_text()).body:
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            found.add(node.module.split(".")[0])
print(*sorted(files), sep=",")
print(*sorted(found - sys.stdlib_module_names - {"galopt"}), sep=",")
"""
DISTRIBUTIONS = {"PIL": "pillow", "yaml": "pyyaml"}


def test_a_model_requires_what_its_code_imports():
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True)
    modules, imported = (line.split(",") for line in done.stdout.splitlines()[-2:])
    needless = (
        "galopt.data.splits",
        "galopt.data.survey",
        "galopt.data.dataset",
        "galopt.data.rescale",
    )
    assert not [name for name in modules if name.startswith(needless)]
    assert not {"galopt.tracking.store", "galopt.tracking.runs"} & set(modules)
    required = {*REQUIREMENTS, "mlflow"} - {"tensorflow"}  # Keras' backend
    assert {DISTRIBUTIONS.get(name, name) for name in imported} == required
