"""Does a configuration suit a dataset? Asked before anything is trained."""

from galopt.config import Config
from galopt.data.dataset import Dataset
from galopt.errors import ConfigError
from galopt.networks import architecture


def check(config: Config, dataset: Dataset) -> None:
    """Refuse a network or a loss that could not learn the votes of a dataset.

    Raises
    ------
    ConfigError
        A layer does not fit the picture, the decision tree not the targets, or what counts
        votes meets fractions that were scaled to sum to one.
    """
    architecture.check_layers(config.network, len(dataset.targets))
    if dataset.info["fractions"] == "raw":
        return
    needs = "set survey.fractions: raw in params.yaml"
    if config.network.tree:
        raise ConfigError(
            "network.output='tree': the answers to each question of the tree sum to one, but all "
            f"{len(dataset.targets)} fractions of this dataset together do; {needs}"
        )
    if config.train.loss == "beta_binomial":
        raise ConfigError(
            "train.loss='beta_binomial': a fraction times its voters must be a number of votes, "
            f"which it is not where fractions were scaled to sum to one; {needs}"
        )
