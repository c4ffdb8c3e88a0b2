"""The page of `galopt explore` in Chromium: lasso, clicks, keys, a hundred thousand galaxies."""

import csv
from pathlib import Path

import numpy as np
import pytest
from helpers.chromium import WIDTHS, accessible_and_fits
from helpers.explored import crowds

from galopt.report.explore.page import page as make_page

pytestmark = pytest.mark.service

GALAXIES = 600


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """Return a page of three crowds of galaxies."""
    path = tmp_path_factory.mktemp("explore") / "explore.html"
    path.write_text(make_page(crowds(GALAXIES), "three crowds", "a test"), encoding="utf-8")
    return path


@pytest.fixture
def page(chromium, written):
    """Return the page as it opens from a file, in a window 1,400 px wide."""
    with chromium.new_context(viewport={"width": 1400, "height": 900}) as context:
        page = context.new_page()
        page.requested, page.failed = [], []
        page.on("request", lambda request: page.requested.append(request.url))
        page.on("pageerror", lambda error: page.failed.append(str(error)))
        page.goto(written.as_uri())
        yield page
        assert page.failed == []
        assert all(url.startswith(("file:", "data:", "blob:")) for url in page.requested)


def place(page, galaxy: int) -> tuple[float, float]:
    """Return where a galaxy is in the window."""
    box = page.locator("#map").bounding_box()
    x, y = page.evaluate(f"toPage({galaxy})")
    return box["x"] + x, box["y"] + y


def test_a_loop_chooses_galaxies_and_their_ids_are_saved(page, tmp_path):
    box = page.locator("#map").bounding_box()
    corners = [(0.01, 0.01), (0.99, 0.01), (0.99, 0.99), (0.01, 0.99), (0.01, 0.01)]
    points = [(box["x"] + a * box["width"], box["y"] + b * box["height"]) for a, b in corners]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=3)
    page.mouse.up()
    page.get_by_role("status").get_by_text(f"{GALAXIES} galaxies in the loop").wait_for()
    assert page.locator("#gallery li").count() == 120
    page.get_by_role("button", name="Show more").click()
    assert page.locator("#gallery li").count() == 240
    with page.expect_download() as download:
        page.get_by_role("button", name="Save their ids as CSV").click()
    download.value.save_as(tmp_path / "chosen.csv")
    with (tmp_path / "chosen.csv").open(newline="") as file:
        ids = [row["id"] for row in csv.DictReader(file)]
    assert ids == crowds(GALAXIES).ids
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("status").get_by_text("No galaxies chosen").wait_for()


def test_a_click_shows_votes_beside_predictions_and_what_is_alike(page):
    page.mouse.move(*place(page, 7))
    page.locator("#hover").get_by_text("g 7,").wait_for()
    assert page.locator("#hover .thumb").evaluate("e => getComputedStyle(e).backgroundImage") != ""
    page.mouse.click(*place(page, 7))
    name = page.locator("#name").inner_text()
    galaxy = crowds(GALAXIES).ids.index(name)
    row = page.get_by_role("row", name="disk")
    voted, predicted = (
        next(c for c in crowds(GALAXIES).columns if c.name == f"{what} disk").values[galaxy]
        for what in ("voted", "predicted")
    )
    assert row.inner_text().split("\t")[1:] == [f"{voted:.2f}", f"{predicted:.2f}"]
    page.get_by_role("button", name="More like this").click()
    page.get_by_role("status").get_by_text(f"11 galaxies like {name}").wait_for()
    like = page.locator("#gallery .name").all_inner_texts()
    crowd = {int(text.split()[1].split(",")[0]) % 3 for text in like}
    assert like[0] == name
    assert len(crowd) == 1
    page.locator("#gallery button").nth(3).click()
    assert page.locator("#name").inner_text() == like[3]


def test_thumbnails_are_those_of_their_galaxies(page):
    """The level of a test galaxy's image is its number, so a wrong place in a sheet shows."""
    for galaxy in (0, 31, 32, 599):
        page.get_by_label("Find an id").fill(crowds(GALAXIES).ids[galaxy])
        page.keyboard.press("Enter")
        page.wait_for_timeout(300)
        shot = page.locator("#picture").screenshot()
        level = page.evaluate(
            """async bytes => {
              const image = await createImageBitmap(new Blob([Uint8Array.from(bytes)]));
              const pen = new OffscreenCanvas(image.width, image.height).getContext("2d");
              pen.drawImage(image, 0, 0);
              return pen.getImageData(image.width / 2, image.height / 2, 1, 1).data[0];
            }""",
            list(shot),
        )
        assert abs(level - galaxy % 256) < 8, galaxy


def test_all_of_it_can_be_done_with_keys(page):
    page.locator("#map").focus()
    page.keyboard.press("ArrowRight")
    first = page.locator("#name").inner_text()
    page.keyboard.press("ArrowRight")
    assert page.locator("#name").inner_text() != first
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("+")
    page.keyboard.press(" ")
    page.get_by_role("status").get_by_text("1 galaxy chosen").wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("status").get_by_text("11 galaxies like").wait_for()
    page.get_by_label("Choose by").select_option("magnitude")
    page.get_by_label("from").fill("20")
    page.get_by_label("to").fill("21")
    page.keyboard.press("Enter")
    magnitude = next(c for c in crowds(GALAXIES).columns if c.name == "magnitude").values
    wanted = int(((magnitude >= 20) & (magnitude <= 21)).sum())
    page.get_by_role("status").get_by_text(f"{wanted} galaxies with magnitude").wait_for()


def test_colours_follow_the_column(page):
    page.get_by_label("Colour").select_option("split")
    assert page.locator("#legend").inner_text().split() == ["train", "validation", "test"]
    page.get_by_label("Colour").select_option("magnitude")
    assert "magnitude" in page.locator("#legend").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_is_accessible_and_fits(chromium, written, shots, width, scheme):
    size = {"width": width, "height": 900}
    with chromium.new_context(viewport=size, color_scheme=scheme) as context:
        page = context.new_page()
        page.goto(written.as_uri())
        page.mouse.click(*place(page, 7))
        page.get_by_role("button", name="More like this").click()
        accessible_and_fits(page, shots / f"explore-{width}-{scheme}.png")


def test_a_hundred_thousand_galaxies_stay_usable(chromium, tmp_path):
    path = tmp_path / "many.html"
    path.write_text(make_page(crowds(100_000), "many", "a test"), encoding="utf-8")
    with chromium.new_context(viewport={"width": 1400, "height": 900}) as context:
        page = context.new_page()
        page.goto(path.as_uri())
        page.get_by_text("100,000 galaxies as a network").wait_for()
        frames = page.evaluate(
            "() => [...Array(20)].map((_, n) => { const t = performance.now(); scale = 1 + n / 20;"
            " drawNow(); return performance.now() - t; })"
        )
        picks = page.evaluate(
            "() => [...Array(20)].map((_, n) => { const t = performance.now();"
            " nearestTo(300 + 20 * n, 300, 10); return performance.now() - t; })"
        )
        page.locator("#map").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        page.get_by_role("status").get_by_text("11 galaxies like").wait_for()
    megabytes = path.stat().st_size / 1e6
    print(
        f"100,000 galaxies, {megabytes:.0f} MB: frame {np.median(frames):.1f} ms (median), "
        f"{max(frames):.1f} ms (longest); galaxy under the pointer {np.median(picks):.1f} ms"
    )
