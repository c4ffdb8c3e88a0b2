"""Layers of Dieleman, Willett & Dambre (2015), on any Keras backend.

Maxout units, untied biases, 16 viewpoints of a galaxy through one shared backbone, and an
output that obeys a decision tree.
"""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

VIEWPOINTS = 16
"""Dieleman et al. (2015): 2 rotations x 2 mirrorings x 4 corners."""

_register = keras.saving.register_keras_serializable(package="galopt")


@_register
class Maxout(keras.layers.Dense):
    """Dense units, each the largest of several affine maps of the input.

    Goodfellow et al. (2013), "Maxout networks", section 3.

    Parameters
    ----------
    units : int
        Number of units.
    pieces : int
        Affine maps a unit.
    **kwargs
        Those of `keras.layers.Dense`, which makes the maps.
    """

    def __init__(self, units: int, pieces: int = 2, **kwargs: Any) -> None:
        self.pieces = _positive_integer("pieces", pieces)
        super().__init__(_positive_integer("units", units) * pieces, **kwargs)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return (..., units) of (..., inputs)."""
        return _largest(super().call(inputs), self.pieces)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return (..., units)."""
        return (*input_shape[:-1], self.units // self.pieces)

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        own = {"units": self.units // self.pieces, "pieces": self.pieces}
        return super().get_config() | own


@_register
class MaxoutConv2D(keras.layers.Conv2D):
    """Convolutional feature maps, each the largest of several affine maps at every position.

    Goodfellow et al. (2013), "Maxout networks", section 3.

    Parameters
    ----------
    filters : int
        Number of feature maps.
    kernel_size : int or (int, int)
        Side of the filters, px.
    pieces : int
        Affine maps a feature.
    **kwargs
        Those of `keras.layers.Conv2D`, which makes the maps; channels come last.
    """

    def __init__(self, filters: int, kernel_size: Any, pieces: int = 2, **kwargs: Any) -> None:
        self.pieces = _positive_integer("pieces", pieces)
        filters = _positive_integer("filters", filters) * pieces
        super().__init__(filters, kernel_size, **kwargs | {"data_format": "channels_last"})

    def call(self, inputs: Any) -> Any:
        """Return (B, H, W, filters) of (B, H', W', channels)."""
        return _largest(super().call(inputs), self.pieces)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return (B, H, W, filters)."""
        return (*super().compute_output_shape(input_shape)[:-1], self.filters // self.pieces)

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        own = {"filters": self.filters // self.pieces, "pieces": self.pieces}
        return super().get_config() | own


@_register
class UntiedBias(keras.layers.Layer):
    """A bias of its own for every feature at every position.

    Dieleman et al. (2015), as their published code has it.

    Parameters
    ----------
    initializer : str or keras.Initializer
        Of the biases.
    """

    def __init__(self, initializer: Any = "zeros", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.initializer = keras.initializers.get(initializer)

    def build(self, input_shape: tuple) -> None:
        """Make the biases, shape (H, W, C)."""
        self.bias = self.add_weight(
            shape=input_shape[1:], initializer=self.initializer, name="bias"
        )

    def call(self, inputs: Any) -> Any:
        """Return inputs (B, H, W, C) plus the biases."""
        return inputs + ops.cast(self.bias, inputs.dtype)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return the shape of the input."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        return super().get_config() | {
            "initializer": keras.initializers.serialize(self.initializer)
        }


@_register
class Viewpoints(keras.layers.Layer):
    """Sixteen aligned views of each galaxy, for one backbone that all of them share.

    From an image at 0° and one at 45°, each as it is and mirrored, four overlapping
    corners are cut, each turned so that the galaxy's centre lies in the same corner:
    Dieleman et al. (2015). A rotation of the galaxy by 90° only permutes them.

    Parameters
    ----------
    crop : int
        Side of a corner, px. Dieleman et al. (2015): 45 of 69.
    """

    def __init__(self, crop: int = 45, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.crop = _positive_integer("crop", crop)

    def build(self, input_shape: tuple) -> None:
        """Check that the views can be cut from images of a shape."""
        if self.crop > input_shape[1] or input_shape[-1] % 2:
            raise ValueError(
                f"crop {self.crop} needs images of that side at 0° and 45° in the two halves "
                f"of the channels, got {input_shape!r}"
            )

    def call(self, pictures: Any) -> Any:
        """Cut the views.

        Parameters
        ----------
        pictures : tensor, shape (B, P, P, 2 C)
            The galaxy at 0° in the first half of the channels, at 45° in the second.

        Returns
        -------
        tensor, shape (16 B, crop, crop, C)
            The views of one galaxy follow each other.
        """
        views = []
        for picture in ops.split(pictures, 2, axis=-1):
            for mirrored in (picture, ops.flip(picture, axis=2)):
                for quarters in range(4):
                    turned = ops.rot90(mirrored, quarters, axes=(1, 2))
                    views.append(turned[:, : self.crop, : self.crop])
        stacked = ops.stack(views, axis=1)  # (B, 16, crop, crop, C)
        return ops.reshape(stacked, (-1, *stacked.shape[2:]))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return (16 B, crop, crop, C)."""
        batch, _, _, channels = input_shape
        return (batch and VIEWPOINTS * batch, self.crop, self.crop, channels // 2)

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        return super().get_config() | {"crop": self.crop}


@_register
class JoinViews(keras.layers.Layer):
    """Concatenate the features of the views that belong to one galaxy.

    Parameters
    ----------
    views : int
        Views a galaxy.
    """

    def __init__(self, views: int = VIEWPOINTS, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.views = _positive_integer("views", views)

    def call(self, features: Any) -> Any:
        """Return (B, views F) of (views B, F)."""
        return ops.reshape(features, (-1, self.views * features.shape[-1]))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return (B, views F)."""
        batch, features = input_shape
        return (batch and batch // self.views, self.views * features)

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        return super().get_config() | {"views": self.views}


@_register
class DecisionTree(keras.layers.Layer):
    """Turn scores into vote fractions that obey a decision tree.

    ReLU; within each question the scores are divided by their sum; answers to a question
    that only some voters were asked are multiplied by the fraction who were. Dieleman et
    al. (2015), as their published code has it. A likelihood wants chances that are never 0:
    softmax in place of both.

    Parameters
    ----------
    answers : sequence of int
        Answers of each question, at least one; the fractions are in this order.
    after : sequence of int or None
        For each question the fraction, counted from 0, of the answer that leads to it; None
        where everybody is asked. It must belong to an earlier question.
    softmax : bool
        In place of ReLU and the division by the sum.
    """

    def __init__(
        self,
        answers: Sequence[int],
        after: Sequence[int | None],
        softmax: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.softmax = softmax
        self.answers = [_positive_integer("answers", count) for count in answers]
        self.after = list(after)
        if not self.answers or len(self.after) != len(self.answers):
            raise ValueError(
                f"answers {answers!r} and after {after!r} must be of one length, not 0"
            )
        first = 0
        for count, parent in zip(self.answers, self.after, strict=True):
            if parent is not None and not 0 <= parent < first:
                raise ValueError(
                    f"after must name an earlier answer, 0 to {first - 1}, got {parent!r}"
                )
            first += count

    def build(self, input_shape: tuple) -> None:
        """Check that there is one score for each answer."""
        if input_shape[-1] != sum(self.answers):
            raise ValueError(
                f"answers sum to {sum(self.answers)}, but there are {input_shape[-1]} scores"
            )

    def call(self, scores: Any) -> Any:
        """Return fractions (B, T) in [0, 1] of scores (B, T)."""
        fractions: list[Any] = []  # T tensors, (B, 1)
        share = ops.softmax if self.softmax else _share
        for count, parent in zip(self.answers, self.after, strict=True):
            given = share(scores[:, len(fractions) : len(fractions) + count])
            asked = 1.0 if parent is None else fractions[parent]
            fractions += ops.split(given * asked, count, axis=-1)
        return ops.concatenate(fractions, axis=-1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return (B, T)."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        own = {"answers": self.answers, "after": self.after, "softmax": self.softmax}
        return super().get_config() | own


def _share(scores: Any) -> Any:
    """Return what each score, (B, A), is of the sum of those above zero."""
    scores = ops.relu(scores)
    total = ops.sum(scores, axis=-1, keepdims=True)
    return scores / ops.maximum(total, keras.config.epsilon())


def _largest(maps: Any, pieces: int) -> Any:
    """Return the largest of each `pieces` neighbours on the last axis."""
    shape = (*ops.shape(maps)[:-1], maps.shape[-1] // pieces, pieces)
    return ops.max(ops.reshape(maps, shape), axis=-1)


def _positive_integer(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} must be a positive integer, got {value!r}")
    return value
