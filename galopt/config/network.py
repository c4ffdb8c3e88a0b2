"""The section `network`: what one builder makes every network from."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from galopt.config.base import Section


class Convolution(Section):
    """One convolutional layer."""

    filters: int = Field(ge=1, le=2048, description="number of features")
    kernel: int = Field(ge=1, le=15, description="side of the filters, px")
    pool: int = Field(1, ge=1, le=4, description="side of the max pooling after it; 1 is none")
    init_std: float | None = Field(
        0.01, gt=0, le=1, description="standard deviation of the initial weights; null is He's"
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

    answers: list[str] = Field(
        min_length=1, description="answers to it, targets in the order of the survey's"
    )
    after: str | None = Field(
        None, description="answer to an earlier question that leads to it; null: all are asked"
    )


class Network(Section):
    """The network, made by one builder from these numbers."""

    preset: str = Field(
        "ignat2016", description="file of galopt/config/presets that gives the defaults"
    )
    pixels: int = Field(45, ge=16, le=256, description="side of the network's input, px")
    field: float = Field(
        0.52, gt=0.1, le=1, description="side of the network's view, in sides of the stamp"
    )
    recentre: float = Field(
        0.0,
        ge=0,
        le=0.25,
        description="how far from the middle of a stamp the light may lie that its views are "
        "centred on, sides of the stamp; at 0 they are centred on the middle",
    )
    channels: Literal["auto"] | Annotated[int, Field(ge=1, le=15)] = Field(
        3, description="input planes: auto is those of the stamps; a grey stamp is repeated"
    )
    views: Literal[1, 16] = Field(
        1, description="16: corners of the image at 0 and 45 degrees and mirrored, one backbone"
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
    pooling: Literal["none", "average", "weighted"] = Field(
        "none",
        description="the dense layers see each feature map whole, or its mean; weighted: every "
        "map learns how much each position counts in its mean",
    )
    dense: list[Annotated[int, Field(ge=1, le=16384)]] = Field(
        [2048, 2048], max_length=4, description="units of each dense layer"
    )
    dense_init_std: float | None = Field(
        0.001,
        gt=0,
        le=1,
        description="standard deviation of the initial dense weights; null is He's",
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
        known: list[str] = []
        for number, question in enumerate(self.tree):
            if question.after is not None and question.after not in known:
                raise ValueError(
                    f"network.tree.{number}.after={question.after}: must be an answer to an "
                    f"earlier question: {', '.join(known) or 'there is none'}"
                )
            known += question.answers
        if len(set(known)) < len(known):
            raise ValueError("network.tree: an answer belongs to one question")
        return self

    @property
    def tree_answers(self) -> list[str]:
        """The answers of the decision tree, in order; none without one."""
        return [answer for question in self.tree for answer in question.answers]

    @property
    def tree_parents(self) -> list[int | None]:
        """For each question the answer that leads to it, as a place in `tree_answers`."""
        places = {answer: place for place, answer in enumerate(self.tree_answers)}
        return [None if q.after is None else places[q.after] for q in self.tree]

    @model_validator(mode="after")
    def _views_fit(self) -> "Network":
        if self.views > 1 and self.crop > self.pixels:
            raise ValueError(
                f"network.crop={self.crop}: must be at most network.pixels={self.pixels}"
            )
        return self
