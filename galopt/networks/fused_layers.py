"""Layers of Keras that compute the same in fewer passes over their maps."""

from typing import Any

import keras
from keras import ops

_register = keras.saving.register_keras_serializable(package="galopt")


@_register
class BatchNormalization(keras.layers.BatchNormalization):
    """Batch normalisation (Ioffe & Szegedy 2015) of feature maps, (B, H, W, C).

    Training on TensorFlow takes its kernel, where Keras composes a dozen operations of the same
    equations; all else is Keras'.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Return maps, (B, H, W, C), normalised in each channel."""
        if not (training and self.trainable) or keras.backend.backend() != "tensorflow":
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        unused = tf.zeros([0])
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma,
            offset=self.beta,
            mean=unused,
            variance=unused,
            epsilon=self.epsilon,
            is_training=True,
        )
        values = tf.cast(tf.size(inputs) // inputs.shape[-1], variance.dtype)
        variance *= (values - 1) / values  # the kernel estimates that of the population
        for moving, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + new * (1 - self.momentum))
        return outputs


@_register
class WeightedMean(keras.layers.DepthwiseConv2D):
    """A mean over positions with weights of its own for each channel, (B, H, W, C) to (B, 1, 1, C).

    The global depthwise convolution of Chen et al. (2018), "MobileFaceNets": its filters cover the
    whole map, so that no convolution is needed, only a sum.

    Parameters
    ----------
    kernel_size : int
        Side of the maps, px.
    **kwargs
        Those of `keras.layers.DepthwiseConv2D`; there is no bias.
    """

    def __init__(self, kernel_size: Any, **kwargs: Any) -> None:
        super().__init__(kernel_size, **kwargs | {"use_bias": False})

    def call(self, inputs: Any) -> Any:
        """Return (B, 1, 1, C) of (B, H, W, C)."""
        weights = ops.cast(self.kernel[..., 0], inputs.dtype)
        return ops.sum(inputs * weights, axis=(1, 2), keepdims=True)
