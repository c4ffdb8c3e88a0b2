"""Which galaxies train, validate and test: decided once, before anything is multiplied."""

import numpy as np
import pandas as pd
from astropy import units as u
from astropy.coordinates import SkyCoord
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from galopt.config import Rescale
from galopt.errors import DataError

SPLITS = ("train", "validation", "test")

# Two rows this close on the sky are one galaxy: well under the F160W PSF (0.2 arcsec FWHM)
# plus the scatter of a catalogue's positions, arcsec.
SAME_GALAXY = 0.3


def split_galaxies(catalog: pd.DataFrame, targets: list[str], rescale: Rescale) -> NDArray[np.str_]:
    """Assign every row to a split, so that all rows of one galaxy share it.

    Rows are one galaxy if they share `number`, where the column exists, or lie within
    `SAME_GALAXY`, where `ra` and `dec` do. The split is stratified: galaxies are ordered
    by their most voted target, at random within it, and dealt out evenly along that order.
    Where the catalogue has a column `split`, it is kept; splits that it does not name are
    dealt out of its training galaxies.

    Parameters
    ----------
    catalog : DataFrame
        One row per stamp, with the target columns.
    targets : list of str
        Vote-fraction columns.
    rescale : Rescale
        Shares of validation and test, and the seed.

    Returns
    -------
    array of str, shape (N,)
        'train', 'validation' or 'test'.

    Raises
    ------
    DataError
        A split would be empty.
    """
    if "split" in catalog:
        return _completed(catalog, targets, rescale)
    names = _split(catalog, targets, rescale)
    _check_all_there(names)
    return names


def _completed(catalog: pd.DataFrame, targets: list[str], rescale: Rescale) -> NDArray[np.str_]:
    """Return the splits that a catalogue states, and those it does not out of its train."""
    names = catalog["split"].to_numpy("<U10")
    there = {name: 0.0 for name in ("validation", "test") if name in names}
    free = names == "train"
    if len(there) < 2 and free.any():
        names[free] = _split(catalog[free], targets, rescale.model_copy(update=there))
    _check_all_there(names)
    return names


def _check_all_there(names: NDArray[np.str_]) -> None:
    if missing := ", ".join(sorted(set(SPLITS) - set(names))):
        raise DataError(f"{len(names)} galaxies are too few to split: none is left for {missing}")


def _split(catalog: pd.DataFrame, targets: list[str], rescale: Rescale) -> NDArray[np.str_]:
    """Deal out galaxies, none where a share is 0."""
    galaxy = same_galaxy(catalog)
    galaxies = galaxy.max() + 1 if len(galaxy) else 0
    strata = np.zeros(galaxies, int)
    strata[galaxy] = catalog[targets].to_numpy().argmax(axis=1)
    rng = np.random.default_rng(rescale.seed)
    order = np.lexsort((rng.permutation(galaxies), strata))
    names = np.full(galaxies, "train", dtype="<U10")
    test = _dealt(galaxies, rescale.test, rng)
    names[order[test]] = "test"
    rest = order[~test]
    share = rescale.validation / (1 - rescale.test)
    names[rest[_dealt(len(rest), share, rng)]] = "validation"
    return names[galaxy]


def folds(catalog: pd.DataFrame, targets: list[str], count: int, seed: int) -> NDArray[np.intp]:
    """Return the fold of every row, 0 to `count`, all rows of one galaxy in the same.

    Stratified as `split_galaxies` is.

    Raises
    ------
    DataError
        There are fewer than two galaxies for each fold.
    """
    galaxy = same_galaxy(catalog)
    galaxies = galaxy.max() + 1 if len(galaxy) else 0
    if galaxies < 2 * count:
        raise DataError(f"{galaxies} galaxies are too few for {count} folds")
    strata = np.zeros(galaxies, int)
    strata[galaxy] = catalog[targets].to_numpy().argmax(axis=1)
    order = np.lexsort((np.random.default_rng([seed, count]).permutation(galaxies), strata))
    number = np.empty(galaxies, np.intp)
    number[order] = np.arange(galaxies) % count
    return number[galaxy]


def fold_splits(
    catalog: pd.DataFrame, fold: NDArray[np.intp], tested: int, rescale: Rescale
) -> NDArray[np.str_]:
    """Return the split of every row where one fold is the test.

    Of the other galaxies a share of `rescale.validation` stops the training.
    """
    galaxy = same_galaxy(catalog)
    rng = np.random.default_rng([rescale.seed, tested])
    others = rng.permutation(np.unique(galaxy[fold != tested]))
    stopping = others[: max(1, round(len(others) * rescale.validation))]
    names = np.where(np.isin(galaxy, stopping), "validation", "train")
    return np.where(fold == tested, "test", names)


def _dealt(count: int, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Mark a share of a sequence, evenly along it, from a random start."""
    position = np.floor((np.arange(count + 1) + rng.uniform()) * share)
    return np.diff(position) > 0


def same_galaxy(catalog: pd.DataFrame) -> NDArray[np.intp]:
    """Return a galaxy index, 0 to the number of galaxies, for each row."""
    rows = len(catalog)
    first, second = [np.arange(rows)], [np.arange(rows)]
    if "number" in catalog:
        number, _ = pd.factorize(catalog["number"])
        _, representative = np.unique(number, return_index=True)
        first.append(np.arange(rows)[number >= 0])
        second.append(representative[number[number >= 0]])
    if {"ra", "dec"} <= set(catalog):
        placed = np.flatnonzero(catalog[["ra", "dec"]].notna().all(axis=1))
        where = catalog.iloc[placed]
        sky = SkyCoord(where["ra"].to_numpy(), where["dec"].to_numpy(), unit="deg")
        near, far, *_ = sky.search_around_sky(sky, SAME_GALAXY * u.arcsec)
        first.append(placed[near])
        second.append(placed[far])
    pairs = np.concatenate(first), np.concatenate(second)
    links = coo_array((np.ones(len(pairs[0]), bool), pairs), shape=(rows, rows))
    return connected_components(links, directed=False)[1]
