"""`galopt label` as people use it: the command, in Chromium, with keys and clicks."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from helpers.chromium import WIDTHS, accessible_and_fits
from helpers.postgres_server import free_port
from helpers.project import PROJECT

pytestmark = pytest.mark.service

CLASSES = "spheroid,disk,merger"


class Labelling:
    """The command on a folder of galaxies, started and killed."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder, self.port = folder, free_port()
        words = ["-m", "galopt.cli", "label", "my", "--no-browser", "--port", str(self.port)]
        environment = os.environ | {"PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [sys.executable, *words, *options],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        line = next(line for line in self.process.stdout if line.startswith("Label galaxies: "))
        self.address = line.split()[-1]

    def kill(self, number: int = signal.SIGKILL) -> None:
        """End it."""
        self.process.send_signal(number)
        self.process.wait(30)

    def __enter__(self) -> "Labelling":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(30)
        self.process.stdout.close()

    def votes(self) -> pd.DataFrame:
        """Return the table that it wrote."""
        return pd.read_csv(self.folder / "my" / "votes.csv")


@pytest.fixture(scope="module")
def folder(blobs, tmp_path_factory) -> Path:
    """Return a folder with eight galaxies."""
    folder = tmp_path_factory.mktemp("label")
    (folder / "my").mkdir()
    for number in range(8):
        name = f"g{number}.jpg"
        content = (blobs.folder.parent / "stamps" / name).read_bytes()
        (folder / "my" / name).write_bytes(content)
    return folder


def begin(page, address: str, name: str) -> None:
    page.goto(address)
    page.get_by_label("Your name").fill(name)
    page.keyboard.press("Enter")
    page.get_by_role("status").get_by_text(f"{name}: ").wait_for()


def answered(page, number: int) -> None:
    """Wait until so many answers are kept."""
    page.get_by_role("status").get_by_text(f": {number} answered.").wait_for()


def test_keys_and_clicks_label_and_nothing_is_lost_when_the_server_is_killed(
    folder,
    chromium,
):
    first_start = Labelling(folder, "--targets", CLASSES, "--people", "2")
    with first_start as labelling, chromium.new_context() as context:
        page = context.new_page()
        begin(page, labelling.address, "Ann")
        assert page.locator("#stamp").evaluate("e => e.decode().then(() => e.naturalWidth)") == 454
        first = page.locator("#galaxy").inner_text()
        page.keyboard.press("2")
        answered(page, 1)
        page.get_by_role("button", name="spheroid").click()
        answered(page, 2)
        page.keyboard.press("0")
        answered(page, 3)
        page.keyboard.press("Backspace")
        answered(page, 2)
        page.get_by_role("button", name="Cannot tell").click()
        answered(page, 3)
        page.keyboard.press("3")
        answered(page, 4)
        time.sleep(1)
        labelling.kill()
        page.keyboard.press("1")
        page.get_by_role("alert").get_by_text("Nothing was saved").wait_for()
    kept = sqlite3.connect(folder / "my" / "votes.answers")
    ticks = [row[0] for row in kept.execute("SELECT ticks FROM answers ORDER BY number")]
    assert ticks == ['["disk"]', '["spheroid"]', "[]", '["merger"]']
    kept.close()

    with Labelling(folder, "--people", "2") as labelling, chromium.new_context() as context:
        assert len(labelling.votes()) == 3
        page = context.new_page()
        begin(page, labelling.address, "Bob")
        assert page.locator("#galaxy").inner_text() in {first, *labelling.votes()["id"]}
        for count in range(1, 9):
            page.keyboard.press("2")
            if count < 8:
                answered(page, count)
        page.get_by_text("There is no galaxy left for you").wait_for()
        page.get_by_text("Agreement between people").click()
        row = page.get_by_role("row", name="Ann, Bob")
        row.wait_for()
        assert re.search(r"3\s+33 %", row.inner_text())
        begin(page, labelling.address, "Ann")
        answered(page, 4)
        labelling.kill(signal.SIGINT)
        assert labelling.process.returncode == 0
    votes = labelling.votes()
    assert sorted(votes["n_votes"]) == [1] * 5 + [2] * 3
    assert votes.loc[votes["id"] == first, "disk"].item() == 1


@pytest.fixture(scope="module")
def several(folder):
    """Serve a page on which a galaxy may be several things."""
    options = ("--targets", "spheroid,disk,point_source", "--several", "--out", "votes2.csv")
    with Labelling(folder, *options) as labelling:
        yield labelling


def test_several_ticks_are_one_answer(several, chromium):
    with chromium.new_context() as context:
        page = context.new_page()
        begin(page, several.address, "Ann")
        page.keyboard.press("1")
        page.get_by_label("point source").check()
        page.keyboard.press("2")
        page.keyboard.press("2")
        assert page.get_by_label("spheroid").is_checked()
        page.keyboard.press("Enter")
        answered(page, 1)
        assert not page.get_by_label("spheroid").is_checked()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Space")
        page.get_by_role("button", name="Next").click()
        answered(page, 2)
    with sqlite3.connect(several.folder / "votes2.answers") as kept:
        ticks = [row[0] for row in kept.execute("SELECT ticks FROM answers")]
    assert ticks[0] == '["spheroid", "point_source"]'
    assert ticks[1] == '["disk"]'


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_is_accessible_and_fits(several, chromium, shots, width, scheme):
    with chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme
    ) as context:
        page = context.new_page()
        page.goto(several.address)
        accessible_and_fits(page, shots / f"label-name-{width}-{scheme}.png")
        begin(page, several.address, "Cleo")
        page.locator("#stamp").evaluate("e => e.decode()")
        page.get_by_text("Agreement between people").click()
        accessible_and_fits(page, shots / f"label-{width}-{scheme}.png")
