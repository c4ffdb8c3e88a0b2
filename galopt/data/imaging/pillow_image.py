"""Images: JPEG, PNG and TIFF, as levels from 0 to 255 whatever their depth."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageSequence

MAX_PIXELS = 89_478_485
"""Pixels of the largest image that is decoded: Pillow's own limit (`Image.MAX_IMAGE_PIXELS`)."""

MIN_SIDE = 16
"""Side of the smallest image that is of any use, px."""

FORMATS = ("JPEG", "PNG", "TIFF")
"""What Pillow may take an image for: it knows others, of which EPS starts a program."""

DEPTHS = (8, 10, 12, 14, 16)
"""Bits that detectors and programs use of the 16 of a deep image."""

_FEW_LEVELS = 64
"""A colour image of 16 bits that is darker uses 14 of them or fewer: Pillow keeps the high 8."""


@dataclass(frozen=True)
class Needed:
    """What is needed of an image, so that the decoder of JPEG need not make more.

    Attributes
    ----------
    side : int
        To which its central square will be reduced, px.
    grey : bool
        Whether colours are not needed.
    """

    side: int
    grey: bool


def read_picture(path: Path, needed: Needed | None = None) -> np.ndarray:
    """Read an image, transparency over black.

    Parameters
    ----------
    path : path
    needed : Needed, optional
        With it, a JPEG is decoded at a half, a quarter or an eighth of its size, never below
        the side needed, and grey where no more is needed.

    Returns
    -------
    ndarray
        uint8, (H, W) where it is grey, (H, W, 3) where it has colours, (H, W, C) where it is a
        TIFF of C grey pages; float32, (H, W), where it holds numbers that are no levels.

    Raises
    ------
    ValueError
        It is no image, damaged or too large to decode; the message is the reason.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(path, formats=FORMATS) as image:
                if needed:
                    mode = "L" if needed.grey else image.mode
                    image.draft(mode, (needed.side, needed.side))
                return _pages(image) if _has_planes(image) else _levels(image)
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise ValueError(f"too large: more than {MAX_PIXELS:,} pixels") from None
        except Exception as error:  # damaged files raise nearly anything from the decoders
            raise ValueError(f"unreadable: {' '.join(str(error).split())}") from None


def _has_planes(image: Image.Image) -> bool:
    return (
        image.format == "TIFF"
        and image.mode == "L"
        and 1 < getattr(image, "n_frames", 1) < MIN_SIDE
    )


def _pages(image: Image.Image) -> np.ndarray:
    pages = [np.array(page) for page in ImageSequence.Iterator(image) if page.mode == "L"]
    if {page.shape for page in pages} != {pages[0].shape}:
        raise ValueError("its pages have different sizes")
    return np.stack(pages, axis=-1)


def _levels(image: Image.Image) -> np.ndarray:
    """Return the levels of an image of any mode."""
    if image.mode == "F":
        return _of_numbers(np.asarray(image, np.float32))
    if image.mode.startswith("I"):
        return _of_integers(np.asarray(image))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image)
        image = image.convert("L" if _is_grey(image) else "RGB")
    deep = _is_deep(image)
    levels = np.asarray(image if image.mode == "L" else _without_palette(image))
    if deep and levels.max(initial=0) < _FEW_LEVELS:
        raise ValueError("a colour image of 16 bits that uses few of them; store it with 8")
    return levels


def _is_grey(image: Image.Image) -> bool:
    red, green, blue, *_ = image.split()
    return red.tobytes() == green.tobytes() == blue.tobytes()


def _is_deep(image: Image.Image) -> bool:
    """Whether Pillow keeps only the high half of the colours' 16 bits."""
    tiles = getattr(image, "tile", ())
    raw = tiles[0][3] if tiles else ""
    mode = raw[0] if isinstance(raw, tuple) else raw
    return isinstance(mode, str) and mode.startswith("RGB") and ";16" in mode


def _without_palette(image: Image.Image) -> Image.Image:
    return image.convert("L" if image.mode in ("1", "La", "LA") else "RGB")


def _of_integers(values: np.ndarray) -> np.ndarray:
    """Scale whole numbers by the bits that they use."""
    values = values.astype(np.int64)
    top = int(values.max(initial=0))
    if values.min(initial=0) < 0 or top >= 1 << DEPTHS[-1]:
        return values.astype(np.float32)
    white = next((1 << bits) - 1 for bits in DEPTHS if top < 1 << bits)
    return (values * 255 // white).astype(np.uint8)


def _of_numbers(values: np.ndarray) -> np.ndarray:
    """Take numbers within [0, 1] or whole ones within [0, 255] for levels, others as they are."""
    if not (np.isfinite(values).all() and values.min() >= 0):
        return values
    if values.max() <= 1:
        return np.rint(values * 255).astype(np.uint8)
    if values.max() <= 255 and (values == np.rint(values)).all():
        return values.astype(np.uint8)
    return values
