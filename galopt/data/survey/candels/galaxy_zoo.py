"""The volunteers' votes of Galaxy Zoo CANDELS (Simmons et al. 2017), table 2."""

import logging
from pathlib import Path

import pandas as pd

from galopt.data.survey.votes import check_votes
from galopt.errors import DataError

logger = logging.getLogger(__name__)

FIELDS = ("goods-s", "cosmos", "uds")
ADDRESS = (
    "https://zooniverse-data.s3.amazonaws.com/galaxy-zoo-candels/"
    "gz_candels_table_2_main_release.csv"
)
VOTERS = "Galaxy Zoo"

COLUMNS = {
    "ID": "id",
    "RA": "ra",
    "Dec": "dec",
    "num_classifications": "n_votes",
    "t00_smooth_or_featured_a0_smooth_frac": "smooth",
    "t00_smooth_or_featured_a1_features_frac": "features",
    "t00_smooth_or_featured_a2_artifact_frac": "artifact",
}
"""Columns of the release, and ours: the answers to the first question, unweighted."""


def read_galaxy_zoo(path: Path) -> pd.DataFrame:
    """Read the answers to 'Is the galaxy smooth, or has it features, or is it an artefact?'.

    Parameters
    ----------
    path : path
        `gz_candels_table_2_main_release.csv`, plain or gzipped.

    Returns
    -------
    DataFrame
        id, ra and dec in degrees, n_votes, smooth, features and artifact in [0, 1]; without
        galaxies for which a cell is blank or nobody answered, whose number is printed.

    Raises
    ------
    DataError
        The file is cut or is another table.
    """
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    try:
        table = pd.read_csv(
            path, usecols=list(COLUMNS), dtype={"ID": str}, compression="gzip" if packed else None
        )
    except (OSError, EOFError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: not table 2 of Galaxy Zoo CANDELS ({reason})") from None
    votes = table[list(COLUMNS)].rename(columns=COLUMNS)
    votes.index = pd.RangeIndex(2, len(votes) + 2, name="line")
    voted = votes.notna().all(axis=1) & (votes.iloc[:, 4:].sum(axis=1) > 0)
    if not voted.all():
        logger.info(
            f"{(~voted).sum()} of {len(voted)} galaxies have blank cells or no vote: left out"
        )
    votes = votes[voted].astype({"n_votes": int})
    return check_votes(votes, list(votes.columns[4:]), path)
