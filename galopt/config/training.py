"""How a network is trained and measured: `augment`, `train`, `evaluate`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from galopt.config.base import Positive, Section


class Augment(Section):
    """Random views of a training galaxy: one affine resampling, then brightness."""

    repeats: int = Field(
        3, ge=0, le=63, description="extra random views of each training galaxy per epoch"
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
        description="brightness shifted by N(0, this), in standard deviations of the training "
        "pixels; 0.075 is the published one",
    )


class Train(Section):
    """One run of training."""

    epochs: Positive = Field(60, description="epochs at most")
    patience: Positive = Field(
        20, description="epochs without a better validation RMSE before training stops"
    )
    batch_size: int = Field(128, ge=1, le=8192, description="images per step")
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
    loss: Literal["mse", "binary_crossentropy", "categorical_crossentropy", "beta_binomial"] = (
        Field(
            "mse",
            description="what is minimised; beta_binomial takes votes as counts and learns how "
            "far each prediction may be off",
        )
    )
    labels: Literal["auto", "fractions"] = Field(
        "auto",
        description="auto: where every galaxy has one class, softmax and categorical_crossentropy "
        "replace network.output and loss; fractions: those are kept",
    )
    class_weights: Literal["none", "balanced"] = Field(
        "none", description="balanced: every class counts the same, however rare"
    )
    galaxies: Positive | None = Field(
        None,
        description="galaxies of the train split that are used, drawn at random, and as large a "
        "share of the validation split; null is all",
    )
    init_from: str | None = Field(
        None,
        description="trained network whose convolutions this one starts from: a .keras file, "
        "a run's id or name, or a model such as models:/galopt@champion or builtin:modern",
    )
    unfreeze: int = Field(
        0, ge=0, description="epochs in which the convolutions of init_from stay as they came"
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
    seed: int = Field(
        2016, ge=0, lt=2**31, description="seed of weights, batches, views and dropout"
    )

    @model_validator(mode="after")
    def _something_unfreezes(self) -> "Train":
        if self.unfreeze and self.init_from is None:
            raise ValueError(
                f"train.unfreeze={self.unfreeze}: nothing to unfreeze without train.init_from"
            )
        return self

    @model_validator(mode="after")
    def _votes_count_once(self) -> "Train":
        if self.weight_by_votes and self.loss == "beta_binomial":
            raise ValueError(
                "train.weight_by_votes=true: train.loss=beta_binomial counts every vote already"
            )
        return self


class Evaluate(Section):
    """Views of each test galaxy whose predictions are averaged: rotations x zooms x mirroring."""

    rotations: int = Field(1, ge=1, le=360, description="rotations, evenly over 360 degrees")
    zooms: list[Annotated[float, Field(ge=0.25, le=4)]] = Field(
        [1.0], min_length=1, max_length=9, description="above 1 the galaxy is larger"
    )
    flip: bool = Field(False, description="each of them mirrored too")
