"""How much memory there is: of the machine, or of the container or job that holds this process."""

import psutil
import pytest

from galopt.compute import memory


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """Return the folder of the groups; this process is in one inside another."""
    monkeypatch.setattr(memory, "_ROOT", tmp_path)
    monkeypatch.setattr(memory, "_MINE", tmp_path / "mine")
    (tmp_path / "mine").write_text("5:cpu:/jobs\n4:memory:/jobs/7\n0::/jobs/7\n")
    for folder in ("jobs/7", "memory/jobs/7"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def test_without_a_limit_it_is_the_memory_of_the_machine(groups):
    assert 0 < memory.available_memory() <= psutil.virtual_memory().total
    (groups / "memory.max").write_text("max\n")
    (groups / "memory.current").write_text("5\n")
    assert memory.available_memory() > 2**20
    (groups / "mine").unlink()
    assert memory.available_memory() > 2**20


@pytest.mark.parametrize("group", ["jobs/7", "jobs", "."])
def test_the_limit_of_a_container_counts_without_its_cache_of_files(groups, group):
    (groups / group / "memory.max").write_text("1000000\n")
    (groups / group / "memory.current").write_text("700000\n")
    assert memory.available_memory() == 300_000
    (groups / group / "memory.stat").write_text("anon 1\ninactive_file 100000\n")
    assert memory.available_memory() == 400_000


def test_the_limit_of_a_job_counts_with_the_older_groups(groups):
    folder = groups / "memory" / "jobs" / "7"
    (folder / "memory.limit_in_bytes").write_text("1000\n")
    (folder / "memory.usage_in_bytes").write_text("1500\n")
    (folder / "memory.stat").write_text("inactive_file 100\ntotal_inactive_file 200\n")
    assert memory.available_memory() == 0
