"""What is each difference between two systems worth? Alone, all together, over several seeds.

Ignat et al. (2016), section 5.1, name four differences that may separate their RMSE from
Huertas-Company's: preprocessing, brightness, model averaging and maxout.
"""

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from galopt import tracking
from galopt.config import Config
from galopt.data.dataset import Dataset
from galopt.errors import ConfigError
from galopt.evaluation.bootstrap import paired_bootstrap
from galopt.evaluation.evaluate import EXPECTED_RMSE, Evaluation
from galopt.experiments.child_runs import (
    Member,
    average,
    log_measurement,
    reseeded,
    train_members,
    varied,
)
from galopt.metrics import rmse_per_galaxy
from galopt.report.figures.run import draw_differences
from galopt.report.html import svg
from galopt.report.run.page import log_report
from galopt.report.run.report_data import ReportData

logger = logging.getLogger(__name__)

AVERAGING, ALL = "averaging", "all together"


def run(config: Config, dataset: Dataset) -> pd.DataFrame:
    """Train every arm over several seeds; log one table and one figure on a parent run.

    Parameters
    ----------
    config : Config
        What the differences are switched on from; its section `ablate` names them.
    dataset : Dataset

    Returns
    -------
    DataFrame
        As `table`.
    """
    chosen = arms(config)
    name = f"what separates {config.network.preset}, on {dataset.info['name']}"
    with tracking.start_run(config, dataset, kind="ablation", name=name) as run_id:
        # Seed by seed: a job that is stopped has some of every arm.
        named = [
            (f"{arm}, seed {each.train.seed}", each)
            for one_each in zip(*chosen.values(), strict=True)
            for arm, each in zip(chosen, one_each, strict=True)
        ]
        everyone = train_members(named, dataset, run_id)
        trained = {arm: everyone[n :: len(chosen)] for n, arm in enumerate(chosen)}
        result = table(trained, dataset)
        tracking.log_text(result.to_csv(index=False), "ablation.csv")
        log_measurement("ablation", config, dataset, result, everyone)
        tracking.log_figures({"ablation": svg(draw_differences(result))})
        log_report(ReportData("ablation", dataset, config, run_id))
    for member in everyone:
        member.trained.forget_checkpoints()
    logger.info(result.to_string(index=False, float_format="%.4f"))
    return result


def arms(config: Config) -> dict[str, list[Config]]:
    """Return the configurations of each arm, one per seed: as it is, each difference, all.

    Raises
    ------
    ConfigError
        A difference overrides what the network does not have, or is called like another arm.
    """
    differences = dict(config.ablate.differences)
    if taken := {config.network.preset, AVERAGING} & differences.keys():
        raise ConfigError(f"ablate.differences: {taken.pop()!r} is another arm's name; choose one")
    besides = differences.pop(ALL, "")
    together = " ".join([*differences.values(), besides])
    overrides = {config.network.preset: "", **differences, ALL: together}
    return {
        arm: [reseeded(kind, seed) for seed in range(config.ablate.seeds)]
        for arm, kind in varied(config, "ablate.differences", overrides).items()
    }


def table(trained: Mapping[str, Sequence[Member]], dataset: Dataset) -> pd.DataFrame:
    """Compare the arms with the first one.

    Parameters
    ----------
    trained : mapping
        The members of each arm; the first arm is what the others are compared with, and the
        last has every difference, so that its members are averaged.
    dataset : Dataset

    Returns
    -------
    DataFrame
        One row per arm, and one of averaging the first arm's seeds if it has several:
        `test_rmse` over the galaxies and its seeds, or of their average; where
        the truth is known, `test_rmse_expected` likewise, of which then all that follows is;
        `seeds`, the standard deviation over them; `difference` from the first arm, with the 95 %
        interval `low` to `high` of a bootstrap over galaxies, paired, and over seeds, where
        an arm has several networks; `epoch_seconds`.
    """
    first, last = next(iter(trained)), list(trained)[-1]
    single = {
        arm: [member.evaluation for member in members]
        for arm, members in trained.items()
        if arm != last
    }
    if len(trained[first]) > 1:
        single[AVERAGING] = [average(trained[first], dataset)]
    single[last] = [average(trained[last], dataset)]
    reference = _squared_errors(single[first])
    rows = []
    for arm, evaluations in single.items():
        scores = {
            metric: np.array([evaluation.metrics[metric] for evaluation in evaluations])
            for metric in ("test_rmse", EXPECTED_RMSE)
            if metric in evaluations[0].metrics
        }
        sharpest = list(scores.values())[-1]
        errors = _squared_errors(evaluations)
        change = paired_bootstrap(reference, errors)
        history = [
            epoch for member in trained.get(arm, ()) for epoch in member.trained.result.history
        ]
        rows.append(
            {
                "arm": arm,
                **{metric: np.sqrt(np.mean(found**2)) for metric, found in scores.items()},
                "seeds": np.std(sharpest, ddof=1) if len(sharpest) > 1 else np.nan,
                "difference": change.value,
                "low": change.low,
                "high": change.high,
                "epoch_seconds": np.median([e["epoch_seconds"] for e in history] or [np.nan]),
            }
        )
    return pd.DataFrame(rows)


def _squared_errors(evaluations: Sequence[Evaluation]) -> NDArray[np.float64]:
    """Return the squared error of each galaxy in each run, averaged over targets, (N, S)."""
    errors = [rmse_per_galaxy(run.truth, run.predicted) ** 2 for run in evaluations]
    return np.stack(errors, axis=1)
