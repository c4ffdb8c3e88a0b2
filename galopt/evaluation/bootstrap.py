"""How sure is an RMSE, and is one run better than another? A bootstrap over test galaxies."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from galopt.data.noise_floor import EXPECTED
from galopt.errors import DataError
from galopt.metrics import CROSSVALIDATE, ENOUGH

FROM_EXPECTED = "RMSE from the expected votes"
SAMPLES = 10_000
LEVEL = 0.95
TAILS = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
_SAMPLES_AT_ONCE = 500
_DRAWN_AT_ONCE = 5_000_000  # 40 MB


@dataclass(frozen=True)
class Interval:
    """An RMSE and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """The RMSE of a second run minus that of a first.

    Attributes
    ----------
    value : float
        On the galaxies as they are; negative where the second run is better.
    low, high : float
        Ends of the 95 % interval.
    galaxies : int
        Test galaxies it rests on.
    measure : str
        What differs, in words.
    lower_is_better : bool
        As an error, and unlike an accuracy.
    """

    value: float
    low: float
    high: float
    galaxies: int
    measure: str = "RMSE"
    lower_is_better: bool = True

    @property
    def real(self) -> bool:
        """Whether the interval leaves out zero."""
        return not self.low <= 0 <= self.high

    @property
    def too_few(self) -> bool:
        """Whether so few galaxies tell nothing, whatever the interval is."""
        return self.galaxies < ENOUGH

    def sentence(self, first: str, second: str) -> str:
        """Say in words which run is better, and whether that is more than chance."""
        if self.too_few:
            return (
                f"{self.galaxies} test galaxies are too few to tell {second} from {first}, "
                f"whose {self.measure} on them is {abs(self.value):.4f} "
                f"{'higher' if self.value < 0 else 'lower'}: an interval of so few misleads. To "
                f"measure each on every galaxy: {CROSSVALIDATE}"
            )
        if not self.real:
            return (
                f"{second} and {first} cannot be told apart: {self.measure} differs by "
                f"{self.value:+.4f} (95 % interval {self.low:+.4f} to {self.high:+.4f}, "
                f"{self.galaxies} galaxies), which chance explains."
            )
        improved = (self.value < 0) == self.lower_is_better
        better, worse = (second, first) if improved else (first, second)
        least, most = sorted((abs(self.low), abs(self.high)))
        return (
            f"{better} is really better than {worse}: {self.measure} {abs(self.value):.4f} "
            f"{'lower' if self.lower_is_better else 'higher'} "
            f"(95 % interval {least:.4f} to {most:.4f}, {self.galaxies} galaxies)."
        )


def bootstrap(squared: ArrayLike, seed: int = 0) -> list[Interval]:
    """Say how far each RMSE may be off because other galaxies could have been tested.

    The galaxies are drawn with replacement 10,000 times, the same for all columns; the
    interval is the percentile interval of Efron & Tibshirani (1993), chapter 13. It leaves out
    that another seed gives another network.

    Parameters
    ----------
    squared : array, shape (N, K)
        Squared errors of each galaxy; the RMSE of each column is the root of its mean.
    seed : int

    Returns
    -------
    list of Interval
        One per column.

    Raises
    ------
    DataError
        There is no galaxy.
    """
    squared = np.asarray(squared, float)
    if not len(squared):
        raise DataError("no galaxy to measure an RMSE on")
    low, high = np.quantile(np.sqrt(_resampled(squared, seed)), TAILS, axis=0)
    values = np.sqrt(squared.mean(axis=0))
    return [Interval(*map(float, ends)) for ends in zip(values, low, high, strict=True)]


def paired_bootstrap(first: ArrayLike, second: ArrayLike, seed: int = 0) -> Difference:
    """Compare two runs by resampling the galaxies that both predicted.

    The galaxies are drawn with replacement 10,000 times, the same for both runs, and the
    difference of RMSE is taken each time; the interval is the percentile interval of Efron
    & Tibshirani (1993), chapter 13. Pairing removes what makes a galaxy hard for both. Of
    several runs of one kind, as many are drawn with replacement too: the same ones of both
    kinds where these have as many, for then they share their seeds.

    Parameters
    ----------
    first, second : array, shape (N,) or (N, S)
        Mean squared error of each galaxy, in the same order, in one run or in S runs that
        differ in their seeds.
    seed : int

    Returns
    -------
    Difference
        Of the second kind of run from the first.

    Raises
    ------
    DataError
        The galaxies differ in number, or are fewer than two.
    """
    errors = [np.asarray(kind, float) for kind in (first, second)]
    if {kind.ndim for kind in errors} - {1, 2} or len(errors[0]) != len(errors[1]):
        raise DataError(f"errors {errors[0].shape} and {errors[1].shape} do not pair up")
    if len(errors[0]) < 2:
        raise DataError("two galaxies at least are needed to tell chance from difference")
    runs = [kind.reshape(len(kind), -1) for kind in errors]
    split = runs[0].shape[1]
    resampled = np.split(_resampled(np.hstack(runs), seed), [split], axis=1)
    drawn = [_of_some_runs(part, seed) for part in resampled]
    low, high = np.quantile(drawn[1] - drawn[0], TAILS)
    value = np.sqrt(runs[1].mean()) - np.sqrt(runs[0].mean())
    return Difference(float(value), float(low), float(high), len(runs[0]))


def compare_predictions(first: pd.DataFrame, second: pd.DataFrame, seed: int = 0) -> Difference:
    """Compare two tables of predictions, `galopt.evaluation.evaluate.Evaluation.table`.

    Where the truth is known the errors are those from the expected votes: the noise of the votes
    themselves, the same in both runs, would only hide the difference.

    Parameters
    ----------
    first, second : DataFrame
        With ``id`` and, for each target, ``voted_<target>``, ``predicted_<target>`` and,
        where the truth is known, ``expected_<target>``.
    seed : int

    Raises
    ------
    DataError
        They are not of the same galaxies, votes and targets.
    """
    voted = _voted(first)
    if voted != _voted(second):
        raise DataError("the runs predict different fractions")
    first, second = (table.set_index("id") for table in (first, second))
    if len(first) != len(second) or not first.index.isin(second.index).all():
        raise DataError("the runs were tested on different galaxies")
    second = second.loc[first.index]
    if not np.allclose(first[voted], second[voted], atol=1e-6):
        raise DataError("the runs were tested against different votes")
    expected = [column.replace("voted_", EXPECTED, 1) for column in voted]
    known = set(expected) <= set(first) & set(second)
    truth = expected if known else voted
    errors = [_squared_errors(table, truth, voted) for table in (first, second)]
    found = paired_bootstrap(errors[0], errors[1], seed)
    return replace(found, measure=FROM_EXPECTED) if known else found


def _of_some_runs(squared: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Return the RMSE of as many runs as there are, drawn anew in each resample, (R,) of (R, S)."""
    runs = squared.shape[1]
    random = np.random.default_rng([seed, runs])
    counts = random.multinomial(runs, np.full(runs, 1 / runs), len(squared))
    return np.sqrt((squared * counts).sum(axis=1) / runs)


def _voted(table: pd.DataFrame) -> list[str]:
    return [str(column) for column in table if str(column).startswith("voted_")]


def _squared_errors(table: pd.DataFrame, truth: list[str], voted: list[str]) -> NDArray[np.float64]:
    predicted = [column.replace("voted_", "predicted_", 1) for column in voted]
    return ((table[truth].to_numpy() - table[predicted].to_numpy()) ** 2).mean(axis=1)


def _resampled(squared: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Return the mean of each column in every resample of the galaxies, (10,000, K)."""
    random = np.random.default_rng(seed)
    galaxies = len(squared)
    at_once = max(1, min(_SAMPLES_AT_ONCE, _DRAWN_AT_ONCE // galaxies))
    parts = []
    for start in range(0, SAMPLES, at_once):
        count = min(at_once, SAMPLES - start)
        drawn = random.integers(0, galaxies, (count, galaxies))
        drawn += galaxies * np.arange(count)[:, None]  # each resample counts in bins of its own
        times = np.bincount(drawn.ravel(), minlength=count * galaxies).reshape(drawn.shape)
        parts.append(times @ squared / galaxies)
    return np.concatenate(parts)
