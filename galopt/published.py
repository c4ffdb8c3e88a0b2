"""The published results that ours are compared with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """One published number and what it was measured on."""

    key: str
    name: str
    rmse: float
    survey: str
    method: str
    source: str


PAPER = Published(
    "ignat2016",
    "Ignat et al. 2016",
    0.17,
    "CANDELS F160W, about 6,000 galaxies",
    "one network with ReLU, no brightness augmentation, no averaging",
    "Ignat, Gupta, Mathur & Hausen (2016), section 5.1",
)
MODEL = Published(
    "huertas2015",
    "Huertas-Company et al. 2015",
    0.13,
    "CANDELS F160W, GOODS-S visual votes",
    "average of networks with 16 views and maxout",
    "Huertas-Company et al. (2015), as quoted by Ignat et al. (2016), section 5.1",
)
PUBLISHED = (
    PAPER,
    MODEL,
    Published(
        "dieleman2015",
        "Dieleman et al. 2015, best network",
        0.07671,
        "Galaxy Zoo 2, 37 answers (Kaggle public score)",
        "one network with 16 views and maxout",
        "Dieleman, Willett & Dambre (2015)",
    ),
    Published(
        "dieleman2015-ensemble",
        "Dieleman et al. 2015, 17 networks",
        0.07467,
        "Galaxy Zoo 2, 37 answers (Kaggle public score)",
        "average of 17 variants, each over 60 transformed inputs",
        "Dieleman, Willett & Dambre (2015)",
    ),
)
