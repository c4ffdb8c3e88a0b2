"""The report page: true to its numbers, self-contained, readable by people and machines."""

import json
import re
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from galopt.config.load import build_config, load_config
from galopt.data.dataset import Dataset, load
from galopt.data.integrity import seal
from galopt.errors import DataError
from galopt.evaluation.kept_results import Measurement
from galopt.files import write_json
from galopt.report.figures.run import draw_occlusion
from galopt.report.html import breakable, short, svg
from galopt.report.run.page import page, write_report
from galopt.report.run.related_runs import (
    AblationResult,
    EnsembleResult,
    RelatedRuns,
    SearchResult,
    Trial,
)
from galopt.report.run.report_data import ReportData
from galopt.tracking.queries import TrackedRun

TARGETS = ["spheroid", "disk", "irregular"]
INFO = {
    "name": "a <b>sky</b>",
    "source": "simulate",
    "fractions": "normalised",
    "targets": TARGETS,
    "pixels": 32,
    "galaxies": 60,
    "counts": {"train": 30, "validation": 10, "test": 20},
    "floor": {"overall": 0.12, "spheroid": 0.11, "disk": 0.13, "irregular": 0.1},
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
    "test_rmse_disk": 0.15,
    "test_rmse_irregular": 0.14,
    "test_rmse_constant": 0.22,
    "test_rmse_floor": 0.12,
    "test_rmse_per_galaxy": 0.13,
}
SURVEY = {"r50", "mag", "n_votes"}
"""Columns that not every survey has."""


def write_dataset(folder: Path, info: dict = INFO, without: set[str] = frozenset()) -> Dataset:
    """Write a dataset of noise with a catalogue."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True)
    count = info["galaxies"]
    np.save(folder / "images.npy", rng.integers(0, 255, (count, 32, 32), dtype=np.uint8))
    catalog = pd.DataFrame({"id": [f"g{number:03d}" for number in range(count)]})
    catalog["split"] = np.repeat(list(info["counts"]), list(info["counts"].values()))
    catalog[info["targets"]] = rng.dirichlet(np.ones(len(info["targets"])), count)
    catalog["n_votes"] = 5
    catalog["mag"] = rng.uniform(20, 24, count)
    catalog["r50"] = rng.uniform(0.2, 1, count)
    catalog.drop(columns=list(without)).to_parquet(folder / "catalog.parquet", index=False)
    write_json(folder / "dataset.json", seal(folder, info))
    return load(folder)


def predict(dataset: Dataset, spread: bool = False) -> pd.DataFrame:
    """Return a table of predictions, off by 0.1 everywhere."""
    split = dataset.split("test")
    table = split.catalog[["id"]].copy()
    for number, target in enumerate(dataset.targets):
        table[f"voted_{target}"] = split.fractions[:, number]
        table[f"predicted_{target}"] = split.fractions[:, number] * 0.8 + 0.1
        if spread:
            table[f"deviation_{target}"] = np.linspace(0, 0.1, len(table))
    table["rmse"] = np.linspace(0.05, 0.4, len(table))
    return table


class _Page(HTMLParser):
    """What the tests ask of a page: its tags, ids and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("td", "th", "li", "p", "dd", "dt"):
            self.text += " "

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


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Dataset:
    return write_dataset(tmp_path_factory.mktemp("data") / "dataset")


@pytest.fixture(scope="module")
def subject(dataset) -> ReportData:
    return ReportData(
        kind="run",
        dataset=dataset,
        config=build_config({}),
        run_id="f" * 32,
        train=TRAIN,
        history=HISTORY,
        metrics=METRICS,
        predictions=predict(dataset),
        figures={name: curve() for name in ("learning_curve", "predicted", "best", "extra_one")},
    )


@pytest.fixture(scope="module")
def html(subject) -> str:
    return page(subject)


def words(html: str) -> str:
    """Return the text of a page with single spaces."""
    return " ".join(_Page(html).text.split())


def tracked(kind: str, metrics: dict[str, float] | None = None, **parameters: str) -> TrackedRun:
    now = datetime(2026, 1, 1)
    tags = {"galopt.kind": kind}
    return TrackedRun("a" * 32, f"my {kind}", "FINISHED", now, parameters, tags, metrics or {})


ABLATION = AblationResult(
    tracked("ablation", seeds="3", overrides="train.epochs=30"),
    pd.DataFrame(
        {
            "arm": ["ignat2016", "brightness", "maxout", "averaging", "all together"],
            "test_rmse": [0.17, 0.1712, 0.1688, 0.166, 0.165],
            "seeds": [0.001, 0.002, 0.001, np.nan, np.nan],
            "difference": [0, 0.0012, -0.0012, -0.004, -0.005],
            "low": [0, -0.001, -0.003, -0.006, -0.007],
            "high": [0, 0.003, 0.001, -0.002, -0.003],
            "epoch_seconds": [10.0, 11.0, 12.0, np.nan, 13.0],
        }
    ),
)
STUDY = SearchResult(
    tracked("search", trials="20"),
    {"complete": 12, "pruned": 7, "fail": 1},
    "val_rmse",
    0.1534,
    0.1612,
    17,
    pd.DataFrame({"parameter": ["train.optimizer"], "first": ["adam"], "best": ["adamw"]}),
    pd.DataFrame({"parameter": ["train.learning_rate", "network.dropout"], "importance": [0.7, 0]}),
)
AVERAGE = EnsembleResult(
    tracked(
        "ensemble",
        {
            "test_rmse": 0.1601,
            "test_rmse_best_member": 0.1655,
            "test_rmse_stacked": 0.1599,
            "ensemble_gain": 0.0054,
            "ensemble_gain_low": 0.0021,
            "ensemble_gain_high": 0.0087,
        },
    ),
    pd.DataFrame(
        {
            "name": ["1: plain", "2: wide"],
            "val_rmse": [0.166, 0.167],
            "test_rmse": [0.1655, 0.168],
            "weight": [0.6, 0.4],
        }
    ),
)
FOUND = RelatedRuns(ABLATION, STUDY, AVERAGE)


def test_first_line_names_the_survey_and_the_numbers(html):
    text = words(html)
    start = text.index("Measured on a simulated survey")
    for number in ("0.1512", "95 % interval", "0.1200", "0.2200", "0.17", "0.13", "normalised"):
        assert number in text[start : start + 700]
    assert "This is not an RMSE on CANDELS" in text


def test_page_needs_nothing_from_elsewhere(html):
    tags = _Page(html)
    assert not tags.all("script")
    assert not tags.all("link")
    for tag, attributes in tags.tags:
        for name in ("src", "href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:")), (tag, attributes)


def test_the_page_links_to_what_was_found_of_its_dataset(html, subject, tmp_path):
    assert "quality.html" not in html
    checked = write_dataset(tmp_path / "dataset")
    (checked.folder / "quality.html").touch()
    linked = page(replace(subject, dataset=checked))
    assert '<a href="quality.html">' in linked


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
    assert len(figures) >= 7
    assert all(figure["role"] == "img" and figure["aria-labelledby"] for figure in figures)
    pictures = tags.all("img")
    assert len(pictures) == 3 * 4 + 3 * 6
    assert all(picture["alt"] for picture in pictures)


def test_names_of_a_survey_are_escaped(html):
    assert "<b>sky" not in html
    assert "a &lt;b&gt;sky&lt;/b&gt;" in html


def test_paper_stands_beside_ours(html):
    text = words(html)
    assert "brightness excluded, as in the paper" in text
    assert "Tesla K20" in text
    assert "a small machine" in text
    assert "under 50" in text
    assert "108" in text


def test_the_paper_stays_away_from_a_survey_of_other_classes(subject, tmp_path):
    targets = ["smooth", "featured"]
    info = INFO | {"targets": targets, "source": "folder", "floor": None}
    dataset = write_dataset(tmp_path / "dataset", info)
    metrics = {name: value for name, value in METRICS.items() if name != "test_rmse_floor"}
    html = page(replace(subject, dataset=dataset, predictions=predict(dataset), metrics=metrics))
    text = words(html.split("<footer>")[0])
    for theirs in ("CANDELS", "The paper reports", "Tesla K20", "(figure"):
        assert theirs not in text
    assert "31 % below always answering the mean." in text


def test_a_handful_of_test_galaxies_is_one_list_and_no_reliability(subject, tmp_path):
    info = INFO | {"counts": {"train": 46, "validation": 10, "test": 4}}
    few = write_dataset(tmp_path / "dataset", info)
    html = page(replace(subject, dataset=few, predictions=predict(few)))
    text = words(html)
    assert text.count("Every test galaxy") == 2  # in the menu, and where it leads
    assert "Best, worst" not in text
    assert "Predicted worst" not in text
    assert len(_Page(html).all("img")) == 3 * 4 + 4
    assert "too few, or too much alike, for a reliability diagram" in text


def test_the_menu_names_what_is_on_the_page_and_nothing_else(subject, html):
    assert words(html).count("Best, worst and most uncertain") == 2
    assert not {"#search", "#ensemble"} & {link["href"] for link in _Page(html).all("a")}
    found = page(replace(subject, findings=FOUND))
    assert {"#search", "#ensemble"} < {link["href"] for link in _Page(found).all("a")}
    nothing = words(page(replace(subject, kind="search")))
    assert "No trial is complete" in nothing


def test_means_in_bins_are_named_where_bins_are_full(html, subject, tmp_path):
    assert "red, the means in bins" in words(html)
    info = INFO | {"counts": {"train": 46, "validation": 10, "test": 4}}
    few = write_dataset(tmp_path / "dataset", info)
    text = words(page(replace(subject, dataset=few, predictions=predict(few))))
    assert "voted fraction of every test galaxy." in text
    assert "means in bins" not in text


@pytest.mark.parametrize(
    ("fall", "reach", "heading"), [(0.02, 0.1, "by more than 0.02"), (0.3, 0.3, "")]
)
def test_a_patch_that_hardly_matters_has_hardly_a_colour(fall, reach, heading):
    maps = np.zeros((2, 13, 13))
    maps[1, 4, 4] = -fall
    figure = draw_occlusion(np.zeros((2, 20, 20), np.uint8), maps, ["a", "b"])
    drawn = [axes.images[0] for axes in figure.axes if axes.images]
    assert {image.get_clim() for image in drawn if image.get_cmap().name == "RdBu_r"} == {
        (-reach, reach)
    }
    assert heading in (figure.get_suptitle() or "")
    assert bool(figure.get_suptitle()) == bool(heading)


def test_a_long_name_breaks_after_its_parts_only():
    assert breakable("CEERS_F2.a<b>-_") == "CEERS_<wbr>F2.<wbr>a&lt;b&gt;-<wbr>_"


def test_fractions_that_are_predicted_each_by_itself_need_not_sum_to_one(html, subject):
    said = "each is predicted by itself, so the predicted ones need not"
    assert said in words(html)
    softmax = build_config({}, "network.output=softmax")
    assert said not in words(page(replace(subject, config=softmax)))


def test_too_few_trials_do_not_tell_which_parameters_matter(subject):
    few = replace(STUDY, states={"complete": 9, "pruned": 0, "fail": 0})
    text = words(page(replace(subject, findings=RelatedRuns(search=few))))
    assert "9 complete trials cannot tell it from luck" in text
    assert "How much each parameter matters" not in text


def test_a_searchs_page_opens_with_what_it_found(subject):
    html = page(replace(subject, kind="search", findings=RelatedRuns(search=STUDY)))
    assert html.index('id="search"') < html.index('id="network"')


def test_a_searchs_page_shows_the_best_trial_and_not_where_it_starts(subject):
    trials = [Trial(17, "complete", 0.1534, ""), Trial(3, "pruned", None, "0.3 after <epoch> 1")]
    start, winner = (build_config({}, f"network.dropout={rate}") for rate in (0.125, 0.3141592653))
    changes = pd.DataFrame(
        {"parameter": ["network.dropout"], "first": ["0.125"], "best": ["0.3141592653"]}
    )
    found = replace(STUDY, winner=winner, trials=trials, changes=changes)
    searched = replace(subject, findings=RelatedRuns(search=found), config=start)
    text = words(page(replace(searched, kind="search")))
    assert "Layers of trial 17, the best of the search" in text
    assert "dropout 0.314" in text
    assert "dropout 0.125 before" not in text
    assert "network.dropout 0.125 0.314 " in text
    assert "17 complete 0.1534" in text
    assert "3 pruned — 0.3 after <epoch> 1" in text
    assert "Layers of ignat2016" in words(page(searched))
    first = replace(searched, findings=RelatedRuns(search=replace(found, trial=0)))
    assert "of trial 0, the first. The best" in words(page(first))


def test_numbers_are_short_and_texts_and_whole_numbers_stay():
    given = ["0.0019997385996617808", "360.0", "2048", "[64, 2.5]", "adam", 0.25, 123456]
    assert [short(value) for value in given] == [
        "0.002", "360", "2048", "[64, 2.5]", "adam", "0.25", "123456"
    ]  # fmt: skip


def test_brightness_that_was_used_is_reported(subject):
    html = page(replace(subject, config=load_config("params.yaml", "augment.brightness=0.5")))
    assert "brightness N(0, 0.5)" in html
    assert "-P overrides=augment.brightness=0.5" in html


def test_what_a_network_of_another_kind_did_is_said(subject):
    overrides = "network.preset=huertas2015 evaluate.rotations=4 evaluate.flip=true"
    spread = predict(subject.dataset, spread=True)
    other = replace(subject, config=build_config({}, overrides), predictions=spread)
    text = words(page(other))
    assert "mean of its predictions for 8 views" in text
    assert "about which the 8 views that are averaged disagree most" in text
    assert "ReLU, as in the paper" not in text
    assert "Optimised by SGD, learning rate 0.04, schedule steps" in text


def test_the_weights_that_a_layer_begins_with_are_told(subject):
    modern = words(page(replace(subject, config=build_config({}, "network.preset=modern"))))
    assert re.search(r"weighted mean \d+ 5×5 — linear 0 mean 1×1×\d+", modern)
    assert re.search(r"residual \d+ 3×3 — ReLU 0 He", modern)


def test_a_network_that_states_its_doubt_is_taken_at_its_word(subject):
    sure = replace(
        subject,
        config=build_config({}, "stamps.field_in_r50=12 stamps.centring=light"),
        predictions=predict(subject.dataset, spread=True),
        metrics=METRICS | {"test_error_ratio": 1.234},
    )
    text = words(page(sure))
    assert "of which the network itself is least sure" in text
    assert "errors are 1.23 times as large" in text
    assert "Cut-outs of 12 half-light radii, centred on the light, stretched" in text


def test_what_is_unknown_is_left_out(subject, tmp_path):
    targets = ["smooth", "featured", "artifact"]
    info = INFO | {"floor": None, "source": "folder", "targets": targets}
    dataset = write_dataset(tmp_path / "dataset", info, without=SURVEY)
    metrics = {key: value for key, value in METRICS.items() if key != "test_rmse_floor"}
    other = replace(
        subject, dataset=dataset, metrics=metrics, predictions=predict(dataset), figures={}
    )
    html = page(other)
    text = words(html)
    assert "vote-noise floor" not in text
    assert "own galaxies" in text
    assert "does not say how bright or large" in text
    assert "after the largest fraction" in text
    assert "What the network looks at" not in text


def test_galaxies_are_classed_by_the_published_cuts(html):
    text = words(html)
    assert "after the cuts of Huertas-Company et al. (2015)" in text
    assert "none of these" in text


def test_intervals_hold_their_value(subject):
    squared = 0.04 * (subject.fractions("voted") - 0.5) ** 2  # as `predict` errs
    for target, value in zip(TARGETS, np.sqrt(squared.mean(axis=0)), strict=True):
        row = words(page(subject)).split(f" {target} {value:.4f} ")[1]
        low, high = row.split()[0], row.split()[2]
        assert float(low) < value < float(high)


def test_gallery_is_in_order(html):
    text = words(html)
    best, worst = text.index("Predicted best"), text.index("Predicted worst")
    assert text.index("g040 RMSE 0.05", best) < worst
    assert text.index("g059 RMSE 0.40", worst) > worst


def test_what_is_not_measured_yet_names_its_command(subject, monkeypatch):
    monkeypatch.setattr("galopt.report.run.paper.published_with_galopt", lambda kind: None)
    text = words(page(subject))
    assert "uv run mlflow run . -e ablate --env-manager local" in text
    assert text.count("not measured yet") == 5


def test_what_came_with_galopt_is_told_and_where_it_was_measured(subject, monkeypatch):
    measured = Measurement(
        "ablation",
        "another <sky>",
        "0" * 16,
        {"train": 4800, "validation": 800, "test": 10400},
        {"train.epochs": 6},
        "uv run mlflow run . -e ablate",
        "0.2.0",
        json.loads(ABLATION.table.to_json(orient="records")),
        [{"name": str(number), "test_rmse": 0.17, "val_rmse": [0.18]} for number in range(12)],
    )
    kept = Measurement.read(measured.write())
    assert kept == measured
    monkeypatch.setattr("galopt.report.run.paper.published_with_galopt", {"ablation": kept}.get)
    text = words(page(subject))
    assert "on another <sky>, 4,800 training and 10,400 test galaxies, 3 networks of each" in text
    assert (
        "uv run mlflow run . -e ablate beside these lines of params.yaml: train.epochs: 6" in text
    )
    assert "+0.0012 (−0.0010 to +0.0030, may be chance)" in text
    assert "To measure it on this dataset" in text
    ours = words(page(replace(subject, findings=FOUND)))
    assert "Measured elsewhere" not in ours


def test_what_others_found_is_told(subject):
    text = words(page(replace(subject, findings=FOUND)))
    assert text.count("not measured yet") == 1  # the preprocessing, which this ablation left out
    assert "+0.0012 (−0.0010 to +0.0030, may be chance)" in text
    assert "−0.0040 (−0.0060 to −0.0020)" in text
    assert "12 trials complete, 7 pruned, 1 failed" in text
    assert "0.1534, of trial 17" in text
    assert "reached 0.1612" in text
    assert "train.optimizer adam adamw" in text
    assert "average of 2 networks reaches an RMSE of 0.1601" in text
    assert "a gain of 0.0054, 95 % interval +0.0021 to +0.0087" in text
    assert "-e ablate --env-manager local -P overrides=train.epochs=30 -P seeds=3" in text
    assert "the network ignat2016 reaches" in text


def test_an_ensemble_is_not_called_one_network(subject):
    spread = predict(subject.dataset, spread=True)
    ensemble = replace(
        subject, kind="ensemble", train=None, history=None, predictions=spread, findings=FOUND
    )
    text = words(page(ensemble))
    assert "the average of 2 networks like ignat2016 reaches" in text
    assert "one network, the best the average of 2 networks" in text
    assert "about which the 2 networks disagree most" in text
    assert "this run" not in text
    assert "RMSE by epoch" not in text


@pytest.mark.parametrize(
    ("kind", "headline"),
    [("search", "validation RMSE 0.1534 after a search"), ("ablation", "what the differences")],
)
def test_parents_without_a_model_have_a_page_too(dataset, kind, headline):
    html = page(ReportData(kind, dataset, build_config({}), "b" * 32, findings=FOUND))
    text = words(html)
    assert f"Measured on a simulated survey: {headline}" in text
    assert "Can these numbers be compared" not in text
    assert "12 trials complete" in text


def test_write_reads_what_the_stages_left(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    Path("params.yaml").write_text("train: {epochs: 2}\n")
    dataset = write_dataset(Path("data/dataset"))
    write_json("metrics/train.json", TRAIN)
    write_json("metrics/evaluation.json", METRICS | {"mlflow_run_id": "f" * 32})
    for folder in ("training", "evaluation"):
        Path("plots", folder).mkdir(parents=True)
    Path("plots/training/learning_curve.svg").write_text(curve())
    pd.DataFrame(HISTORY).to_csv("plots/training/history.csv", index=False)
    predict(dataset).to_csv("plots/evaluation/predictions.csv", index=False)
    try:
        write_report(Path("report/index.html"))
    finally:
        mlflow.set_tracking_uri(None)
    assert "0.1512" in Path("report/index.html").read_text()
    assert not Path("mlflow.db").exists()


def test_write_names_the_stage_that_is_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"metrics/train\.json: missing.*dvc repro"):
        write_report(Path("report/index.html"))
    assert not Path("report").exists()
