"""Downloads survive what servers and disks do, and nothing wrong enters the cache."""

import os
import subprocess

import numpy as np
import pytest
from filelock import FileLock
from helpers.file_server import serving

from galopt.data.survey.candels import http
from galopt.data.survey.candels.download import cache_path, fetch
from galopt.errors import ConfigError, DataError

CONTENT = np.random.default_rng(1).bytes(3_000_000)


def keep(path):
    """Accept any file."""


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Serve one file, `a.bin`; the cache is empty and pauses are short."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(http, "BACK_OFF", 0.001)
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "a.bin").write_bytes(CONTENT)
    with serving(tmp_path / "www") as server:
        yield server


def fetched(server, sha256=None):
    return fetch(server.url("a.bin"), sha256, keep).path.read_bytes()


def cache(server):
    return cache_path(server.url("a.bin")).parent


def names(server):
    return sorted(path.suffix for path in cache(server).iterdir() if path.suffix != ".lock")


def test_a_second_start_asks_for_nothing(server):
    assert fetched(server) == CONTENT
    assert fetched(server) == CONTENT
    assert len(server.asked) == 1
    assert names(server) == [".bin", ".json"]


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize(
    "faults", [["cut"], ["cut", "cut"], ["503", "503"], ["redirect"], ["chunked"], ["503", "cut"]]
)
def test_passing_faults_end_in_the_whole_file(server, faults, ranges):
    server.faults, server.ranges = list(faults), ranges
    assert fetched(server) == CONTENT
    assert server.faults == []


def test_a_broken_download_goes_on_where_it_broke(server):
    server.faults = ["cut"]
    fetched(server)
    assert server.began == [0, 1_500_000]


def test_a_second_start_goes_on_where_the_first_gave_up(server):
    server.faults, server.ranges = ["cut"] * 20, False
    with pytest.raises(DataError, match=r"a\.bin: the download broke again and again after 1\.5"):
        fetched(server)
    server.faults, server.ranges = [], True
    assert fetched(server) == CONTENT
    assert server.began[-1] == 1_500_000


def test_a_file_that_changed_meanwhile_is_not_mixed_with_the_old(server):
    server.faults = ["cut"] + ["404"]
    with pytest.raises(DataError, match="404"):
        fetched(server)
    path = server.folder / "a.bin"
    path.write_bytes(CONTENT[::-1])
    os.utime(path, ns=(1, 1))
    assert fetched(server) == CONTENT[::-1]


def test_a_process_killed_before_the_last_step_downloads_nothing_again(server):
    url = server.url("a.bin")
    part = cache_path(url).with_name(f"{cache_path(url).name}.part")
    part.parent.mkdir(parents=True)
    http.download(url, part)
    assert fetched(server) == CONTENT
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        (["503"] * 5, "503 Service Unavailable"),
        (["404"], "404 Not Found"),
        (["redirect"] * 40, r"cannot be reached \(Exceeded 30 redirects"),
        (["unsized"], "does not say how long the file is"),
    ],
)
def test_lasting_faults_end_in_one_line(server, faults, message):
    server.faults = faults
    with pytest.raises(DataError, match=message) as caught:
        fetched(server)
    assert "\n" not in str(caught.value)
    assert "a.bin" in str(caught.value)


def test_an_unreachable_server_is_named(server):
    server.server_close()
    with pytest.raises(DataError, match=r"cannot be reached \(.*refused"):
        fetched(server)


def test_a_file_altered_in_the_cache_is_downloaded_again(server, caplog):
    path = fetch(server.url("a.bin"), None, keep).path
    path.write_bytes(CONTENT[:-1] + b"x")
    assert fetched(server) == CONTENT
    assert "is not what was downloaded" in caplog.text


def test_a_file_altered_on_the_server_is_refused_until_it_is_meant(server):
    path = fetch(server.url("a.bin"), None, keep).path
    path.unlink()
    (server.folder / "a.bin").write_bytes(b"another")
    with pytest.raises(DataError, match=r"no longer the file of the first download .* remove"):
        fetched(server)
    assert names(server) == [".json"]
    path.with_name(f"{path.name}.json").unlink()
    assert fetched(server) == b"another"


def test_a_stated_checksum_is_held(server):
    with pytest.raises(DataError, match=r"its sha256 is \w{64}, not 0{64} as stated"):
        fetched(server, "0" * 64)
    assert names(server) == []
    digest = fetch(server.url("a.bin"), None, keep).sha256
    assert fetched(server, digest) == CONTENT
    with pytest.raises(DataError, match="to download it again"):
        fetched(server, "0" * 64)


def test_a_file_that_fails_its_check_is_not_kept(server):
    def refuse(path):
        raise DataError("no galaxies")

    with pytest.raises(DataError, match="no galaxies"):
        fetch(server.url("a.bin"), None, refuse)
    assert names(server) == []


def test_two_processes_do_not_download_one_file(server):
    cache(server).mkdir(parents=True)
    with (
        FileLock(f"{cache_path(server.url('a.bin'))}.lock"),
        pytest.raises(DataError, match="another process"),
    ):
        fetched(server)


@pytest.mark.parametrize(
    ("faults", "message"),
    [([], r"2\.1 MB free, 3\.0 MB needed"), (["chunked"], "No space left on device.*what came")],
)
def test_a_full_disk_is_named(server, tmp_path, faults, message):
    small = tmp_path / "cache"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(small)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        server.faults = faults
        with pytest.raises(DataError, match=message):
            fetched(server)
        assert ".bin" not in names(server)
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_file_at_hand_is_used_where_it_is(tmp_path):
    path = tmp_path / "b.bin"
    path.write_bytes(b"here")
    assert fetch(str(path), None, keep).path == path
    with pytest.raises(DataError, match="as stated"):
        fetch(str(path), "0" * 64, keep)
    with pytest.raises(DataError, match="No such file"):
        fetch(str(tmp_path / "c.bin"), None, keep)
    with pytest.raises(ConfigError, match="neither"):
        fetch("ftp://example.org/a.bin", None, keep)
