"""The `galopt` command."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from galopt.cli.main import app, main
from galopt.compute.versions import VERSION

HEAVY = ("tensorflow", "keras", "mlflow", "jax", "torch")


@pytest.mark.parametrize("module", ["galopt", "galopt.cli.main", "galopt.prediction.predict"])
def test_import_is_light(module):
    code = f"import sys, {module}; print(*[n for n in {HEAVY} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    "command",
    ["demo", "runs", "compare", "params", "report", "ui", "predict", "search", "data"]
    + ["serve", "export", "embed", "similar", "outliers"],
)
def test_every_command_explains_itself(command):
    done = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "120"})
    assert done.exit_code == 0
    assert done.stdout.strip()


def test_version_is_said():
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, f"galopt {VERSION}\n")


def test_params_prints_what_can_be_read_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text("train: {epochs: 7}\n")
    done = CliRunner().invoke(app, ["params", "augment.zoom=1.2"])
    assert done.exit_code == 0
    assert "epochs: 7" in done.stdout
    assert "zoom: 1.2" in done.stdout
    (tmp_path / "again.yaml").write_text(done.stdout)
    again = CliRunner().invoke(app, ["params", "--file", "again.yaml"])
    assert again.stdout == done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["params", "train.epoch=2"], "did you mean train.epochs"),
        (["report"], "metrics/train.json: missing"),
        (["predict", "nowhere/"], "there is no nowhere/: name images"),
        (["runs"], "no runs here"),
        (["ui"], "no runs here"),
        (["compare"], "give --last 2"),
    ],
)
def test_error_is_one_line_and_status_2(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").touch()
    monkeypatch.setattr(sys, "argv", ["galopt", *words])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("galopt: ")
    assert message in error
    assert error.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["params.yaml"]


def test_predict_refuses_to_overwrite_before_it_loads_a_model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.jpg", "predictions.csv"):
        (tmp_path / name).touch()
    done = CliRunner().invoke(app, ["predict", "a.jpg"])
    assert "--overwrite" in str(done.exception)
    assert (tmp_path / "predictions.csv").read_text() == ""
