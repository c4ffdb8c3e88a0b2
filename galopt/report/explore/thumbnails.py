"""Small pictures of many galaxies, side by side in few files."""

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PER_ROW = 32
PER_SHEET = PER_ROW**2

SIDES = ((2_000, 84), (10_000, 64), (100_000, 40))
"""Side of a thumbnail, px, up to a number of galaxies: a page stays below 60 MB."""

_QUALITY = 70


def side_for(galaxies: int) -> int:
    """Return the side of the thumbnails of so many galaxies, px."""
    return next((side for limit, side in SIDES if galaxies <= limit), SIDES[-1][1])


class Sheets:
    """Collects images as they come, and packs them into sheets of `PER_SHEET`.

    Parameters
    ----------
    side : int
        Of a thumbnail, px.
    """

    def __init__(self, side: int) -> None:
        self.side = side
        self._waiting: list[Image.Image] = []
        self._packed: list[str] = []

    def add(self, images: NDArray[np.uint8]) -> None:
        """Add images, (N, H, W) grey or (N, H, W, 3)."""
        for image in images:
            small = Image.fromarray(image).resize((self.side, self.side), Image.Resampling.BOX)
            self._waiting.append(small)
            if len(self._waiting) == PER_SHEET:
                self._pack()

    def packed(self) -> list[str]:
        """Return all sheets as WebP in base64."""
        if self._waiting:
            self._pack()
        return self._packed

    def _pack(self) -> None:
        rows = -(-len(self._waiting) // PER_ROW)
        sheet = Image.new(self._waiting[0].mode, (PER_ROW * self.side, rows * self.side))
        for number, image in enumerate(self._waiting):
            row, column = divmod(number, PER_ROW)
            sheet.paste(image, (column * self.side, row * self.side))
        file = io.BytesIO()
        sheet.save(file, "WEBP", quality=_QUALITY)
        self._packed.append(base64.b64encode(file.getvalue()).decode())
        self._waiting = []
