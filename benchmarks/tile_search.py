"""Finding the tile of each of many galaxies: through an index of the sky, and by looking at all.

The tiles, of 15,000 px and 0.06 arcsec, cover the sky side by side; they take no space on disk.

    uv run python -m benchmarks.tile_search 1000 1000000
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from astropy.io import fits

from galopt.data.imaging.mosaic import assign_tiles, open_fits, read_wcs, sky_image

PIXELS, SCALE = 15_000, 0.06
DEGREES = PIXELS * SCALE / 3600


def main() -> None:
    """Measure the numbers of tiles and galaxies given on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("tiles", type=int)
    parser.add_argument("galaxies", nargs="+", type=int)
    parser.add_argument("--old", type=int, default=20, help="tiles that the old way looks at")
    options = parser.parse_args()
    side = int(np.ceil(np.sqrt(options.tiles)))
    with tempfile.TemporaryDirectory() as folder:
        places = [divmod(number, side) for number in range(options.tiles)]
        tiles = [
            _write(Path(folder) / f"{row}_{column}.fits", row, column) for row, column in places
        ]
        some = tiles[: options.old]
        for galaxies in options.galaxies:
            rng = np.random.default_rng(0)
            ra, dec = rng.uniform(-DEGREES / 2, (side - 0.5) * DEGREES, (2, galaxies))
            sky = ra % 360, dec
            now, _ = _timed(partial(assign_tiles, tiles, *sky))
            before, expected = _timed(partial(_by_declination, some, *sky))
            same = np.array_equal(assign_tiles(some, *sky), expected)
            print(
                f"{galaxies:,} galaxies, {len(tiles):,} tiles: {now:.1f} s of processor; before "
                f"{before * len(tiles) / len(some):.0f} s, judged by {len(some)} tiles with "
                f"{'the same' if same else 'OTHER'} answers"
            )


def _write(path: Path, row: int, column: int) -> Path:
    """Write the header of a tile, and pixels that are a hole in the file."""
    header = fits.Header({"SIMPLE": True, "BITPIX": -32, "NAXIS": 2})
    header.update({"NAXIS1": PIXELS, "NAXIS2": PIXELS})
    header.update({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"})
    header.update({"CRVAL1": column * DEGREES, "CRVAL2": row * DEGREES})
    header.update({"CRPIX1": (PIXELS + 1) / 2, "CRPIX2": (PIXELS + 1) / 2})
    header.update({"CDELT1": -SCALE / 3600, "CDELT2": SCALE / 3600})
    text = header.tostring().encode()
    blocks = -(-4 * PIXELS**2 // 2880)
    with path.open("wb") as stream:
        stream.write(text)
        stream.truncate(len(text) + 2880 * blocks)
    return path


def _by_declination(tiles: list[Path], ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Look at every galaxy for every tile, as before version 0.4."""
    best, depth = np.full(len(ra), -1), np.full(len(ra), -0.5)
    for index, path in enumerate(tiles):
        with open_fits(path) as hdus:
            wcs = read_wcs(sky_image(hdus).header)
        level = np.flatnonzero(np.abs(dec - wcs.wcs.crval[1]) <= 0.8 * DEGREES)
        x, y = wcs.all_world2pix(ra[level], dec[level], 0)
        here = np.minimum.reduce([x, y, PIXELS - 1 - x, PIXELS - 1 - y])
        deeper = here > depth[level]
        best[level[deeper]], depth[level[deeper]] = index, here[deeper]
    return best


def _timed(work: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


if __name__ == "__main__":
    main()
