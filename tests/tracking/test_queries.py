"""Reading a store."""

import base64
import json
import subprocess
import sys
import zlib

import mlflow
import pytest
from mlflow.store.db.utils import _get_latest_schema_revision

from galopt.errors import GaloptError
from galopt.evaluation.published import PUBLISHED
from galopt.tracking import queries, sqlite, ui_view
from galopt.tracking.models import open_model
from galopt.tracking.queries import all_runs, find_run, predictions
from galopt.tracking.store import EXPERIMENT, open_store

pytestmark = pytest.mark.filterwarnings("ignore:.*Any type hint is inferred:UserWarning")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.create_experiment(EXPERIMENT, artifact_location=str(folder / "artifacts"))
    experiment = open_store()
    with mlflow.start_run(experiment_id=experiment, run_name="mine", tags={"galopt.kind": "run"}):
        mlflow.log_metrics({"test_rmse": 0.16, "undefined": float("nan")})
        mlflow.log_param("train.seed", 1)
        mlflow.log_text("id,voted_disk,predicted_disk\n007,0.5,0.25\n", "predictions.csv")
    yield
    mlflow.set_tracking_uri(None)


@pytest.mark.usefixtures("store")
def test_runs_are_read_with_the_published_ones():
    runs = all_runs()
    assert len(runs) == len(PUBLISHED) + 1
    mine = find_run("mine", runs)
    assert mine.metrics["test_rmse"] == 0.16
    assert mine.params == {"train.seed": "1"}
    assert sum(run.kind == "published" for run in runs) == len(PUBLISHED)


@pytest.mark.usefixtures("store")
def test_predictions_keep_their_ids_as_text():
    table = predictions(find_run("mine", all_runs()))
    assert table is not None
    assert table["id"].tolist() == ["007"]


@pytest.mark.usefixtures("store")
def test_run_without_predictions_has_none():
    assert predictions(find_run(PUBLISHED[0].name, all_runs())) is None


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("reference", ["models:/galopt@champion", "models:/galopt/7", "mine"])
def test_missing_model_is_one_line(reference):
    with pytest.raises(GaloptError, match="no model there") as caught:
        open_model(reference)
    assert "\n" not in str(caught.value)


def test_folder_without_a_store_is_left_as_it_is(tmp_path, monkeypatch):
    before = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    try:
        with pytest.raises(GaloptError, match="The first one: uv run mlflow run"):
            all_runs()
    finally:
        mlflow.set_tracking_uri(before)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("store")
def test_view_is_saved_once_and_stays_the_user_s():
    experiment = mlflow.get_experiment_by_name(EXPERIMENT).experiment_id
    tag = "mlflow.sharedViewState.galopt"
    address = ui_view.prepare(experiment)
    assert address.startswith(f"/#/experiments/{experiment}/runs?")
    saved = json.loads(mlflow.get_experiment(experiment).tags[tag])
    state = json.loads(zlib.decompress(base64.b64decode(saved["state"].removeprefix("deflate;"))))
    assert "metrics.`test_rmse`" in state["selectedColumns"]
    mlflow.MlflowClient().set_experiment_tag(experiment, tag, "changed by the user")
    assert ui_view.prepare(experiment) == address
    assert mlflow.get_experiment(experiment).tags[tag] == "changed by the user"


@pytest.mark.usefixtures("store")
def test_the_file_is_read_as_mlflow_reads_it():
    runs = all_runs()
    assert len(runs) > 1
    assert repr(runs) == repr(queries._search())


@pytest.mark.usefixtures("store")
def test_a_list_of_runs_and_their_predictions_do_without_mlflow():
    code = (
        "import sys; from galopt.tracking.queries import all_runs, find_run, predictions; "
        "table = predictions(find_run('mine', all_runs())); "
        "print(len(table), {'mlflow', 'keras'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1 set()"


def test_the_schema_is_that_of_the_installed_mlflow():
    assert _get_latest_schema_revision() == sqlite.SCHEMA
