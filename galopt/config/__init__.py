"""Every parameter of galopt: declared, defaulted, bounded and explained once, here.

The models are frozen. `galopt.config.load` reads them from `params.yaml`, a preset and
dotted overrides; nothing else in the project declares a parameter.
"""

from galopt.config.data import Candels, Folder, Rescale, Simulate, Stamps, Survey, Work
from galopt.config.experiments import Ablate, CrossValidate, Ensemble
from galopt.config.network import Convolution, Network, Question, Residual
from galopt.config.schema import Config
from galopt.config.search import Parameter, Pruner, Sampler, Search
from galopt.config.training import Augment, Evaluate, Train

__all__ = [
    "Ablate",
    "Augment",
    "Candels",
    "Config",
    "Convolution",
    "CrossValidate",
    "Ensemble",
    "Evaluate",
    "Folder",
    "Network",
    "Parameter",
    "Pruner",
    "Question",
    "Rescale",
    "Residual",
    "Sampler",
    "Search",
    "Simulate",
    "Stamps",
    "Survey",
    "Train",
    "Work",
]
