"""Adam in one pass over the weights, where TensorFlow trains: Keras' makes about ten."""

from typing import Any

import keras


class _Fused:
    """Steps by TensorFlow's kernel, of the same equations; elsewhere by Keras'."""

    def update_step(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Change one variable by its gradient."""
        if keras.backend.backend() != "tensorflow":
            super().update_step(gradient, variable, learning_rate)  # type: ignore[misc]
            return
        import tensorflow as tf

        index = self._get_variable_index(variable)
        steps = tf.cast(self.iterations + 1, variable.dtype)
        first, second = (tf.cast(beta, variable.dtype) for beta in (self.beta_1, self.beta_2))
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=first**steps,
            beta2_power=second**steps,
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=first,
            beta2=second,
            epsilon=tf.cast(self.epsilon, variable.dtype),
            grad=tf.cast(gradient, variable.dtype),
        )


@keras.saving.register_keras_serializable(package="galopt")
class Adam(_Fused, keras.optimizers.Adam):
    """Adam (Kingma & Ba 2015), as Keras has it."""


@keras.saving.register_keras_serializable(package="galopt")
class AdamW(_Fused, keras.optimizers.AdamW):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019), as Keras has it."""
