"""The report page: true to its numbers, self-contained, readable by people and machines."""

from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from galopt import params, report
from galopt.errors import DataError
from galopt.files import write_json
from galopt.vector import svg

TARGETS = ["spheroid", "point_source"]
INFO = {
    "name": "a <b>sky</b>",
    "source": "simulate",
    "fractions": "normalised",
    "targets": TARGETS,
    "pixels": 84,
    "galaxies": 60,
    "counts": {"train": 40, "validation": 10, "test": 10},
    "floor": {"overall": 0.12, "spheroid": 0.11, "point_source": 0.13},
    "hash": "0123456789abcdef",
}
TRAIN = {
    "val_rmse": 0.15,
    "train_rmse": 0.14,
    "epochs": 2,
    "best_epoch": 2,
    "epoch_seconds": 1.5,
    "train_images_per_second": 106.7,
    "precision": "float32",
    "hardware": "a small machine",
    "mlflow_run_id": "f" * 32,
}
HISTORY = [
    {"train_rmse": 0.2, "val_rmse": 0.2, "epoch_seconds": 2.0, "train_images_per_second": 80.0},
    {"train_rmse": 0.14, "val_rmse": 0.15, "epoch_seconds": 1.0, "train_images_per_second": 160.0},
]
METRICS = {
    "test_rmse": 0.1512,
    "test_rmse_spheroid": 0.16,
    "test_rmse_point_source": 0.14,
    "test_rmse_constant": 0.22,
    "test_rmse_floor": 0.12,
    "test_rmse_per_galaxy": 0.13,
}


class _Page(HTMLParser):
    """What the tests ask of a page: its tags, ids and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def curve() -> str:
    figure = Figure()
    axes = figure.subplots()
    axes.plot([0, 1], [1, 0])
    axes.imshow(np.zeros((2, 2)))
    return svg(figure)


def page(**changes) -> str:
    given = {
        "info": INFO,
        "train": TRAIN,
        "history": HISTORY,
        "metrics": METRICS,
        "figures": {"learning_curve": curve(), "predicted": curve(), "extra_one": curve()},
        "config": params.build({}),
    }
    return report.page(**given | changes)


@pytest.fixture(scope="module")
def html() -> str:
    return page()


def test_first_line_names_the_survey_and_the_numbers(html):
    text = " ".join(_Page(html).text.split())
    start = text.index("Measured on a simulated survey")
    for number in ("0.1512", "0.1200", "0.2200", "0.17", "0.13", "normalised"):
        assert number in text[start : start + 700]
    assert "This is not an RMSE on CANDELS" in text


def test_page_needs_nothing_from_elsewhere(html):
    tags = _Page(html)
    assert not tags.all("script")
    assert not tags.all("link")
    for tag, attributes in tags.tags:
        for name in ("src", "href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:")), (tag, attributes)


def test_ids_are_unique_and_references_hold(html):
    tags = _Page(html).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in tags:
        for name in ("aria-labelledby", "href", "xlink:href"):
            target = attributes.get(name)
            if target and not target.startswith("data:"):
                assert target.removeprefix("#") in ids


def test_page_is_accessible(html):
    tags = _Page(html)
    assert tags.all("html")[0]["lang"] == "en"
    assert len(tags.all("main")) == len(tags.all("h1")) == 1
    assert len(tags.all("caption")) == len(tags.all("table"))
    assert all("scope" in attributes for attributes in tags.all("th"))
    figures = tags.all("svg")
    assert len(figures) == 4
    assert all(figure["role"] == "img" and figure["aria-labelledby"] for figure in figures)


def test_names_of_a_survey_are_escaped(html):
    assert "<b>sky" not in html
    assert "a &lt;b&gt;sky&lt;/b&gt;" in html


def test_paper_stands_beside_ours(html):
    text = " ".join(_Page(html).text.split())
    assert "brightness excluded, as in the paper" in text
    assert "Tesla K20" in text
    assert "a small machine" in text
    assert "under 50" in text
    assert "108" in text


def test_brightness_that_was_used_is_reported():
    html = page(config=params.build({}, "augment.brightness=0.5"))
    assert "brightness N(0, 0.5)" in html
    assert "-P overrides=augment.brightness=0.5" in html


def test_what_a_network_of_another_kind_did_is_said():
    overrides = "network.preset=huertas2015 evaluate.rotations=4 evaluate.flip=true"
    text = " ".join(_Page(page(config=params.build({}, overrides))).text.split())
    assert "mean of its predictions for 8 views" in text
    assert "ReLU, as in the paper" not in text
    assert "Optimised by SGD, learning rate 0.04, schedule steps" in text


def test_unknown_floor_is_left_out():
    metrics = {key: value for key, value in METRICS.items() if key != "test_rmse_floor"}
    html = page(info=INFO | {"floor": None, "source": "folder"}, metrics=metrics)
    assert "vote-noise floor" not in html
    assert "own galaxies" in html


def test_write_reads_what_the_stages_left(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("train: {epochs: 2}\n")
    write_json("metrics/train.json", TRAIN)
    write_json("metrics/evaluation.json", METRICS | {"mlflow_run_id": "f" * 32})
    write_json("data/dataset/dataset.json", INFO)
    Path("plots/training").mkdir(parents=True)
    Path("plots/training/learning_curve.svg").write_text(curve())
    pd.DataFrame(HISTORY).to_csv("plots/training/history.csv", index=False)
    report.write(Path("report/index.html"))
    assert "0.1512" in Path("report/index.html").read_text()


def test_write_names_the_stage_that_is_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"metrics/train\.json: missing.*dvc repro"):
        report.write(Path("report/index.html"))
    assert not Path("report").exists()
