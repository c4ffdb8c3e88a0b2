"""Files that promise more than they hold, or hold more than they seem to."""

import gzip
import struct
import zlib
from pathlib import Path

from astropy.io import fits

ENDLESS_FITS = b"".join(
    f"{card:<80}".encode()
    for card in (
        "SIMPLE  =                    T",
        "BITPIX  =                    8",
        "NAXIS   =           2000000000",
        "END",
    )
).ljust(2880)
"""The axes of such a header are counted for hours by a reader that believes it."""

GARBAGE_JSON = (
    "[" * 100_000,
    '{"inputs": [[1e999, NaN]]}',
    '{"inputs": {"\ud800": "a"}}',
    "1" * 9999,
)
"""Too deep, no numbers, no Unicode, and more digits than Python reads."""


def packed_bomb(size: int) -> bytes:
    """Return a FITS file whose table of `size` zeros is packed a thousandfold by gzip."""
    primary = ["SIMPLE  = T", "BITPIX  = 8", "NAXIS   = 0", "END"]
    table = [
        "XTENSION= 'BINTABLE'",
        "BITPIX  = 8",
        "NAXIS   = 2",
        f"NAXIS1  = {size}",
        "NAXIS2  = 1",
    ]
    head = b"".join(
        b"".join(f"{card:<80}".encode() for card in cards).ljust(2880)
        for cards in (primary, [*table, "END"])
    )
    piece = 1 << 24
    return gzip.compress(head) + gzip.compress(bytes(piece)) * (size // piece + 1)


def lying_fits(path: Path, *sides: int) -> None:
    """Write a FITS header that promises far more than the file holds."""
    header = fits.Header({"SIMPLE": True, "BITPIX": -64, "NAXIS": len(sides)})
    header.update({f"NAXIS{number}": side for number, side in enumerate(sides, 1)})
    path.write_bytes(header.tostring(padding=True).encode() + bytes(2880))


def png_bomb(path: Path, side: int, rows: int | None = None) -> None:
    """Write a black picture of `side` by `side` px, compressed a thousandfold; or so many rows."""

    def part(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    packer = zlib.compressobj(9)
    lines = (packer.compress(bytes(side + 1)) for _ in range(rows or side))
    content = b"".join([*lines, packer.flush()])
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    parts = part(b"IHDR", head) + part(b"IDAT", content) + part(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + parts)
