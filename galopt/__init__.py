"""Galaxy morphologies by deep learning: a rebuild of Ignat et al. (2016).

Galaxies flow one way through five stages (survey, stamps, rescale, train,
evaluate), each the same code whether DVC, MLflow, a search or a test calls it.
Importing this package loads neither TensorFlow nor MLflow.
"""

import os
from importlib.metadata import version

# TensorFlow prints a page about absent GPUs unless it is told before its import.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

__version__ = version("galopt")
