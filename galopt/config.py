"""Every parameter of galopt: declared, defaulted, bounded and explained once, here.

The models are frozen. `galopt.params` reads them from `params.yaml`, a preset and
dotted overrides; nothing else in the project declares a parameter.
"""

from math import sqrt
from typing import Annotated, Literal

from pydantic import Field, model_validator

from galopt.search.section import Search
from galopt.section import Fraction, Positive, Section


class Simulate(Section):
    """The simulated survey: what to paint when no sky is at hand."""

    galaxies: Positive = Field(6000, description="galaxies with votes (the paper had about 6,000)")
    seed: int = Field(2016, ge=0, description="seed of the sky, its noise and its voters")


class Folder(Section):
    """A folder of the user's own stamps with a table of votes."""

    path: str | None = Field(None, description="folder that holds the stamps")
    votes: str | None = Field(
        None, description="table of votes, relative to the folder [votes.csv in it]"
    )
    targets: list[str] | None = Field(
        None, description="vote-fraction columns to predict [every numeric column but n_votes]"
    )


class Survey(Section):
    """Where galaxies come from."""

    source: Literal["simulate", "folder"] = Field("simulate", description="origin of the galaxies")
    fractions: Literal["normalised", "raw"] = Field(
        "normalised",
        description="vote fractions of one galaxy scaled to sum to one, or as the voters ticked",
    )
    simulate: Simulate = Simulate()
    folder: Folder = Folder()


class Stamps(Section):
    """From the sky to one JPEG a galaxy."""

    field: int = Field(84, ge=16, le=2048, description="side of a cut-out, px of the mosaic")
    softening: float = Field(
        3.0, gt=0, description="asinh turns from linear to logarithmic here, background sigmas"
    )
    black: float = Field(-3.0, description="value drawn black, background sigmas")
    white: float = Field(500.0, gt=0, description="value drawn white, background sigmas")
    quality: int = Field(95, ge=50, le=100, description="JPEG quality")
    max_bad: Fraction = Field(0.05, description="share of unreadable stamps that stops the stage")


class Rescale(Section):
    """From stamps to the rescaled dataset that DVC versions."""

    pixels: int = Field(84, ge=32, le=512, description="side to which a whole stamp is rescaled")
    validation: float = Field(0.1, gt=0, lt=0.5, description="share of galaxies for validation")
    test: float = Field(0.1, gt=0, lt=0.5, description="share of galaxies for the test")
    seed: int = Field(2016, ge=0, description="seed of the split")


class Augment(Section):
    """Random views of a training galaxy: one affine resampling, then brightness."""

    copies: int = Field(
        3, ge=0, le=63, description="extra random views of each training galaxy an epoch"
    )
    rotation: float = Field(
        360.0, ge=0, le=360, description="rotation drawn from U(0, this), degrees; 0 is none"
    )
    shift: float = Field(
        0.01, ge=0, le=0.25, description="shift in x and y drawn from U(-this, this), stamp sides"
    )
    zoom: float = Field(
        1.3, ge=1, le=4, description="zoom drawn log-uniformly from 1/this to this; 1 is none"
    )
    flip: bool = Field(True, description="mirror every second view")
    brightness: float = Field(
        0.0,
        ge=0,
        le=2,
        description="brightness shifted by N(0, this), in spreads of the training pixels",
    )


class Convolution(Section):
    """One convolutional layer."""

    filters: int = Field(ge=1, le=2048, description="number of features")
    kernel: int = Field(ge=1, le=15, description="side of the filters, px")
    pool: int = Field(1, ge=1, le=4, description="side of the max pooling after it; 1 is none")
    spread: float | None = Field(
        0.01, gt=0, le=1, description="standard deviation of the first weights; null is He's"
    )
    maxout: int = Field(
        1, ge=1, le=8, description="affine maps that a feature is the largest of; 1 is ReLU"
    )


class Residual(Section):
    """Residual blocks of one width."""

    filters: int = Field(ge=1, le=2048, description="number of features")
    depth: int = Field(1, ge=1, le=32, description="blocks of two 3x3 convolutions")
    pool: int = Field(1, ge=1, le=4, description="side of the max pooling before them; 1 is none")


class Question(Section):
    """One question of a decision tree."""

    answers: Positive = Field(description="answers to it, the next ones of the targets")
    after: int | None = Field(
        None, ge=0, description="target, from 0, of the answer that leads to it; null: all asked"
    )


class Network(Section):
    """The network, made by one builder from these numbers."""

    preset: str = Field("ignat2016", description="file of galopt/presets that gives the defaults")
    pixels: int = Field(45, ge=16, le=256, description="side of the network's input, px")
    field: float = Field(
        0.52, gt=0.1, le=1, description="side of the network's view, in sides of the stamp"
    )
    channels: Literal[1, 3] = Field(3, description="input planes; a grey stamp is repeated")
    views: Literal[1, 16] = Field(
        1, description="16: corners of the picture at 0 and 45 degrees and mirrored, one column"
    )
    crop: int = Field(45, ge=8, le=256, description="side of each of 16 views, px")
    convolutions: list[Convolution] = Field(
        default_factory=list, min_length=1, max_length=12, description="layers in order"
    )
    untied_biases: bool = Field(False, description="convolutions have one bias per position")
    residual: list[Residual] = Field(
        [], max_length=8, description="residual blocks after the convolutions, in order"
    )
    normalisation: Literal["none", "batch", "layer"] = Field(
        "none", description="before each non-linearity of the convolutions and blocks"
    )
    pooling: Literal["none", "average"] = Field(
        "none", description="average: the dense layers see the mean of each feature map"
    )
    dense: list[Annotated[int, Field(ge=1, le=16384)]] = Field(
        [2048, 2048], max_length=4, description="units of each dense layer"
    )
    dense_spread: float | None = Field(
        0.001, gt=0, le=1, description="standard deviation of the first dense weights; null is He's"
    )
    maxout: int = Field(
        1, ge=1, le=8, description="affine maps that a dense unit is the largest of; 1 is ReLU"
    )
    dropout: float = Field(
        0.5, ge=0, lt=1, description="dropped before each dense layer and output"
    )
    output: Literal["sigmoid", "softmax", "tree"] = Field(
        "sigmoid", description="what makes fractions; tree: they obey the decision tree"
    )
    tree: list[Question] = Field([], description="questions of the decision tree, in order")

    @model_validator(mode="after")
    def _tree_is_sound(self) -> "Network":
        if (self.output == "tree") != bool(self.tree):
            raise ValueError("network.output=tree and the questions of network.tree go together")
        first = 0
        for number, question in enumerate(self.tree):
            if question.after is not None and question.after >= first:
                raise ValueError(
                    f"network.tree.{number}.after={question.after}: must be an answer to an "
                    f"earlier question, below {first}"
                )
            first += question.answers
        return self

    @model_validator(mode="after")
    def _views_fit(self) -> "Network":
        if self.views > 1 and self.crop > self.pixels:
            raise ValueError(
                f"network.crop={self.crop}: must be at most network.pixels={self.pixels}"
            )
        return self


class Train(Section):
    """One run of training."""

    epochs: Positive = Field(60, description="epochs at most")
    patience: Positive = Field(
        12, description="epochs without a better validation RMSE before training stops"
    )
    batch_size: int = Field(128, ge=1, le=8192, description="images a step")
    optimizer: Literal["adam", "adamw", "sgd"] = Field(
        "adam", description="sgd has Nesterov momentum 0.9"
    )
    learning_rate: float = Field(0.001, gt=0, le=1, description="step size, at its highest")
    schedule: Literal["constant", "cosine", "steps"] = Field(
        "constant",
        description="steps falls tenfold after 72 % and 92 % of the epochs; cosine falls to zero",
    )
    warm_up: float = Field(
        0.0, ge=0, lt=1, description="share of the training in which cosine first rises"
    )
    weight_decay: float = Field(0.004, ge=0, le=1, description="of adamw")
    clip_norm: float = Field(0.0, ge=0, description="gradients are clipped to this norm; 0 is not")
    loss: Literal["mse", "binary_crossentropy"] = Field("mse", description="what is minimised")
    init_from: str | None = Field(
        None, description="file of a trained network whose convolutions this one starts from"
    )
    weight_by_votes: bool = Field(
        False, description="a galaxy counts in the loss as its number of votes"
    )
    deterministic: bool = Field(
        False, description="operations with one result only, slower; bit for bit on one CPU thread"
    )
    precision: Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"] = Field(
        "auto", description="auto is mixed_bfloat16 where the hardware has it, else float32"
    )
    seed: int = Field(2016, ge=0, description="seed of weights, batches, views and dropout")


class Evaluate(Section):
    """Views of each test galaxy whose predictions are averaged: rotations x zooms x mirroring."""

    rotations: int = Field(1, ge=1, le=360, description="rotations, evenly over 360 degrees")
    zooms: list[Annotated[float, Field(ge=0.25, le=4)]] = Field(
        [1.0], min_length=1, max_length=9, description="above 1 the galaxy is larger"
    )
    flip: bool = Field(False, description="each of them mirrored too")


class Ensemble(Section):
    """Networks that differ, averaged."""

    members: int = Field(17, ge=2, le=100, description="networks; Dieleman et al. had 17")
    variants: dict[str, str] = Field(
        {
            "as the preset": "",
            "one dense layer": "network.dense=[2048]",
            "three dense layers": "network.dense=[2048,2048,2048]",
            "kernels 8-4-3-3": "network.convolutions.0.kernel=8 network.convolutions.1.kernel=4",
            "256 last features": "network.convolutions.3.filters=256",
            "batch normalisation": "network.normalisation=batch",
            "maxout": "network.maxout=2",
            "half the dense units": "network.dense=[1024,1024]",
        },
        min_length=1,
        description="what the members override, in turn; their seeds differ too",
    )


class Ablate(Section):
    """What each difference between two systems is worth, alone and all together."""

    seeds: int = Field(3, ge=2, le=20, description="networks of each kind, with seeds of their own")
    differences: dict[str, str] = Field(
        {
            "preprocessing": "network.views=16 network.pixels=69",
            "brightness": "augment.brightness=0.5",
            "maxout": "network.maxout=2",
        },
        min_length=1,
        description="what each overrides; averaging is the mean over the seeds",
    )


class Config(Section):
    """All of `params.yaml`."""

    survey: Survey = Survey()
    stamps: Stamps = Stamps()
    rescale: Rescale = Rescale()
    augment: Augment = Augment()
    network: Network
    train: Train = Train()
    evaluate: Evaluate = Evaluate()
    ensemble: Ensemble = Ensemble()
    ablate: Ablate = Ablate()
    search: Search = Search()

    @model_validator(mode="after")
    def _views_stay_inside_the_stamp(self) -> "Config":
        turned = self.augment.rotation or self.evaluate.rotations > 1 or self.network.views > 1
        half = (sqrt(0.5) if turned else 0.5) * self.network.field
        reach = half * self.augment.zoom + self.augment.shift
        if reach > 0.5:
            raise ValueError(
                f"a view reaches {reach:.2f} stamp sides from the centre, past the edge at 0.5: "
                "lower network.field, augment.zoom or augment.shift"
            )
        if half / min(self.evaluate.zooms) > 0.5:
            raise ValueError(
                f"evaluate.zooms={self.evaluate.zooms}: the view at the smallest zoom is larger "
                "than the stamp; raise it or lower network.field"
            )
        return self

    @model_validator(mode="after")
    def _black_is_below_white(self) -> "Config":
        if self.stamps.black >= self.stamps.white:
            raise ValueError("stamps.black must be below stamps.white")
        return self
