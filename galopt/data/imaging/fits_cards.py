"""What a FITS file holds, from its raw header cards: bounded, whatever the cards say."""

import gzip
import zlib
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, cast

BLOCK, CARD = 2880, 80
"""Bytes of a FITS block and of a header card (FITS Standard 4.0, sections 3.1 and 3.2)."""

MAX_AXES = 8
"""More axes than any image of the sky has; astropy counts to whatever NAXIS says."""

MAX_CARDS = 20_000
"""Cards of the longest header that is read; those of drizzled mosaics have 3,300."""

MAX_EXTENSIONS = 200

MAX_UNPACKED = 1 << 30
"""Bytes to which a packed file may grow: the float64 pixels of the largest image, and half more."""

GZIP = b"\x1f\x8b"
_BITS = (8, 16, 32, 64, -32, -64)


@dataclass(frozen=True)
class Extension:
    """One header-data unit.

    Attributes
    ----------
    index : int
        Its place in the file, from 0.
    name : str
        EXTNAME in upper case; empty if there is none.
    shape : tuple of int
        Of the image, in the order of numpy; empty where there is no image.
    """

    index: int
    name: str
    shape: tuple[int, ...]


def is_fits(start: bytes) -> bool:
    """Whether a file's first bytes are those of FITS, or of gzip, in which FITS is packed."""
    return start.startswith((b"SIMPLE  =", GZIP))


def read_extensions(path: Path, most: int | None = None) -> list[Extension]:
    """Return what a FITS file holds.

    Parameters
    ----------
    path : path
    most : int, optional
        Pixels of the largest image that is wanted.

    Raises
    ------
    ValueError
        The file is cut, not FITS, or says what no image says; the message is the reason.
    """
    with path.open("rb") as stream:
        start = stream.read(10)
    if not is_fits(start):
        raise ValueError(f"not a FITS file, it begins with {start!r}")
    packed = start.startswith(GZIP)
    try:
        with gzip.open(path) if packed else path.open("rb") as stream:
            return _walk(
                cast("IO[bytes]", stream), MAX_UNPACKED if packed else path.stat().st_size, most
            )
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"unreadable: the packed file is truncated or damaged ({error})") from None


def _walk(stream: IO[bytes], limit: int, most: int | None) -> list[Extension]:
    found: list[Extension] = []
    while cards := _cards(stream):
        if len(found) == MAX_EXTENSIONS:
            raise ValueError(f"unreadable: more than {MAX_EXTENSIONS} extensions")
        shape = _shape(cards, "NAXIS")
        found.append(Extension(len(found), _text(cards, "EXTNAME"), _image_shape(cards, shape)))
        size = _data_bytes(cards, shape)
        if most is not None and prod(found[-1].shape) > most:
            raise ValueError(f"too large: more than {most:,} pixels")
        needed = stream.tell() + size
        if needed > limit:
            raise ValueError(f"the FITS file is cut, truncated at {limit:,} bytes of {needed:,}")
        stream.seek(-(-needed // BLOCK) * BLOCK)
    return found


def _cards(stream: IO[bytes]) -> dict[str, str]:
    """Return keyword and value of the cards of one header; none at the end of the file."""
    cards: dict[str, str] = {}
    for number in range(MAX_CARDS):
        card = stream.read(CARD)
        if number == 0 and not card.startswith((b"SIMPLE", b"XTENSION")):
            return {}  # what follows the last extension is nobody's
        if len(card) < CARD:
            raise ValueError("the FITS file is cut, truncated within a header")
        keyword = card[:8].decode("ascii", "replace").strip()
        if keyword == "END":
            stream.seek(-(-stream.tell() // BLOCK) * BLOCK)
            return cards
        if card[8:10] == b"= ":
            cards.setdefault(keyword, card[10:].decode("ascii", "replace"))
    raise ValueError(f"unreadable: a header of more than {MAX_CARDS:,} cards")


def _shape(cards: dict[str, str], keyword: str) -> tuple[int, ...]:
    axes = _integer(cards, keyword)
    if not 0 <= axes <= MAX_AXES:
        raise ValueError(f"unreadable: {keyword} = {axes}, of at most {MAX_AXES} axes")
    sides = [_integer(cards, f"{keyword}{number}") for number in range(axes, 0, -1)]
    if min(sides, default=0) < 0:
        raise ValueError(f"unreadable: an axis of {min(sides)} pixels")
    return tuple(sides)


def _image_shape(cards: dict[str, str], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of an image, compressed or not; empty for a table."""
    if _text(cards, "XTENSION") in ("", "IMAGE"):
        return shape
    return _shape(cards, "ZNAXIS") if cards.get("ZIMAGE", "").split("/")[0].strip() == "T" else ()


def _data_bytes(cards: dict[str, str], shape: tuple[int, ...]) -> int:
    """Return the bytes of the data, without padding (FITS Standard 4.0, section 4.4.1)."""
    bits = _integer(cards, "BITPIX")
    if bits not in _BITS:
        raise ValueError(f"unreadable: BITPIX = {bits}")
    groups, extra = _integer(cards, "GCOUNT", 1), _integer(cards, "PCOUNT", 0)
    if groups < 0 or extra < 0:
        raise ValueError("unreadable: data of negative size")
    return abs(bits) // 8 * groups * (extra + prod(shape)) if shape else 0


def _integer(cards: dict[str, str], keyword: str, default: int | None = None) -> int:
    value = cards.get(keyword, "" if default is None else str(default))
    try:
        return int(value.split("/")[0])
    except ValueError:
        raise ValueError(f"unreadable: {keyword} is {value.strip() or 'missing'!r}") from None


def _text(cards: dict[str, str], keyword: str) -> str:
    """Return a value of text between its quotes, in upper case."""
    parts = cards.get(keyword, "").split("'")
    return parts[1].strip().upper() if len(parts) > 2 else ""
