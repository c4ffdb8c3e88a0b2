"""Every row of one galaxy falls in one split; the splits look alike."""

import numpy as np
import pandas as pd
import pytest

from galopt.config import Rescale
from galopt.data.splits import split_galaxies
from galopt.errors import DataError

TARGETS = ["spheroid", "disk"]


def catalog(rows: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    spheroid = (rng.uniform(size=rows) < 0.3).astype(float)
    return pd.DataFrame({"spheroid": spheroid, "disk": 1 - spheroid})


def test_shares_are_as_asked_in_every_stratum():
    table = catalog(2000)
    split = split_galaxies(table, TARGETS, Rescale(validation=0.2, test=0.1))
    for _, inside in table.groupby("spheroid"):
        shares = pd.Series(split[inside.index]).value_counts(normalize=True)
        assert shares["test"] == pytest.approx(0.1, abs=0.005)
        assert shares["validation"] == pytest.approx(0.2, abs=0.005)


def test_the_seed_decides_the_split():
    table = catalog(300)
    first = split_galaxies(table, TARGETS, Rescale(seed=1))
    assert (first == split_galaxies(table, TARGETS, Rescale(seed=1))).all()
    assert (first != split_galaxies(table, TARGETS, Rescale(seed=2))).any()


def test_rows_with_one_number_share_a_split():
    table = catalog(600)
    table["number"] = np.arange(600) % 200
    split = split_galaxies(table, TARGETS, Rescale())
    assert pd.Series(split).groupby(table["number"]).nunique().eq(1).all()


def test_rows_without_a_number_are_galaxies_of_their_own():
    table = catalog(400)
    table["number"] = np.nan
    split = split_galaxies(table, TARGETS, Rescale())
    assert set(split) == {"train", "validation", "test"}


def test_rows_at_one_place_on_the_sky_share_a_split():
    table = catalog(400)
    table["ra"] = 53 + 0.01 * (np.arange(400) // 2) + 2e-5 * (np.arange(400) % 2)
    table["dec"] = -27.8
    split = split_galaxies(table, TARGETS, Rescale())
    assert (split[::2] == split[1::2]).all()


def test_rows_without_a_place_are_galaxies_of_their_own():
    table = catalog(400)
    table["ra"] = 53.0
    table["dec"] = -27.8
    table.loc[2:, ["ra", "dec"]] = np.nan
    split = split_galaxies(table, TARGETS, Rescale())
    assert split[0] == split[1]
    assert set(split) == {"train", "validation", "test"}


def test_splits_that_are_stated_are_kept():
    table = catalog(300).assign(split=["train", "validation", "test"] * 100)
    split = split_galaxies(table, TARGETS, Rescale())
    assert split.tolist() == table["split"].tolist()


@pytest.mark.parametrize("stated", ["test", "validation"])
def test_a_split_that_is_not_stated_comes_out_of_the_training_galaxies(stated):
    table = catalog(1000).assign(split=np.where(np.arange(1000) < 200, stated, "train"))
    table["number"] = np.arange(1000) // 2
    split = split_galaxies(table, TARGETS, Rescale(validation=0.2, test=0.2))
    assert (split[:200] == stated).all()
    counts = pd.Series(split[200:]).value_counts()
    assert set(counts.index) == {"train", "validation", "test"} - {stated}
    assert counts.drop("train").iloc[0] == pytest.approx(160, abs=4)
    assert (split[::2] == split[1::2]).all()


def test_splits_without_training_galaxies_are_refused():
    with pytest.raises(DataError, match="none is left for train"):
        split_galaxies(catalog(40).assign(split=["validation", "test"] * 20), TARGETS, Rescale())


def test_too_few_galaxies_are_refused():
    with pytest.raises(DataError, match="too few to split"):
        split_galaxies(catalog(4), TARGETS, Rescale())
