"""From galaxies to vote fractions, by the way that made the training stamps."""

import os
import resource
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest
from helpers import hanging
from helpers.brightness import TARGETS, Brightness, write_pictures
from helpers.hostile import lying_fits, png_bomb
from typer.testing import CliRunner, Result

from galopt.cli.main import app
from galopt.config import Evaluate, Stamps
from galopt.config.load import build_config
from galopt.data.imaging.image_files import find_files
from galopt.data.imaging.stamp_batch import BOUND, StampBatch
from galopt.data.rescale import build_dataset
from galopt.data.stamps import make_stamps
from galopt.data.survey import make_survey
from galopt.errors import DataError, GaloptError
from galopt.files import write_json
from galopt.prediction import training_galaxies
from galopt.prediction.inputs import positions_in, stamps_in
from galopt.prediction.model import MorphologyModel
from galopt.prediction.predict import predict, provenance
from galopt.prediction.preprocess import read_chunk
from galopt.prediction.unlike import Unlike
from galopt.tracking.models import open_model

SPREADS = [f"{name}_spread" for name in TARGETS]


def predict_all(chunks, errors=False) -> tuple[pd.DataFrame, pd.DataFrame]:
    tables, rejected = zip(*predict(Brightness(), chunks, errors), strict=True)
    return pd.concat(tables, ignore_index=True), pd.concat(rejected, ignore_index=True)


def predict_folder(folder: Path, **options) -> tuple[pd.DataFrame, pd.DataFrame]:
    return predict_all(stamps_in(find_files([str(folder)])), **options)


def test_unreadable_images_are_set_aside_and_the_rest_finished(tmp_path):
    write_pictures(tmp_path, ["a.jpg", "c.jpg"])
    (tmp_path / "b.jpg").write_text("no picture")
    table, rejected = predict_folder(tmp_path)
    assert table["id"].tolist() == ["a", "c"]
    assert table["file"].tolist() == [str(tmp_path / "a.jpg"), str(tmp_path / "c.jpg")]
    assert list(table) == ["id", "file", *TARGETS]
    assert list(rejected) == ["id", "file", "reason"]
    assert rejected["id"].tolist() == ["b"]
    assert "cannot identify" in rejected["reason"][0]


def test_an_image_that_hangs_or_crashes_its_decoder_in_c_is_set_aside(tmp_path, monkeypatch):
    write_pictures(tmp_path, ["a.jpg", "crash.jpg", "hang.jpg", "z.jpg"])
    monkeypatch.setattr("galopt.prediction.predict.BOUND", replace(BOUND, seconds=2))
    monkeypatch.setattr("galopt.prediction.predict.read_chunk", hanging.read_chunk)
    table, rejected = predict_folder(tmp_path)
    assert table["id"].tolist() == ["a", "z"]
    assert rejected.set_index("id")["reason"].to_dict() == {
        "crash": "reading it crashed (SIGSEGV)",
        "hang": "reading it took longer than 2 s",
    }


def test_no_readable_image_gives_an_empty_table(tmp_path):
    (tmp_path / "b.jpg").write_text("no picture")
    table, rejected = predict_folder(tmp_path)
    assert table.empty
    assert list(table) == ["id", "file", *TARGETS]
    assert len(rejected) == 1


def test_errors_stand_after_the_fractions(tmp_path):
    write_pictures(tmp_path, ["a.jpg"])
    table, _ = predict_folder(tmp_path, errors=True)
    assert list(table) == ["id", "file", *TARGETS, *SPREADS]
    np.testing.assert_allclose(table["mean_spread"], table["mean"] / 10)


def test_order_and_result_do_not_depend_on_chunks(tmp_path, monkeypatch):
    write_pictures(tmp_path, [f"{number}.png" for number in range(5)])
    whole, _ = predict_folder(tmp_path)
    monkeypatch.setattr("galopt.prediction.inputs.TOGETHER", 2)
    monkeypatch.setattr("galopt.prediction.predict.BATCH", 3)
    parts, _ = predict_folder(tmp_path)
    pd.testing.assert_frame_equal(whole, parts)


def test_stamps_are_those_of_the_dataset(tmp_path):
    names = [f"g{number:02d}.png" for number in range(40)]
    write_pictures(tmp_path / "mine", names)
    votes = pd.DataFrame({"id": [n[:3] for n in names], "file": names, "disk": 0.5, "other": 0.5})
    votes.to_csv(tmp_path / "mine" / "votes.csv", index=False)
    config = build_config(
        {"survey": {"source": "folder", "folder": {"path": str(tmp_path / "mine")}}}
    )
    make_survey(config, tmp_path / "data" / "survey")
    make_stamps(config, tmp_path / "data" / "survey", tmp_path / "data")
    test = build_dataset(config, tmp_path / "data", tmp_path / "dataset").split("test")
    (chunk,) = stamps_in([tmp_path / "mine" / f"{galaxy}.png" for galaxy in test.catalog["id"]])
    stamps, good, bad = read_chunk(chunk, config.stamps, config.rescale.pixels)
    np.testing.assert_array_equal(stamps, test.images)
    assert good["id"].tolist() == test.catalog["id"].tolist()
    assert bad.empty


def test_positions_give_the_stamps_of_the_dataset(simulated, tmp_path):
    votes = pd.read_csv(simulated / "votes.csv", dtype={"id": str}).head(3)
    off = pd.DataFrame({"id": ["off"], "ra": [1.0], "dec": [10.0]})
    pd.concat([votes, off])[["id", "ra", "dec"]].to_csv(tmp_path / "p.csv", index=False)
    chunks = positions_in(tmp_path / "p.csv", sorted((simulated / "tiles").glob("*.fits")))
    table, rejected = predict_all(chunks)
    assert rejected[["id", "reason"]].to_numpy().tolist() == [["off", "outside the mosaic"]]
    assert sorted(table["id"]) == sorted(votes["id"])
    assert table["file"].str.contains("tile_").all()
    assert table["spread"].min() > 0.01


def test_provenance_names_code_and_model():
    made = provenance(Brightness(), errors=True)
    assert made["creator"].startswith("galopt ")
    assert made["model"] == "a test"
    assert "no errors: the spread over views" in made["errors"]
    assert "need not sum to one" in made["sums"]
    assert all(len(key) <= 8 for key in made)


def test_provenance_says_when_errors_were_learnt(monkeypatch):
    monkeypatch.setattr(Brightness, "learnt", True)
    assert "learnt from the votes" in provenance(Brightness(), errors=True)["errors"]


class Trap:
    """Leaves a folder behind when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("sprung",)


def test_hostile_files_are_listed_and_the_rest_finished(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mine"
    write_pictures(folder, ["good.jpg"])
    png_bomb(folder / "bomb.png", 50_000, rows=1)
    lying_fits(folder / "lies.fits", 50_000, 50_000)
    lying_fits(folder / "overflow.fits", 2**32, 2**32)
    np.save(folder / "pickle.npy", np.array([Trap()], object), allow_pickle=True)
    (folder / "pickle.npy").rename(folder / "pickle.png")
    (folder / "postscript.jpg").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n")
    (folder / "link.jpg").symlink_to("/etc/passwd")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read_chunk(stamps_in(find_files([str(folder)]))[0], Stamps(), 40)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    table, rejected = predict_folder(folder)
    assert table["id"].tolist() == ["good"]
    reasons = rejected.set_index("id")["reason"]
    assert len(reasons) == 6
    assert reasons["bomb"] == "too large: more than 89,478,485 pixels"
    assert "too large" in reasons["lies"]
    assert not reasons.str.contains("\n|root:").any()
    assert grown < 200_000  # KiB
    assert not (tmp_path / "sprung").exists()


def test_memory_does_not_grow_with_the_number_of_images(tmp_path, monkeypatch):
    psutil = pytest.importorskip("psutil")
    write_pictures(tmp_path, [f"{number}.jpg" for number in range(8)])
    rows = stamps_in(find_files([str(tmp_path)]))[0].rows
    monkeypatch.setattr("galopt.prediction.predict.BATCH", 64)
    used, ours = [], psutil.Process()
    for table, _ in predict(Brightness(), [StampBatch(rows, None)] * 120):
        assert len(table) == 64
        family = [ours, *ours.children(recursive=True)]
        used.append(sum(process.memory_info().rss for process in family))
    assert max(used) - used[2] < 10 << 20  # 96 further images of 19 kB, 1.6 kB as stamps


def test_missing_keras_file_is_named(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        open_model(str(tmp_path / "model.keras"))


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_json("data/dataset/dataset.json", {"targets": TARGETS})
    (tmp_path / "params.yaml").write_text("stamps: {softening: 2}\n")
    return tmp_path


def save_network(path: Path, outputs: int) -> None:
    import keras

    from galopt.networks.augmentation import View

    stamps = keras.Input((40, 40), dtype="uint8")
    seen = keras.layers.Flatten()(View(20, 0.5, name="view")(stamps))
    keras.Model(stamps, keras.layers.Dense(outputs, "sigmoid", name="fractions")(seen)).save(path)


def test_an_old_keras_file_is_used_with_the_project_s_names_and_stretch(project):
    save_network(project / "model.keras", outputs=2)
    opened = open_model("model.keras")
    assert (opened.targets, opened.side, opened.stamps.softening) == (TARGETS, 40, 2)
    assert opened.stamps.detour
    assert opened.origin == {"model": "model.keras"}
    fractions = opened.fractions(np.zeros((3, 40, 40), np.uint8))
    np.testing.assert_allclose(fractions, 0.5)  # of nothing, and the biases are zero


def test_an_old_keras_file_with_other_outputs_is_refused(project):
    save_network(project / "model.keras", outputs=3)
    with pytest.raises(GaloptError, match="does not name its 3 fractions"):
        open_model("model.keras")


def test_a_keras_file_carries_its_names_views_and_stretch(project):
    save_network(project / "bare.keras", outputs=2)
    made = MorphologyModel(
        open_model("bare.keras").networks,
        ["smooth", "featured"],
        Evaluate(rotations=3),
        Stamps(softening=7),
    )
    made.save(project / "model.keras")
    write_json("data/dataset/dataset.json", {"targets": ["others"]})
    (project / "params.yaml").write_text("no parameters")
    opened = open_model("model.keras")
    assert opened.targets == ["smooth", "featured"]
    assert (opened.views.rotations, opened.stamps.softening) == (3, 7)


def test_a_keras_file_that_claims_other_names_is_refused(project):
    save_network(project / "model.keras", outputs=2)
    usage = '{"targets": ["one"], "views": {}, "stamps": {}}'
    with ZipFile("model.keras", "a") as archive:
        archive.writestr("galopt.json", usage)
    with pytest.raises(DataError, match="2 fractions, but 1 names"):
        open_model("model.keras")


def predict_command(*words: str) -> Result:
    return CliRunner().invoke(app, ["predict", "--model", "model.keras", *words])


def test_the_command_finishes_lists_what_is_bad_and_says_so(project):
    save_network(project / "model.keras", outputs=2)
    write_pictures(project / "mine", ["a.jpg", "b.png"])
    done = predict_command("mine")
    assert done.exit_code == 0
    assert "No column unlike_training: it takes a training with 50 validation" in done.stdout
    assert "Its ids" not in done.stdout
    assert list(pd.read_csv("predictions.csv")) == ["id", "file", *TARGETS]
    refused = predict_command("mine")
    assert "predictions.csv exists; --overwrite" in str(refused.exception)
    (project / "mine" / "c.jpg").write_text("no picture")
    (project / "mine" / "votes.csv").write_text("id,file,disk\n7,a.jpg,1\n")
    done = predict_command("mine", "--overwrite", "--errors")
    assert done.exit_code == 1
    assert "Columns …_spread, which are no errors" in done.stdout
    assert "Its ids are the names of the files, not the ids of votes.csv" in done.stdout
    assert done.stderr.splitlines()[-1].startswith("galopt: 1 of 3 galaxies cannot be read")
    assert pd.read_csv("predictions.csv.rejected.csv")["id"].tolist() == ["c"]
    table = pd.read_csv("predictions.csv")
    assert list(table) == ["id", "file", *TARGETS, *SPREADS]
    none = predict_command("mine/c.jpg", "--out", "none.csv")
    assert "1 of 1 galaxies cannot be read" in str(none.exception)
    assert not (project / "none.csv").exists()


def test_galaxies_unlike_the_training_galaxies_are_remarked_on(project):
    save_network(project / "bare.keras", outputs=2)
    model = MorphologyModel(open_model("bare.keras").networks, TARGETS, Evaluate(), Stamps())
    dark = np.random.default_rng(0).integers(0, 30, (100, 40, 40, 1)).astype(np.uint8)
    model.unlike = Unlike.fit(dark[:50], dark[50:])
    model.save(project / "model.keras")
    write_pictures(project / "mine", ["a.jpg", "b.png"])
    done = predict_command("mine")
    assert done.exit_code == 0
    assert "2 of 2 galaxies are unlike those that the network was trained on" in done.stderr
    table = pd.read_csv("predictions.csv")
    assert list(table) == ["id", "file", *TARGETS, "unlike_training"]
    assert (table["unlike_training"] > 1).all()


def test_training_galaxies_among_the_predicted_are_said_to_be_no_test(project, monkeypatch):
    save_network(project / "model.keras", outputs=2)
    write_pictures(project / "mine", ["a.jpg", "b.png"])
    known = SimpleNamespace(folder="data/dataset", met=0)
    known.count = lambda stamps: setattr(known, "met", len(stamps) - 1)
    monkeypatch.setattr(training_galaxies, "training_galaxies", lambda content: known)
    monkeypatch.setattr(training_galaxies, "dataset_here", lambda content: "data/dataset")
    assert "1 of 2 are training galaxies of data/dataset" in predict_command("mine").stdout
    known.count = lambda stamps: setattr(known, "met", 0)
    assert "training galaxies of" not in predict_command("mine", "--overwrite").stdout


def test_positions_need_a_mosaic_and_exclude_files():
    positions = ["--catalog", "p.csv"]
    for words in ([], positions, ["a.jpg", *positions, "--mosaic", "m.fits"]):
        assert "--catalog and --mosaic" in str(predict_command(*words).exception)


def trap(x):
    os.mkdir("sprung")
    return x[:, :2, 0]


@pytest.mark.parametrize("code", [trap, lambda x: (os.mkdir("sprung"), x[:, :2, 0])[1]])
def test_code_in_a_keras_file_is_never_run(project, code):
    import keras

    stamps = keras.Input((40, 40))
    hostile = keras.Model(stamps, keras.layers.Lambda(code, output_shape=(2,))(stamps))
    shutil.rmtree("sprung", ignore_errors=True)  # made when the network was
    hostile.save(project / "model.keras")
    with pytest.raises(GaloptError, match="not a trained network") as caught:
        open_model("model.keras")
    assert "\n" not in str(caught.value)
    assert not (project / "sprung").exists()
