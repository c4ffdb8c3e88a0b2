"""Everything that `params.yaml` may say."""

from math import sqrt

from pydantic import model_validator

from galopt.config.base import Section
from galopt.config.data import Rescale, Stamps, Survey, Work
from galopt.config.experiments import Ablate, CrossValidate, Ensemble
from galopt.config.network import Network
from galopt.config.search import Search
from galopt.config.training import Augment, Evaluate, Train


class Config(Section):
    """All of `params.yaml`."""

    survey: Survey = Survey()
    stamps: Stamps = Stamps()
    rescale: Rescale = Rescale()
    work: Work = Work()
    augment: Augment = Augment()
    network: Network
    train: Train = Train()
    evaluate: Evaluate = Evaluate()
    ensemble: Ensemble = Ensemble()
    crossvalidate: CrossValidate = CrossValidate()
    ablate: Ablate = Ablate()
    search: Search = Search()

    @model_validator(mode="after")
    def _views_stay_inside_the_stamp(self) -> "Config":
        turned = self.augment.rotation or self.evaluate.rotations > 1 or self.network.views > 1
        half = (sqrt(0.5) if turned else 0.5) * self.network.field
        reach = half * self.augment.zoom + self.augment.shift + self.network.recentre
        if reach > 0.5:
            raise ValueError(
                f"a view reaches {reach:.2f} stamp sides from the centre, past the edge at 0.5: "
                "lower network.field, network.recentre, augment.zoom or augment.shift"
            )
        if half / min(self.evaluate.zooms) + self.network.recentre > 0.5:
            raise ValueError(
                f"evaluate.zooms={self.evaluate.zooms}: the view at the smallest zoom is larger "
                "than the stamp; raise it or lower network.field"
            )
        return self

    @model_validator(mode="after")
    def _black_is_below_white(self) -> "Config":
        if self.stamps.black >= self.stamps.white:
            raise ValueError("stamps.black must be below stamps.white")
        return self
