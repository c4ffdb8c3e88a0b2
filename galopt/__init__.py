"""Galaxy morphologies by deep learning: a rebuild of Ignat et al. (2016).

Galaxies flow one way through five stages (survey, stamps, rescale, train,
evaluate), each the same code whether DVC, MLflow, a search or a test calls it.
Importing this package loads neither TensorFlow nor MLflow.
"""

from importlib.metadata import version

__version__ = version("galopt")
