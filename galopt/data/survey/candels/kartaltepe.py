"""The expert votes of Kartaltepe et al. (2015): `table3.dat` of CDS J/ApJS/221/11."""

import gzip
import logging
import zlib
from pathlib import Path

import pandas as pd

from galopt.data.survey.votes import TARGETS, check_votes
from galopt.errors import DataError

logger = logging.getLogger(__name__)

FIELDS = ("goods-s",)
ADDRESS = "https://cdsarc.cds.unistra.fr/ftp/J/ApJS/221/11/table3.dat.gz"
VOTERS = "Kartaltepe et al. (2015)"

COLUMNS = {
    "depth": (1, 17),
    "id": (18, 29),
    "ra": (31, 39),
    "dec": (41, 50),
    "n_votes": (66, 67),
    "spheroid": (69, 77),
    "disk": (79, 87),
    "irregular": (89, 97),
    "point_source": (139, 147),
    "unclassifiable": (149, 157),
}
"""First and last byte of a column, counted from one as the catalogue's ReadMe does.

Bytes 1 to 17 hold the depth (`2epoch`, `4epoch`, `10epoch`) and the area of the image that
was shown; the fractions of ticks are f(Sph), f(Dk), f(Ir), f(PS) and f(UnCl).
"""


def read_kartaltepe(path: Path) -> pd.DataFrame:
    """Read one row per galaxy: that of the deepest image which the voters were shown.

    The table has a row for each galaxy and depth, and galaxies where two areas overlap are
    there under two ids (`ers2_9777`, `wide2_9777`) that end in the same number. Of one
    number's rows the one with most epochs is kept; then, the one with most voters.

    Parameters
    ----------
    path : path
        `table3.dat`, plain or gzipped.

    Returns
    -------
    DataFrame
        id, ra and dec in degrees, n_votes, and the five raw fractions in [0, 1]; without
        galaxies for which a cell is blank or nobody ticked a class, whose number is printed.

    Raises
    ------
    DataError
        The file is cut or is another table; the message names the line.
    """
    table = _parse(_lines(path), path)
    fractions = list(TARGETS)
    votes = _deepest(table)[["id", "ra", "dec", "n_votes", *fractions]]
    voted = votes.notna().all(axis=1) & (votes[fractions].sum(axis=1) > 0)
    if not voted.all():
        logger.info(
            f"{(~voted).sum()} of {len(voted)} galaxies have blank cells or no tick: left out"
        )
    votes = votes[voted].astype({"n_votes": int})
    return check_votes(votes, fractions, path)


def _lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as stream:
            packed = stream.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as stream:
            lines = stream.read().decode("ascii").splitlines()
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise DataError(f"{path}: not a whole text or gzip file ({error})") from None
    if not lines:
        raise DataError(f"{path}: the table has no rows")
    return lines


def _parse(lines: list[str], path: Path) -> pd.DataFrame:
    end = max(last for _, last in COLUMNS.values())
    for number, line in enumerate(lines, 1):
        if len(line) < end:
            raise DataError(
                f"{path}, line {number}: {len(line)} bytes, but the columns of table3.dat of "
                f"CDS J/ApJS/221/11 reach byte {end}; the file is cut or is another table"
            )
    text = pd.DataFrame(
        {
            name: [line[first - 1 : last].strip() for line in lines]
            for name, (first, last) in COLUMNS.items()
        },
        index=pd.RangeIndex(1, len(lines) + 1, name="line"),
    )
    for name in COLUMNS.keys() - {"depth", "id"}:
        values = pd.to_numeric(text[name], errors="coerce")
        wrong = values.isna() & (text[name] != "")
        if wrong.any():
            first, last = COLUMNS[name]
            raise DataError(
                f"{path}, line {text.index[wrong][0]}: {text[name][wrong].iloc[0]!r} in bytes "
                f"{first}-{last} is no number; is this table3.dat of CDS J/ApJS/221/11?"
            )
        text[name] = values
    return text


def _deepest(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per galaxy, in the order of the table."""
    epochs = table.depth.str.extract(r"(\d+) *epoch", expand=False).astype(float).fillna(0)
    number = table.id.str.extract(r"_(\d+)$", expand=False).fillna(table.id)
    order = table.assign(epochs=epochs).sort_values(
        ["epochs", "n_votes"], ascending=False, kind="stable"
    )
    kept = ~number[order.index].duplicated()
    return table.loc[order.index[kept]].sort_index()
