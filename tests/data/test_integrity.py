"""A dataset that is not what it says: told when it is opened, with the file and the way out."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from galopt.cli.main import app
from galopt.data import dataset, integrity
from galopt.errors import DataError
from galopt.files import read_json


@pytest.fixture(autouse=True)
def memory(tmp_path, monkeypatch) -> Path:
    """Return the file in which this test's machine remembers what it has checked."""
    monkeypatch.setattr(integrity, "_memory", lambda: tmp_path / "memory.json")
    return tmp_path / "memory.json"


@pytest.fixture
def folder(tmp_path, blobs) -> Path:
    shutil.copytree(blobs.folder, tmp_path / "dataset")
    return tmp_path / "dataset"


def pixels(change):
    def damage(folder: Path) -> None:
        images = np.load(folder / "images.npy")
        np.save(folder / "images.npy", change(images))

    return damage


def rows(change):
    def damage(folder: Path) -> None:
        change(pd.read_parquet(folder / "catalog.parquet")).to_parquet(
            folder / "catalog.parquet", index=False
        )

    return damage


def info(change):
    def damage(folder: Path) -> None:
        told = read_json(folder / "dataset.json")
        (folder / "dataset.json").write_text(json.dumps(change(told)))

    return damage


def noisy(images: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.where(rng.random(images.shape) < 0.1, rng.integers(0, 256), images).astype(np.uint8)


def overwritten(folder: Path) -> None:
    with (folder / "images.npy").open("r+b") as stream:
        stream.seek(50_000)
        stream.write(b"\x07" * 1000)


def swapped(catalog: pd.DataFrame) -> pd.DataFrame:
    return catalog.assign(spheroid=catalog["disk"], disk=catalog["spheroid"])


CHANGES = {
    "shifted by one galaxy": (pixels(lambda images: np.roll(images, 1, axis=0)), "images.npy"),
    "as float32": (pixels(lambda images: images.astype(np.float32)), "images.npy"),
    "noise in a tenth": (pixels(noisy), "images.npy"),
    "1,000 bytes overwritten": (overwritten, "images.npy"),
    "rows shuffled": (rows(lambda table: table.sample(frac=1, random_state=1)), "catalog.parquet"),
    "two targets swapped": (rows(swapped), "catalog.parquet"),
    "targets reversed": (info(lambda told: told | {"targets": told["targets"][::-1]}), "targets"),
    "another hash": (info(lambda told: told | {"hash": "0" * 16}), "dataset.json"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_not_what_was_built_is_refused_and_named(name, folder):
    damage, file = CHANGES[name]
    dataset.load(folder)  # whatever this machine remembers
    damage(folder)
    file = "dataset.json" if file == "targets" else file
    with pytest.raises(DataError, match=rf"{file} is not what .*uv run dvc repro --force rescale"):
        dataset.load(folder)


@pytest.mark.parametrize("name", CHANGES)
def test_a_dataset_without_checksums_is_compared_with_its_hash(name, folder):
    info(lambda told: {key: value for key, value in told.items() if key != integrity.KEY})(folder)
    dataset.load(folder)
    damage, file = CHANGES[name]
    damage(folder)
    with pytest.raises(DataError, match=rf"{file}.* is not what was built"):
        dataset.load(folder)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("images.npy", b""),
        ("images.npy", None),
        ("catalog.parquet", b""),
        ("catalog.parquet", b"PAR1 but no more"),
        ("dataset.json", b""),
        ("dataset.json", b"[1, 2]"),
        ("dataset.json", b'{"targets": ["a"]}'),
        ("dataset.json", b"\xff\xfe\x00"),
    ],
)
@pytest.mark.parametrize("sealed", [True, False])
def test_a_file_that_was_cut_is_one_line_with_a_way_out(file, content, sealed, folder):
    if not sealed:
        info(lambda told: {k: v for k, v in told.items() if k != integrity.KEY})(folder)
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content)
    with pytest.raises(DataError, match="uv run dvc repro") as caught:
        dataset.load(folder)
    assert "\n" not in str(caught.value)


def test_the_second_opening_reads_no_pixels(folder, monkeypatch):
    dataset.load(folder)
    monkeypatch.setattr(integrity, "_sha256", lambda path: pytest.fail("read again"))
    dataset.load(folder)
    moved = folder.with_name("moved")
    folder.rename(moved)
    with pytest.raises(pytest.fail.Exception):
        dataset.load(moved)


def test_without_a_place_to_remember_it_is_read_each_time(folder, memory, monkeypatch):
    memory.mkdir()
    read = []
    monkeypatch.setattr(integrity, "_sha256", lambda path, real=integrity._sha256: (
        read.append(path.name) or real(path)))  # fmt: skip
    dataset.load(folder)
    dataset.load(folder)
    assert read == ["images.npy", "catalog.parquet"] * 2


def test_data_check_reads_it_again(folder):
    dataset.load(folder)
    before = (folder / "images.npy").stat()
    overwritten(folder)
    os.utime(folder / "images.npy", ns=(before.st_atime_ns, before.st_mtime_ns))
    dataset.load(folder)  # size, time and inode are as they were
    done = CliRunner().invoke(app, ["data", "check", str(folder)])
    assert isinstance(done.exception, DataError)
    assert "images.npy is not what was built" in str(done.exception)
