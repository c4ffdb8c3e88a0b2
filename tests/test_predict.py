"""From image files to vote fractions, by the way that made the training stamps."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from galopt import dataset, params, predict
from galopt.config import Stamps
from galopt.errors import DataError, GaloptError
from galopt.files import write_json
from galopt.predict import Network, find_files, image_id, read_chunk
from galopt.stamps import make_stamps
from galopt.survey import make_survey

TARGETS = ["mean", "spread"]


def network(side: int = 40) -> Network:
    def fractions(stamps):
        assert stamps.dtype == np.uint8
        return np.stack([stamps.mean((1, 2)) / 255, stamps.std((1, 2)) / 255], 1).astype("f4")

    return Network(fractions, TARGETS, side, Stamps(), {"model": "a test"})


def write_pictures(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    for name in names:
        pixels = random.integers(0, 256, (60, 80)).astype(np.uint8)
        Image.fromarray(pixels).resize((160, 120), Image.Resampling.BICUBIC).save(folder / name)


def test_folders_files_and_patterns_are_found_once_each(tmp_path):
    write_pictures(tmp_path / "a" / "deep", ["z.png"])
    write_pictures(tmp_path / "a", ["b.jpg", "a.JPG"])
    (tmp_path / "a" / "votes.csv").touch()
    folder = tmp_path / "a"
    found = find_files([str(folder / "b.jpg"), str(folder), str(folder / "*.jpg")])
    assert [file.name for file in found] == ["b.jpg", "a.JPG", "z.png"]
    assert find_files([str(tmp_path / "**" / "*.png")]) == [folder / "deep" / "z.png"]


def test_path_that_means_nothing_is_named(tmp_path):
    with pytest.raises(DataError, match="nowhere: no image there"):
        find_files([str(tmp_path / "nowhere")])


@pytest.mark.parametrize(
    ("name", "galaxy"),
    [("a.b.jpg", "a.b"), ("c.fits.gz", "c"), ("d.TIFF", "d"), ("e.dat", "e.dat")],
)
def test_id_is_the_name_without_the_image_ending(name, galaxy):
    assert image_id(Path("folder") / name) == galaxy


def test_unreadable_images_are_set_aside_and_the_rest_finished(tmp_path):
    write_pictures(tmp_path, ["a.jpg", "c.jpg"])
    (tmp_path / "b.jpg").write_text("no picture")
    table, rejected = predict.predict(network(), find_files([str(tmp_path)]))
    assert table["id"].tolist() == ["a", "c"]
    assert table["file"].tolist() == [str(tmp_path / "a.jpg"), str(tmp_path / "c.jpg")]
    assert list(table) == ["id", "file", *TARGETS]
    assert rejected["id"].tolist() == ["b"]
    assert "cannot identify" in rejected["reason"][0]


def test_no_readable_image_gives_an_empty_table(tmp_path):
    (tmp_path / "b.jpg").write_text("no picture")
    table, rejected = predict.predict(network(), [tmp_path / "b.jpg"])
    assert table.empty
    assert list(table) == ["id", "file", *TARGETS]
    assert len(rejected) == 1


def test_order_and_result_do_not_depend_on_chunks(tmp_path, monkeypatch):
    write_pictures(tmp_path, [f"{number}.png" for number in range(5)])
    files = find_files([str(tmp_path)])
    whole, _ = predict.predict(network(), files)
    monkeypatch.setattr(predict, "_CHUNK", 2)
    parts, _ = predict.predict(network(), files)
    pd.testing.assert_frame_equal(whole, parts)


def test_stamps_are_those_of_the_dataset(tmp_path):
    names = [f"g{number:02d}.png" for number in range(40)]
    write_pictures(tmp_path / "mine", names)
    votes = pd.DataFrame({"id": [n[:3] for n in names], "file": names, "disk": 0.5, "other": 0.5})
    votes.to_csv(tmp_path / "mine" / "votes.csv", index=False)
    config = params.build(
        {"survey": {"source": "folder", "folder": {"path": str(tmp_path / "mine")}}}
    )
    make_survey(config, tmp_path / "data" / "survey")
    make_stamps(config, tmp_path / "data" / "survey", tmp_path / "data")
    test = dataset.build(config, tmp_path / "data", tmp_path / "dataset").split("test")
    files = [tmp_path / "mine" / f"{galaxy}.png" for galaxy in test.catalog["id"]]
    stamps, rows, rejected = read_chunk(files, config.stamps, config.rescale.pixels)
    np.testing.assert_array_equal(stamps, test.images)
    assert [row["id"] for row in rows] == test.catalog["id"].tolist()
    assert not rejected


def test_provenance_names_code_and_model():
    made = predict.provenance(network())
    assert made["creator"].startswith("galopt ")
    assert made["model"] == "a test"
    assert all(len(key) <= 8 for key in made)


def test_missing_keras_file_is_named(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        predict.open_network(str(tmp_path / "model.keras"))


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_json("data/dataset/dataset.json", {"targets": TARGETS})
    (tmp_path / "params.yaml").write_text("stamps: {softening: 2}\n")
    return tmp_path


def save_network(path: Path, outputs: int) -> None:
    import keras

    layers = keras.layers
    stack = [keras.Input((40, 40), dtype="uint8"), layers.Rescaling(1 / 255), layers.Flatten()]
    keras.Sequential([*stack, layers.Dense(outputs, activation="sigmoid")]).save(path)


def test_keras_file_is_used_with_the_project_s_names_and_stretch(project):
    save_network(project / "model.keras", outputs=2)
    opened = predict.open_network("model.keras")
    assert (opened.targets, opened.side, opened.stamps.softening) == (TARGETS, 40, 2)
    fractions = opened.fractions(np.zeros((3, 40, 40), np.uint8))
    np.testing.assert_allclose(fractions, 0.5)


def test_keras_file_with_other_outputs_is_refused(project):
    save_network(project / "model.keras", outputs=3)
    with pytest.raises(GaloptError, match="does not name its 3 fractions"):
        predict.open_network("model.keras")


def test_code_in_a_keras_file_is_never_run(project):
    import keras

    hostile = keras.Sequential([keras.Input((40, 40)), keras.layers.Lambda(lambda x: x[:, :2, 0])])
    hostile.save(project / "model.keras")
    with pytest.raises(GaloptError, match="not a trained network") as caught:
        predict.open_network("model.keras")
    assert "\n" not in str(caught.value)
