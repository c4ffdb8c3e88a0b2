"""Where trials run: the GPUs of a machine, the files that describe clusters."""

import gc
import os
import time

import pytest
import yaml
from helpers.project import PROJECT

from galopt.compute import clusters
from galopt.compute.devices import gpus
from galopt.errors import ConfigError, GaloptError

FILES = PROJECT / "clusters"


@pytest.mark.parametrize(
    ("visible", "found"),
    [("0,1", ["0", "1"]), ("3", ["3"]), ("", []), ("-1", []), ("GPU-8a", ["GPU-8a"])],
)
def test_only_visible_gpus_are_used(monkeypatch, visible, found):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpus() == found


def test_a_machine_without_nvidias_tools_has_no_gpu(monkeypatch, tmp_path):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpus() == []


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("slurm.yaml", ["#SBATCH -p gpu", "#SBATCH --gres=gpu:1", "--cpus-per-task=4"]),
        ("pbs.yaml", ["#PBS -q gpu", "#PBS -l select=1:ncpus=4:ngpus=1:mem=16gb"]),
    ],
)
@pytest.mark.filterwarnings("ignore:Port 8787 is already in use")  # by another Dask here
def test_a_ready_made_file_describes_a_job_of_one_trial(file, words):
    pytest.importorskip("dask_jobqueue", reason="uv sync --extra cluster")
    cluster = clusters._from_file(FILES / file, workers=0)
    try:
        script = cluster.job_script()
    finally:
        cluster.close()
    for word in [*words, "--resources slot=1", "--nthreads 4", "TIMEOUTS__TCP=180s"]:
        assert word in script


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind: lsf", "kind is 'lsf', not slurm, pbs or ssh"),
        ("[slurm]", "kind is None"),
        ("kind: [", "expected the node content"),
        (yaml.safe_dump({"kind": "slurm", "cores": 1, "memory": "1GB", "gpus": 2}), "gpus"),
        (yaml.safe_dump({"kind": "slurm", "cores": 1}), "memory"),
    ],
)
@pytest.mark.filterwarnings("ignore:unclosed cluster:ResourceWarning")  # it was half made
def test_a_bad_file_is_one_line_that_names_it(tmp_path, text, words):
    if "kind: slurm" in text:
        pytest.importorskip("dask_jobqueue", reason="uv sync --extra cluster")
    file = tmp_path / "cluster.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        clusters._from_file(file, workers=0)
    message = str(caught.value)
    assert message.startswith(f"cluster={file}: ")
    assert words in message
    assert "\n" not in message
    del caught
    gc.collect()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("tcp://127.0.0.1:1", "refused|Timed out"),
        ("nowhere://127.0.0.1:1", "unknown address scheme"),
    ],
)
def test_a_scheduler_that_does_not_answer_is_one_line_that_names_it(address, words, monkeypatch):
    monkeypatch.setattr(clusters, "ANSWER_SECONDS", 2)
    with (
        pytest.raises(GaloptError, match=f"cluster={address}: .*({words})") as caught,
        clusters.open_cluster(address, workers=2),
    ):
        pass
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:Port 8787 is already in use")
def test_a_batch_system_that_refuses_jobs_is_heard_once(tmp_path, monkeypatch, caplog):
    pytest.importorskip("dask_jobqueue", reason="uv sync --extra cluster")
    refuse = tmp_path / "sbatch"
    refuse.write_text("#!/bin/sh\necho 'sbatch: error: invalid partition: gpus' >&2\nexit 1\n")
    refuse.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    options = {"kind": "slurm", "cores": 1, "memory": "1GB", "interface": "lo"}
    (tmp_path / "slurm.yaml").write_text(yaml.safe_dump(options))
    with clusters.open_cluster(str(tmp_path / "slurm.yaml"), workers=2):
        end = time.monotonic() + 60
        while not caplog.records and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(2)  # another attempt
    said = [record.getMessage() for record in caplog.records if record.name.startswith("galopt")]
    assert said == [
        "jobs are refused (sbatch: error: invalid partition: gpus): stop, mend what describes "
        "them, and do the same again"
    ]
