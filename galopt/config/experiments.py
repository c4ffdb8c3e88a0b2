"""Several networks together: `ensemble`, `crossvalidate` and `ablate`."""

from pydantic import Field

from galopt.config.base import Section


class Ensemble(Section):
    """Networks that differ, averaged."""

    members: int = Field(17, ge=2, le=100, description="networks; Dieleman et al. had 17")
    variants: dict[str, str] = Field(
        {
            "as the preset": "",
            "one dense layer": "network.dense=[2048]",
            "three dense layers": "network.dense=[2048,2048,2048]",
            "kernels 8-4-3-3": "network.convolutions.0.kernel=8 network.convolutions.1.kernel=4",
            "256 last features": "network.convolutions.3.filters=256",
            "batch normalisation": "network.normalisation=batch",
            "maxout": "network.maxout=2",
            "half the dense units": "network.dense=[1024,1024]",
            "recentred": "network.recentre=0.04 augment.zoom=1.2",
        },
        min_length=1,
        description="what the members override, in turn; their seeds differ too",
    )
    study: str | None = Field(
        None, description="a study whose best trials are the members, instead of the variants"
    )


class CrossValidate(Section):
    """Every galaxy predicted once, by a network that was not trained on it."""

    folds: int = Field(5, ge=2, le=20, description="parts of the galaxies, a network for each")


class Ablate(Section):
    """What each difference between two systems is worth, alone and all together."""

    seeds: int = Field(3, ge=1, le=20, description="networks of each kind, with seeds of their own")
    differences: dict[str, str] = Field(
        {
            # At 0.001 the backbone is dead after an epoch (docs/explanation/decisions.md).
            "preprocessing": "network.views=16 network.pixels=69 train.learning_rate=0.0003",
            "brightness": "augment.brightness=0.075",
            "maxout": "network.maxout=2",
            # At 0.0003 it answers 0 to everything after 20 steps.
            "all together": "train.learning_rate=0.0001",
        },
        min_length=1,
        description="what each overrides, and what all together need besides; averaging is the "
        "mean over the seeds",
    )
