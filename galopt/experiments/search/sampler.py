"""What proposes the next trial: Optuna's samplers, whose draws go on when a study is resumed."""

import hashlib
import warnings
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial

from galopt.config import Sampler
from galopt.errors import ConfigError
from galopt.experiments.search.optuna_internals import earlier_attempts

warnings.filterwarnings("ignore", category=ExperimentalWarning)


class SeededByTrial(BaseSampler):
    """Draws each trial with random numbers of its own.

    They depend on the study's name, the seed and the trial's number, among which attempts to do
    a failed trial again do not count: a study that was interrupted draws what it would have. A
    sampler that is seeded once begins anew in every process, and a resumed study would draw the
    same trials again.

    Parameters
    ----------
    config : config section

    Raises
    ------
    ConfigError
        It needs a package that is not installed.
    """

    def __init__(self, config: Sampler) -> None:
        self._config = config
        self._sampler = _make(config, config.seed)

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Seed the sampler for a trial; it is asked for all its parameters before the next."""
        told = f"{study.study_name}:{self._config.seed}:{_place(study, trial)}"
        digest = hashlib.sha256(told.encode()).digest()
        self._sampler = _make(self._config, int.from_bytes(digest[:4]))
        self._sampler.before_trial(study, trial)

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return the parameters that are drawn together."""
        return self._sampler.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Draw them."""
        return self._sampler.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Draw one of the others."""
        return self._sampler.sample_independent(study, trial, param_name, param_distribution)


def _place(study: optuna.Study, trial: FrozenTrial) -> int:
    """Return which trial of the study this is, not counting those that were tried again."""
    first = min([*earlier_attempts(trial), trial.number])
    earlier = study.get_trials(deepcopy=False)[:first]
    return first - sum(bool(earlier_attempts(trial)) for trial in earlier)


def _make(config: Sampler, seed: int) -> BaseSampler:
    if config.kind == "random":
        return RandomSampler(seed=seed)
    if config.kind == "cmaes":
        return CmaEsSampler(
            seed=seed, n_startup_trials=config.startup, warn_independent_sampling=False
        )
    if config.kind == "gp":
        try:
            import torch  # noqa: F401
        except ImportError:
            raise ConfigError(
                "search.sampler.kind=gp needs PyTorch: uv sync --extra torch"
            ) from None
        return GPSampler(
            seed=seed, n_startup_trials=config.startup, warn_independent_sampling=False
        )
    return TPESampler(
        seed=seed,
        n_startup_trials=config.startup,
        multivariate=config.multivariate,
        group=config.group,
        constant_liar=config.constant_liar,
    )
