"""Overrides, tables, headers and images made up by Hypothesis: read, or refused in one line."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from astropy.io import fits
from helpers.galaxies import paint
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from galopt.config.load import load_run_config, valid_keys
from galopt.data.imaging.fits_cards import read_extensions
from galopt.data.imaging.image_files import read_image
from galopt.data.tables import read_table
from galopt.errors import GaloptError

bounded = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
CELLS = st.one_of(
    st.integers(-9, 10**12).map(str),
    st.floats().map(str),
    st.text(max_size=9),
    st.sampled_from(
        ["", "nan", "None", "-", "1,5", "12%", "true", '"', "'", "\r", "\x00", "1e999"]
    ),
)
KEYWORDS = [
    "SIMPLE",
    "BITPIX",
    "NAXIS",
    "NAXIS1",
    "NAXIS2",
    "XTENSION",
    "PCOUNT",
    "EXTNAME",
    "BSCALE",
]
GREY = paint(1.4, 8, 64)
FLUX = np.random.default_rng(0).normal(0, 1, (40, 40)).astype(np.float32)


def file_of(kind: str) -> bytes:
    """Return a good image as a file."""
    stream = io.BytesIO()
    if kind == "FITS":
        fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(FLUX, name="SCI")]).writeto(stream)
    else:
        Image.fromarray(GREY).save(stream, kind)
    return stream.getvalue()


FILES = {kind: file_of(kind) for kind in ("JPEG", "PNG", "TIFF", "FITS")}
CHANGES = st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), max_size=8)


def changed(content: bytes, changes: list[tuple[float, bytes]], kept: float) -> bytes:
    """Return a file with some bytes overwritten, cut after a part of it."""
    new = bytearray(content)
    for place, with_what in changes:
        start = int(place * (len(new) - 1))
        new[start : start + len(with_what)] = with_what
    return bytes(new[: int(kept * len(new))])


@contextmanager
def read_or_refused(kind: type[Exception]) -> Iterator[None]:
    """Let pass an error of a kind if its message is one line."""
    try:
        yield
    except kind as refused:
        if "\n" in str(refused):
            raise AssertionError(f"several lines: {refused}") from refused


@bounded
@given(
    st.lists(
        st.tuples(
            st.one_of(st.sampled_from(valid_keys()), st.text(max_size=12)),
            st.sampled_from(["=", " = ", "", "=="]),
            CELLS,
        ).map("".join),
        max_size=3,
    )
)
def test_overrides(words):
    with read_or_refused(GaloptError):
        load_run_config(" ".join(words))


@bounded
@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=5),
    st.sampled_from([",", ";", "\t", " "]),
    st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]),
)
def test_tables(tmp_path, rows, separator, encoding):
    file = tmp_path / "votes.csv"
    text = "\n".join(separator.join(cells) for cells in [["id", "a", "b"], *rows])
    file.write_bytes(text.encode(encoding, "surrogatepass"))
    with read_or_refused(GaloptError):
        read_table(file)


@bounded
@given(st.sampled_from(sorted(FILES)), CHANGES, st.sampled_from([0.3, 0.9, 1.0]))
def test_image_bytes(tmp_path, kind, changes, kept):
    file = tmp_path / "image"
    file.write_bytes(changed(FILES[kind], changes, kept))
    with read_or_refused(ValueError):
        assert min(read_image(file).pixels.shape[:2]) >= 16


@bounded
@given(
    st.dictionaries(
        st.sampled_from(KEYWORDS),
        st.one_of(st.integers(-(10**12), 10**12).map(str), st.text("T'/ E.-+9", max_size=20)),
        max_size=7,
    )
)
def test_headers(tmp_path, cards):
    file = tmp_path / "image.fits"
    stated = {"SIMPLE": "T", "BITPIX": "8", "NAXIS": "2", "NAXIS1": "20", "NAXIS2": "20"} | cards
    lines = [f"{key:<8}= {value:>20}"[:80].ljust(80) for key, value in stated.items()]
    header = "".join([*lines, "END".ljust(80)]).encode("ascii", "replace")
    file.write_bytes(header.ljust(2880) + bytes(2880))
    for read in (read_extensions, read_image):
        with read_or_refused(ValueError):
            read(file)
