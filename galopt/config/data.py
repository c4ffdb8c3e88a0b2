"""From the sky to the rescaled dataset: `survey`, `stamps` and `rescale`."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from galopt.config.base import Fraction, Positive, Section

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Bands = Annotated[
    list[Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.+-]*$")]],
    Field(min_length=1, max_length=15),
    BeforeValidator(_as_list),
]


SimulatedBand = Literal["F606W", "F850LP", "F125W", "F160W"]


class Simulate(Section):
    """The simulated survey: what to paint when no sky is at hand."""

    galaxies: Positive = Field(6000, description="galaxies with votes (the paper had about 6,000)")
    seed: int = Field(2016, ge=0, description="seed of the sky, its noise and its voters")
    bands: list[SimulatedBand] | None = Field(
        None, min_length=1, description="bands to paint, from blue to red [F160W, in grey]"
    )


class Folder(Section):
    """A folder of the user's own galaxies, in whatever layout they lie there."""

    path: str | None = Field(None, description="folder that holds the galaxies")
    votes: str | None = Field(
        None,
        description="table of votes (CSV, Parquet, FITS, VOTable) or array (HDF5, NPZ), relative "
        "to the folder [votes.csv, .parquet, .fits or .vot, else the only table or the arrays in "
        "it, else one folder per class]",
    )
    id: str | None = Field(
        None,
        description="column of the table with the ids [id or id_str, else the one whose values "
        "are the names of the images]",
    )
    file: str | None = Field(
        None,
        description="column with the images' names, or a pattern of columns such as "
        "images/{OBJID}.jpeg [file, else file_<band> of each band, else the only column of "
        "images' names, else the image that is called like the id]",
    )
    targets: list[str] | None = Field(
        None,
        min_length=1,
        description="columns of votes to predict, or one column of classes, in words or whole "
        "numbers [every numeric column but n_votes, else the only column of text]",
    )
    votes_are: Literal["fractions", "percent", "counts"] = Field(
        "fractions",
        description="what the columns of votes hold; counts give n_votes where the table does "
        "not, and with it the vote-noise floor",
    )


class Candels(Section):
    """The published F160W mosaic and votes, downloaded once."""

    field: Literal["goods-s", "egs", "cosmos", "uds", "goods-n"] = Field(
        "goods-s",
        description="field whose mosaic is downloaded (goods-n: give the address as mosaic)",
    )
    votes: Literal["kartaltepe", "galaxy_zoo"] = Field(
        "kartaltepe",
        description="Kartaltepe et al. (2015): five classes, GOODS-S; or Galaxy Zoo CANDELS "
        "(Simmons et al. 2017): smooth, features, artifact in GOODS-S, COSMOS and UDS",
    )
    mosaic: str | None = Field(
        None, description="address of a mirror, or a FITS file at hand [the published mosaic]"
    )
    mosaic_sha256: Sha256 | None = Field(
        None, description="checksum of the mosaic [that of the first download]"
    )
    table: str | None = Field(
        None, description="address of a mirror, or a file at hand [the published votes]"
    )
    table_sha256: Sha256 | None = Field(
        None, description="checksum of the votes [that of the first download]"
    )


class Survey(Section):
    """Where galaxies come from."""

    source: Literal["simulate", "candels", "folder"] = Field(
        "simulate", description="origin of the galaxies"
    )
    fractions: Literal["normalised", "raw"] = Field(
        "normalised",
        description="vote fractions of one galaxy scaled to sum to one (not one fraction alone, "
        "nor answers to several questions), or as the voters ticked",
    )
    bands: Bands | None = Field(
        None,
        description="planes of each stamp in order, from blue to red: names of FITS extensions, of "
        "what {band} stands for in file names, of the planes of a cube, or red, green and blue; "
        "grey is one [what the files hold]",
    )
    simulate: Simulate = Simulate()
    candels: Candels = Candels()
    folder: Folder = Folder()

    @field_validator("bands")
    @classmethod
    def _bands_differ(cls, bands: list[str] | None) -> list[str] | None:
        if bands and len({band.lower() for band in bands}) < len(bands):
            raise ValueError("two bands have one name")
        return bands


class Stamps(Section):
    """From the sky to one JPEG per galaxy."""

    field: int = Field(84, ge=16, le=2048, description="side of a cut-out, px of the mosaic")
    field_in_r50: float | None = Field(
        None,
        ge=4,
        le=100,
        description="side of each cut-out in half-light radii of its galaxy, from a third of the "
        "fixed field to twice it, or to the edge of a file; null is the fixed field; not for "
        "pictures",
    )
    centring: Literal["catalogue", "light"] = Field(
        "catalogue",
        description="what lies in the middle: the position given, or the centre of the light "
        "above the background; not for JPEG, PNG and TIFF",
    )
    softening: float = Field(
        3.0,
        gt=0,
        description="asinh((pixel - background) / (softening sigma)) is drawn, linear below "
        "softening, logarithmic above; background sigmas",
    )
    black: float = Field(
        -3.0, description="pixel drawn black, background sigmas above the background"
    )
    white: float = Field(
        500.0, gt=0, description="pixel drawn white, background sigmas above the background"
    )
    quality: int = Field(95, ge=50, le=100, description="JPEG quality")
    detour: bool = Field(
        False,
        description="whether JPEG, PNG and TIFF pictures, too, become a JPEG of 454 px before the "
        "stored side, as stamps cut from the sky do, and as all did before version 0.3",
    )
    max_bad: Fraction = Field(0.05, description="share of unreadable stamps that stops the stage")

    @property
    def as_catalogued(self) -> bool:
        """Whether every stamp is the fixed field around the position given."""
        return self.centring == "catalogue" and self.field_in_r50 is None


class Work(Section):
    """Where data is made and several networks are trained; the result never depends on it."""

    workers: Positive | None = Field(
        None, description="processes, or workers of the cluster; null is one per core"
    )
    cluster: str | None = Field(
        None,
        description="local, a file such as clusters/slurm.yaml, or a Dask scheduler's address; "
        "its workers see this folder; null is processes on this machine, and the networks of an "
        "ensemble, ablation or cross-validation one after the other",
    )


class Rescale(Section):
    """From stamps to the rescaled dataset that DVC versions."""

    pixels: int = Field(84, ge=32, le=512, description="side to which a whole stamp is rescaled")
    validation: float = Field(0.1, gt=0, lt=0.5, description="share of galaxies for validation")
    test: float = Field(
        0.1,
        gt=0,
        lt=1,
        description="share of galaxies for the test; most of a large simulated survey makes "
        "small differences visible",
    )
    seed: int = Field(2016, ge=0, description="seed of the split")

    @model_validator(mode="after")
    def _some_are_left_to_train(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError(
                f"rescale.validation={self.validation} and rescale.test={self.test}: together they "
                "must leave galaxies to train on, so add up to less than 1"
            )
        return self
