"""Views of a galaxy: one affine resampling of the stored stamp, then brightness.

The real-time augmentation of Dieleman, Willett & Dambre (2015), as a
Keras layer, so that a saved model carries its own preprocessing: it takes stored
stamps, draws random views of them in training and the central view otherwise.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from galopt.config import Augment, Network
from galopt.networks.architecture import channels_of
from galopt.networks.pixel_statistics import plane_statistics


@keras.saving.register_keras_serializable(package="galopt")
class View(keras.layers.Layer):
    """Resample stored stamps to the network's input.

    Parameters
    ----------
    pixels : int
        Side of the view, px.
    field : float
        Side of the view in sides of the stamp, in (0, 1].
    channels : int
        Planes of the output: those of the stamps, or several of which a grey stamp is each.
    rotation : float
        Random rotation from U(0, rotation), degrees.
    shift : float
        Random shift in x and y from U(-shift, shift), sides of the stamp.
    zoom : float
        Random zoom, log-uniform from 1/zoom to zoom.
    flip : bool
        Mirror at random every second view.
    brightness : float
        Standard deviation of a random brightness added to the standardised view, in standard
        deviations of the training pixels. For one band it is what remains of the colours'
        shift along their principal axis in Dieleman et al. (2015): N(0, 0.5) times
        eigenvector times eigenvalue (Krizhevsky et al. 2012, section 4.1). That is 0.0126 of
        the full scale in their code, sqrt(3) standard deviations squared for planes alike:
        either way 0.5 of it is 0.075.
    mean, std : float or sequence of float
        Mean and standard deviation of the training pixels, in [0, 1], of each plane; views
        are standardised with them.
    seed : int
        Seed of the random views.
    turns : sequence of float
        The view is given once at each of these angles, degrees, side by side in the
        channels: 0 and 45 for `galopt.networks.layers.Viewpoints`.
    recentre : float
        Views lie about the light that is at most so far from the middle of the stamp, in both
        x and y, sides of the stamp: a variant in the ensemble of Dieleman et al. (2015). At 0
        they lie about the middle.
    colours : sequence of float
        How much of the random brightness each plane takes: `principal_axis`. Empty for a grey
        stamp, which takes it all.
    """

    def __init__(
        self,
        pixels: int,
        field: float,
        channels: int = 1,
        rotation: float = 0.0,
        shift: float = 0.0,
        zoom: float = 1.0,
        flip: bool = False,
        brightness: float = 0.0,
        mean: float | Sequence[float] = 0.0,
        std: float | Sequence[float] = 1.0,
        seed: int = 0,
        turns: Sequence[float] = (0.0,),
        recentre: float = 0.0,
        colours: Sequence[float] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not 0 < field <= 1:
            raise ValueError(f"field must be in (0, 1], got {field!r}")
        if zoom < 1:
            raise ValueError(f"zoom must be at least 1, got {zoom!r}")
        self.pixels, self.field, self.channels = pixels, field, channels
        self.rotation, self.shift, self.zoom = rotation, shift, zoom
        self.flip, self.brightness, self.seed = flip, brightness, seed
        self.mean, self.std, self.turns = mean, std, tuple(turns)
        self.recentre, self.colours = recentre, tuple(colours)
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, stamps: Any, training: bool = False) -> Any:
        """Return views, (B, pixels, pixels, planes), of stamps (B, S, S, C), uint8.

        Networks of before version 0.3 give grey stamps without the axis of planes, (B, S, S).
        """
        if not training:
            return self.resample(stamps)
        batch = ops.shape(stamps)[0]
        views = self.resample(
            stamps,
            rotation=self._uniform(batch, 0.0, np.deg2rad(self.rotation)),
            zoom=ops.exp(self._uniform(batch, -np.log(self.zoom), np.log(self.zoom))),
            shift_x=self._uniform(batch, -self.shift, self.shift),
            shift_y=self._uniform(batch, -self.shift, self.shift),
            mirror=ops.where(self._uniform(batch, 0.0, 1.0) < 0.5 * self.flip, -1.0, 1.0),
        )
        if not self.brightness:
            return views
        added = keras.random.normal(
            (batch, 1, 1, 1), stddev=self.brightness, seed=self.seed_generator
        )
        if self.colours:
            added = added * ops.convert_to_tensor(self.colours * len(self.turns), "float32")
        return views + ops.cast(added, views.dtype)

    def resample(
        self,
        stamps: Any,
        rotation: Any = 0.0,
        zoom: Any = 1.0,
        shift_x: Any = 0.0,
        shift_y: Any = 0.0,
        mirror: Any = 1.0,
    ) -> Any:
        """Resample each stamp through one affine transform, bilinearly.

        Parameters
        ----------
        stamps : tensor, shape (B, S, S, C) or, in grey, (B, S, S); uint8
        rotation : float or tensor, shape (B,), radians
        zoom : float or tensor, shape (B,)
            Above 1 the galaxy is larger in the view.
        shift_x, shift_y : float or tensor, shape (B,), sides of the stamp
        mirror : float or tensor, shape (B,)
            -1 mirrors the view left to right, 1 does not.

        Returns
        -------
        tensor, shape (B, pixels, pixels, channels * len(turns))
            Standardised pixels.
        """
        side = stamps.shape[1]
        batch = ops.shape(stamps)[0]
        u, v = map(ops.convert_to_tensor, _grid(self.pixels, self.turns))
        step = side * self.field / _column(zoom)
        cos, sin = ops.cos(_column(rotation)), ops.sin(_column(rotation))
        u = u[None] * _column(mirror)
        shift_x, shift_y = side * _column(shift_x), side * _column(shift_y)
        if self.recentre:
            light_x, light_y = _light_centre(stamps, self.recentre * side)
            shift_x, shift_y = shift_x + light_x, shift_y + light_y
        x = (side - 1) / 2 + shift_x + step * (cos * u - sin * v[None])
        y = (side - 1) / 2 + shift_y + step * (sin * u + cos * v[None])
        planes = stamps.shape[3] if len(stamps.shape) == 4 else 1
        views = _bilinear(stamps, x, y, planes)
        views = ops.reshape(views, (batch, self.pixels, self.pixels, len(self.turns) * planes))
        mean, std = (self._each_plane(value, planes) for value in (self.mean, self.std))
        views = (views / 255.0 - mean) / std
        views = ops.repeat(views, self.channels, axis=-1) if planes == 1 else views
        return ops.cast(views, self.compute_dtype)

    def _each_plane(self, value: float | Sequence[float], planes: int) -> Any:
        """Return a number of each plane for every turn; a number alone in grey."""
        if planes == 1:
            return value
        each = np.broadcast_to(np.array(value, np.float32), (planes,))
        return ops.convert_to_tensor(np.tile(each, len(self.turns)))

    def _uniform(self, batch: Any, low: float, high: float) -> Any:
        return keras.random.uniform((batch,), low, high, dtype="float32", seed=self.seed_generator)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return (B, pixels, pixels, channels * len(turns))."""
        planes = self.channels * len(self.turns)
        return (input_shape[0], self.pixels, self.pixels, planes)

    def compute_output_spec(self, stamps: Any, training: bool = False) -> Any:
        """Describe the output without drawing random numbers."""
        return keras.KerasTensor(self.compute_output_shape(stamps.shape), dtype=self.compute_dtype)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "View":
        """Rebuild the layer; files of before version 0.2 call `std` spread."""
        if "spread" in config:
            config = {**config, "std": config["spread"]}
            del config["spread"]
        return super().from_config(config)

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        names = (
            "pixels field channels rotation shift zoom flip brightness mean std seed turns "
            "recentre colours"
        )
        return super().get_config() | {name: getattr(self, name) for name in names.split()}


def view_layer(network: Network, augment: Augment, stamps: NDArray[np.uint8], seed: int) -> View:
    """Return the `View` that a configuration asks for.

    Parameters
    ----------
    network, augment : config sections
    stamps : array, shape (N, S, S, C), in grey also (N, S, S); uint8
        Training stamps; each plane's mean and standard deviation standardise the views.
    seed : int
        Seed of the random views.

    Raises
    ------
    ConfigError
        The network has another number of channels than the stamps have planes.
    """
    stamps = stamps if stamps.ndim == 4 else stamps[..., None]
    planes = stamps.shape[3]
    mean, std, colours = plane_statistics(stamps)
    return View(
        pixels=network.pixels,
        field=network.field,
        channels=channels_of(network, planes),
        mean=mean if planes > 1 else mean[0],
        std=std if planes > 1 else std[0],
        colours=colours if planes > 1 else (),
        seed=seed,
        turns=(0, 45) if network.views > 1 else (0,),
        recentre=network.recentre,
        name="view",
        **augment.model_dump(exclude={"repeats"}),
    )


def _grid(pixels: int, turns: Sequence[float]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return where the pixels of a view at each turn lie, (P * P * turns,), view sides."""
    axis = (np.arange(pixels, dtype="float32") - (pixels - 1) / 2) / pixels
    u, v = (places[..., None] for places in np.meshgrid(axis, axis))
    angle = np.deg2rad(np.array(turns, dtype="float32"))
    cos, sin = np.cos(angle), np.sin(angle)
    return (cos * u - sin * v).ravel(), (sin * u + cos * v).ravel()


def _light_centre(stamps: Any, most: float) -> tuple[Any, Any]:
    """Return where the light near the middle of stamps lies, px from it, (B, 1) each.

    Stamps are (B, S, S, C), of which the planes are averaged, or (B, S, S).

    The centroid of what is brighter than the stamp's edge, under a Gaussian window that
    follows it, a twelfth of the side wide, but no further than `most` in x and in y.
    `galopt.data.imaging.photometry.centroid` does it to the pixels of the sky, one image at a time.
    """
    side = stamps.shape[1]
    axis = ops.arange(side, dtype="float32") - (side - 1) / 2
    light = ops.cast(stamps, "float32")
    light = ops.mean(light, axis=3) if len(stamps.shape) == 4 else light
    edge = ops.concatenate([light[:, 0], light[:, -1], light[:, :, 0], light[:, :, -1]], axis=1)
    light = ops.relu(light - ops.mean(edge, axis=1)[:, None, None])
    x = y = ops.zeros_like(light[:, 0, :1])
    for _ in range(4):
        across, down = (ops.exp(-((axis - c) ** 2) / (2 * (side / 12) ** 2)) for c in (x, y))
        total, light_x, light_y = (
            ops.einsum("bij,bi,bj->b", light, rows, columns)[:, None]
            for rows, columns in ((down, across), (down, across * axis), (down * axis, across))
        )
        x, y = (ops.clip(moment / (total + 1e-6), -most, most) for moment in (light_x, light_y))
    return x, y


def _column(value: Any) -> Any:
    return ops.reshape(ops.cast(value, "float32"), (-1, 1))


def _bilinear(stamps: Any, x: Any, y: Any, planes: int) -> Any:
    """Interpolate stamps (B, S, S, C) at x, y (B or 1, K), px; return (B, K, C) float32.

    Grey ones are (B, K): a gather of single levels is faster than one of rows of one.
    """
    side = stamps.shape[1]
    batch = ops.shape(stamps)[0]
    x, y = ops.clip(x, 0.0, side - 1.001), ops.clip(y, 0.0, side - 1.001)
    left, top = ops.floor(x), ops.floor(y)
    right_weight, bottom_weight = x - left, y - top
    first = ops.expand_dims(ops.arange(batch, dtype="int32") * (side * side), 1)
    corner = ops.cast(top, "int32") * side + ops.cast(left, "int32") + first  # (B, K)
    pixels = ops.reshape(stamps, (-1, planes) if planes > 1 else (-1,))
    if planes > 1:
        right_weight, bottom_weight = right_weight[..., None], bottom_weight[..., None]

    def at(offset: int) -> Any:
        return ops.cast(ops.take(pixels, corner + offset, axis=0), "float32")

    upper = at(0) * (1 - right_weight) + at(1) * right_weight
    lower = at(side) * (1 - right_weight) + at(side + 1) * right_weight
    return upper * (1 - bottom_weight) + lower * bottom_weight
