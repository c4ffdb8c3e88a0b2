"""What this machine is and which number formats it computes natively."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras


def precision(wanted: str) -> str:
    """Return the Keras dtype policy for `train.precision`.

    'auto' is 'mixed_bfloat16' where the hardware multiplies bfloat16 natively (a GPU of
    compute capability 8 or more, a TPU, a CPU with AVX512-BF16 or AMX) and 'float32' elsewhere.
    """
    if wanted != "auto":
        return wanted
    return "mixed_bfloat16" if _native_bfloat16() else "float32"


def make_deterministic(seed: int) -> None:
    """Make the operations of this process give the same result each time they run.

    TensorFlow and PyTorch then choose slower kernels. Those of JAX have one result anyhow on
    processors; for GPUs its manual has XLA_FLAGS=--xla_gpu_deterministic_ops=true, which is read
    when the process starts.
    """
    keras.utils.set_random_seed(seed)
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    if backend == "torch":
        import torch

        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)


@contextmanager
def shared_batches() -> Iterator[int]:
    """Share each batch among the accelerators of this machine while the block runs.

    Keras' data parallel distribution, which it offers on JAX: every device holds the whole
    network and works on an equal part of each batch.

    Yields
    ------
    int
        Number of devices; every batch must be a multiple of it.
    """
    jax = keras.backend.backend() == "jax"
    devices = keras.distribution.list_devices() if jax else []
    if len(devices) < 2:
        yield 1
        return
    with keras.distribution.DataParallel(devices=devices, auto_shard_dataset=False).scope():
        yield len(devices)


def describe() -> str:
    """Return the name of the accelerator or processor that trains."""
    return _accelerator() or _processor()


def _native_bfloat16() -> bool:
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        if (device := jax.devices()[0]).platform != "cpu":
            capability = getattr(device, "compute_capability", "8.0")
            return float(capability) >= 8
        return False  # XLA's CPU kernels emulate it
    if backend == "torch":
        import torch

        return torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    import tensorflow as tf

    if gpus := tf.config.list_physical_devices("GPU"):
        major, _ = tf.config.experimental.get_device_details(gpus[0])["compute_capability"]
        return major >= 8
    return bool({"avx512_bf16", "amx_bf16"} & set(_cpu_field("flags").split()))


def _accelerator() -> str | None:
    if keras.backend.backend() == "jax":
        import jax

        device = jax.devices()[0]
        return None if device.platform == "cpu" else device.device_kind
    if keras.backend.backend() == "torch":
        import torch

        return torch.cuda.get_device_name() if torch.cuda.is_available() else None
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(gpus[0])["device_name"] if gpus else None


def _processor() -> str:
    return _cpu_field("model name") or platform.processor() or platform.machine()


def _cpu_field(name: str) -> str:
    """Read a field of Linux's processor table; empty elsewhere."""
    table = Path("/proc/cpuinfo")
    for line in table.read_text("utf-8").splitlines() if table.exists() else ():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""
