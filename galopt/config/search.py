"""The section `search` of `params.yaml`: what is searched, how, where and for how long."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from galopt.config.base import Positive, Section


class Parameter(Section):
    """One searched parameter of the run."""

    kind: Literal["float", "int", "categorical"]
    low: float | None = None
    high: float | None = None
    step: float | None = Field(None, gt=0)
    log: bool = False
    choices: list[bool | int | float | str | None] | None = Field(None, min_length=1)
    when: dict[str, Any] = {}

    @model_validator(mode="after")
    def _is_a_range_or_a_choice(self) -> Self:
        if self.kind == "categorical":
            if self.choices is None or self.low is not None or self.high is not None:
                raise ValueError("categorical takes choices, and no low or high")
            return self
        if self.low is None or self.high is None or self.choices is not None:
            raise ValueError(f"{self.kind} takes low and high, and no choices")
        if self.low > self.high:
            raise ValueError(f"low {self.low:g} is above high {self.high:g}")
        if self.log and self.low <= 0:
            raise ValueError(f"log of low {self.low:g}: a logarithmic range starts above zero")
        if self.log and self.step is not None:
            raise ValueError("log and step exclude each other")
        if self.kind == "int" and any(x % 1 for x in (self.low, self.high, self.step or 1)):
            raise ValueError("int takes whole low, high and step")
        return self


class Sampler(Section):
    """What proposes the next trial."""

    kind: Literal["tpe", "random", "gp", "cmaes"] = Field(
        "tpe", description="gp needs PyTorch (the extra torch)"
    )
    seed: int = Field(2016, ge=0, description="seed of the proposals")
    startup: Positive = Field(10, description="random trials before tpe, gp and cmaes learn")
    multivariate: bool = Field(True, description="tpe: model the parameters together")
    group: bool = Field(True, description="tpe: model conditional parameters by group")
    constant_liar: bool = Field(True, description="tpe: keep away from what is being tried")


class Pruner(Section):
    """What stops a trial that is going nowhere."""

    kind: Literal["median", "hyperband", "none"] = Field(
        "median", description="median: stop below the median of the trials before"
    )
    min_epochs: Positive = Field(2, description="epochs before a trial may be stopped")
    startup: Positive = Field(4, description="median: trials before any is stopped")
    reduction_factor: int = Field(3, ge=2, description="hyperband: one of so many goes on")


VALIDATION_ERRORS = {"val_rmse": "validation RMSE", "val_error_rate": "validation error rate"}
"""What a person calls the first objective of a search."""


class Search(Section):
    """The search for a better network."""

    trials: Positive = Field(20, description="trials of the study, resumed ones counted once")
    workers: Positive = Field(2, description="trials at the same time")
    timeout: float | None = Field(
        None, gt=0, description="seconds after which no trial is started; null is no limit"
    )
    epochs: Positive = Field(
        8, description="train.epochs of a trial; the winner is trained again on its full budget"
    )
    study: str = Field(
        "galopt", pattern=r"^[\w.-]+$", description="its name; an unfinished study is resumed"
    )
    storage: str = Field(
        "sqlite:///search.db", description="the study's database: sqlite:///file or postgresql://…"
    )
    cluster: str = Field(
        "local",
        description="local, a file such as clusters/slurm.yaml, or a Dask scheduler's address",
    )
    objectives: list[Literal["val_rmse", "val_error_rate", "flops"]] = Field(
        ["val_rmse"],
        min_length=1,
        max_length=2,
        description="what is minimised: the validation RMSE or, where galaxies have one class, "
        "the error rate (1 - accuracy), and the operations for a galaxy",
    )
    sampler: Sampler = Sampler()
    pruner: Pruner = Pruner()
    space: dict[str, Parameter] = Field(
        {}, description="dotted key of the run to its range, such as train.learning_rate"
    )

    @model_validator(mode="after")
    def _objectives_fit(self) -> Self:
        if self.objectives[0] == "flops" or self.objectives[1:] not in ([], ["flops"]):
            raise ValueError("objectives: val_rmse or val_error_rate, alone or before flops")
        if len(self.objectives) > 1 and self.pruner.kind != "none":
            raise ValueError("two objectives cannot be pruned: set search.pruner.kind to none")
        return self
