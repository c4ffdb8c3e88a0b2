"""A simulated CANDELS F160W survey: mosaic tiles, votes, and the truth behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from astropy.io import fits
from astropy.wcs import WCS

from galopt.compute.parallel import HERE, map_cores
from galopt.config import Simulate, Work
from galopt.config.data import SimulatedBand
from galopt.data.survey.simulated.artefacts import add_artefacts
from galopt.data.survey.simulated.bands import BANDS, F160W, Band
from galopt.data.survey.simulated.noise import add_noise, draw_depths, sigma_map
from galopt.data.survey.simulated.paint import SCALE, paint_sources
from galopt.data.survey.simulated.population import VOTED, draw_population
from galopt.data.survey.simulated.voter_photometry import observed, outlined
from galopt.data.survey.simulated.voters import cast_votes, draw_voters, tick_probabilities
from galopt.data.survey.votes import TARGETS
from galopt.files import write_json

SIDE = 2048
"""Side of a tile, px."""

MARGIN = 64
"""Voted galaxies keep this far from a tile's edge, px, so that a stamp fits inside."""

CENTRE = (53.12, -27.80)
"""Right ascension and declination of the first tile, degrees: that of GOODS-S."""

COLUMNS = 8
"""Tiles side by side before the next row begins."""


_NOISE_OF_BANDS = 10
"""Steps of a tile's seed from here on are the noise of one band each."""


@dataclass(frozen=True)
class Tile:
    """One tile to paint: which, from which seed, how many voted galaxies, where to, in what."""

    index: int
    seed: int
    first: int
    voted: int
    folder: Path
    bands: Sequence[SimulatedBand] | None = None


def simulate(config: Simulate, folder: Path, work: Work = HERE) -> None:
    """Paint a survey into an empty folder.

    Writes `tiles/*.fits` (of each band, where bands are asked for), `votes.csv`,
    `truth.parquet` and `survey.json`. A tile depends on the seed and its own number only, so
    the bytes do not depend on the processes.

    Parameters
    ----------
    config : Simulate
        How many galaxies, the seed, and the bands. The votes are on F160W whatever these are.
    folder : path
        Exists and is empty.
    work : Work, optional
        Who paints.
    """
    folder = folder.resolve()
    (folder / "tiles").mkdir()
    painted = list(map_cores(paint_tile, plan(config, folder), "Painting tiles", work))
    table = pd.concat(painted, ignore_index=True)
    fractions = list(TARGETS)
    votes = table[["id", "ra", "dec", "n_votes", *fractions]]
    votes.to_csv(folder / "votes.csv", index=False, float_format="%.7f")
    table.drop(columns=fractions).to_parquet(folder / "truth.parquet", index=False)
    survey: dict[str, Any] = {"source": "simulate", "name": "simulated CANDELS F160W"}
    if config.bands:
        survey |= {"name": "simulated CANDELS", "bands": config.bands}
    write_json(folder / "survey.json", survey | {"targets": fractions})


def plan(config: Simulate, folder: Path) -> list[Tile]:
    """Return the tiles that hold the galaxies asked for; the last may hold more, unvoted."""
    tiles: list[Tile] = []
    first = 0
    for index in count():
        here = len(_voted(_sources(config.seed, index)))
        voted = min(here, config.galaxies - first)
        tiles.append(Tile(index, config.seed, first, voted, folder, config.bands))
        first += here
        if first >= config.galaxies:
            return tiles
    raise AssertionError


def paint_tile(tile: Tile) -> pd.DataFrame:
    """Paint and write one tile; return its voted galaxies with their votes and truth."""
    image, voted = _scene(tile)
    wcs = tile_wcs(tile.index)
    path = tile.folder / "tiles" / f"tile_{tile.index:04d}.fits"
    if not tile.bands:
        _write(path, image, wcs, "F160W")
    for name in tile.bands or ():
        seen = image if name == "F160W" else _seen_in(tile, name)
        _write(path.with_name(f"{path.stem}_{name}.fits"), seen, wcs, name)
    voted["ra"], voted["dec"] = wcs.all_pix2world(voted.x, voted.y, 0)
    voted["tile"] = tile.index
    voted.insert(0, "id", [f"SIM_{tile.first + i:06d}" for i in range(len(voted))])
    return _poll(voted, _rng(tile.seed, tile.index, 3))


def _scene(tile: Tile) -> tuple[np.ndarray, pd.DataFrame]:
    """Return the image of a tile, and what its voted galaxies are and show."""
    paint, noise = _rng(tile.seed, tile.index, 1), _rng(tile.seed, tile.index, 2)
    sources = _sources(tile.seed, tile.index)
    chosen = _voted(sources)[: tile.voted]
    voted = sources.loc[chosen].reset_index(drop=True)
    depths = draw_depths(noise)
    sigma = sigma_map(depths, SIDE)
    voted["depth"] = np.array(list(depths))[voted.y.round().astype(int) * len(depths) // SIDE]
    image = np.zeros((SIDE, SIDE), np.float32)
    alone = {
        index: stamp
        for index, stamp in enumerate(paint_sources(sources, paint, image))
        if index in chosen
    }
    own = outlined(image, voted, [alone[index] for index in chosen], sigma)
    image = add_noise(image, sigma, noise)
    voted["spoilt"] = add_artefacts(image, voted, sigma, noise)
    return image, voted.join(own).join(observed(image, voted))


def _seen_in(tile: Tile, name: SimulatedBand) -> np.ndarray:
    """Return a tile in another band: its sources as they are, as deep in AB magnitude."""
    band, number = BANDS[name], list(BANDS).index(name)
    image = np.zeros((SIDE, SIDE), np.float32)
    sources = _sources(tile.seed, tile.index)
    for _ in paint_sources(sources, _rng(tile.seed, tile.index, 1), image, band):
        pass
    sigma = sigma_map(draw_depths(_rng(tile.seed, tile.index, 2)), SIDE)
    sigma = sigma * np.float32(10 ** (0.4 * (band.zero_point - F160W.zero_point)))
    return add_noise(image, sigma, _rng(tile.seed, tile.index, _NOISE_OF_BANDS + number))


def _poll(voted: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return voted galaxies with their voters' chances of a tick and fractions of ticks."""
    chances = tick_probabilities(voted)
    n_votes = draw_voters(voted.depth.to_numpy(), rng)
    voted["n_votes"] = n_votes
    voted[[f"p_{target}" for target in TARGETS]] = chances
    voted[list(TARGETS)] = cast_votes(chances, n_votes, rng)
    return voted


def tile_wcs(index: int) -> WCS:
    """Return the tangent projection of one tile, north up, 0.06 arcsec per px."""
    wcs = WCS(naxis=2)
    step = SIDE * SCALE / 3600
    row, column = divmod(index, COLUMNS)
    dec = CENTRE[1] + row * step
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [CENTRE[0] + column * step / np.cos(np.radians(dec)), dec]
    wcs.wcs.crpix = [(SIDE + 1) / 2, (SIDE + 1) / 2]
    wcs.wcs.cdelt = [-SCALE / 3600, SCALE / 3600]
    wcs.wcs.set()
    return wcs


def _rng(seed: int, index: int, step: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence((seed, index, step)))


def _sources(seed: int, index: int) -> pd.DataFrame:
    return draw_population(_rng(seed, index, 0), SIDE, SCALE)


def _voted(sources: pd.DataFrame) -> np.ndarray:
    """Return the rows of the sources that are bright enough and clear of the edges."""
    inside = sources.x.between(MARGIN, SIDE - MARGIN) & sources.y.between(MARGIN, SIDE - MARGIN)
    return np.flatnonzero(inside & (sources.h_mag < VOTED))


def _write(path: Path, image: np.ndarray, wcs: WCS, name: SimulatedBand) -> None:
    header = wcs.to_header()
    header["BUNIT"] = "ELECTRONS/S"
    header["INSTRUME"], header["FILTER"] = "ACS" if BANDS[name].pixel < 0.1 else "WFC3", name
    header["PHOTFLAM"], header["PHOTPLAM"], header["PHOTZPT"] = _photometry(BANDS[name])
    header["MAGZERO"] = BANDS[name].zero_point
    fits.PrimaryHDU(image.astype(np.float32), header).writeto(path, overwrite=True)


def _photometry(band: Band) -> tuple[float, float, float]:
    """Return PHOTFLAM, PHOTPLAM and PHOTZPT (WFC3 Data Handbook, section 9.1)."""
    if band is F160W:
        return 1.9106045e-20, 15369.172, -21.1
    pivot = 10 * band.wavelength
    return 10 ** (-0.4 * (band.zero_point + 2.408) - 2 * np.log10(pivot)), pivot, -21.1
