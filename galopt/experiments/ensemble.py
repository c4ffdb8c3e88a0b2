"""An ensemble: networks that differ, averaged, as Dieleman et al. (2015)."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import nnls

from galopt import tracking
from galopt.config import Config
from galopt.data.dataset import Dataset
from galopt.errors import ConfigError
from galopt.evaluation.bootstrap import Difference, compare_predictions
from galopt.evaluation.evaluate import EXPECTED_RMSE, Evaluation
from galopt.experiments.child_runs import (
    Member,
    average,
    log_measurement,
    reseeded,
    train_members,
    varied,
)
from galopt.experiments.run import calibrate, describe, error_metrics, publish
from galopt.experiments.run_summary import verdict
from galopt.experiments.search import results
from galopt.metrics import rmse
from galopt.prediction.model import MorphologyModel
from galopt.report.figures.run import evaluation_figures
from galopt.report.run.page import log_report
from galopt.report.run.report_data import ReportData

logger = logging.getLogger(__name__)


def run(config: Config, dataset: Dataset) -> Evaluation:
    """Train, average, evaluate and log an ensemble as one tracked run and its children.

    The model that is logged averages the members uniformly, as published. Weights from
    stacking are measured beside it.

    Parameters
    ----------
    config : Config
        Its section `ensemble` says how many members there are and how they differ.
    dataset : Dataset

    Returns
    -------
    Evaluation
        Of the uniform average on the test galaxies.
    """
    configs = variants(config, dataset)
    name = f"{len(configs)} networks like {config.network.preset} on {dataset.info['name']}"
    with tracking.start_run(config, dataset, kind="ensemble", name=name) as run_id:
        members = train_members(configs, dataset, run_id)
        evaluation, gain, table = combine(members, dataset)
        networks = [member.trained.result.model for member in members]
        model = MorphologyModel(
            networks,
            dataset.targets,
            config.evaluate,
            dataset.stamp_settings(config.stamps),
            dataset.bands,
        )
        calibrate(model, config, dataset)
        evaluation.metrics.update(error_metrics(model, evaluation.split))
        tracking.log_evaluation(evaluation)
        figures = evaluation_figures(evaluation)
        tracking.log_figures(figures)
        tracking.log_text(table.to_csv(index=False), "members.csv")
        best = members[int(np.argmin(table["val_rmse"]))].evaluation
        log_measurement("ensemble", config, dataset, _compared(best, evaluation, gain), members)
        voted = dataset.split("validation").fractions
        val_rmse = rmse(voted, np.mean([member.validation for member in members], axis=0))
        publish(model, val_rmse, dataset, config.train.galaxies)
        describe(config, dataset, evaluation, len(networks))
        log_report(
            ReportData(
                kind="ensemble",
                dataset=dataset,
                config=config,
                run_id=run_id,
                metrics=evaluation.metrics,
                predictions=evaluation.table,
                figures=figures,
            )
        )
    for member in members:
        member.trained.forget_checkpoints()
    logger.info(table.to_string(index=False, float_format="%.4f"))
    logger.info(gain.sentence("The best single network", "the average"))
    logger.info(verdict(evaluation, dataset, run_id, config.survey))
    return evaluation


def variants(config: Config, dataset: Dataset) -> list[tuple[str, Config]]:
    """Return the members' names and configurations: the variants in turn, each its own seed.

    Parameters
    ----------
    config : Config
        Its section `ensemble` names the variants, or the study whose best trials they are.
    dataset : Dataset
        What the study must be of.

    Raises
    ------
    ConfigError
        A variant overrides what the network does not have, or how the ensemble is evaluated.
    GaloptError
        The study is not there, is of another dataset, or has no complete trial.
    """
    wanted = config.ensemble
    if wanted.study is None:
        kinds = list(varied(config, "ensemble.variants", wanted.variants).items())
        for name, kind in kinds:
            if kind.evaluate != config.evaluate:
                raise ConfigError(
                    f"ensemble.variants[{name!r}]={wanted.variants[name]!r}: members are averaged "
                    "over the same views; set evaluate.* for the whole ensemble"
                )
    else:
        kinds = results.best_of(config, wanted.study, wanted.members, dataset)
    return [
        (f"{number + 1}: {name}", reseeded(kind, number))
        for number, (name, kind) in enumerate(islice(cycle(kinds), wanted.members))
    ]


def combine(
    members: Sequence[Member], dataset: Dataset
) -> tuple[Evaluation, Difference, pd.DataFrame]:
    """Average the members and measure what that gains.

    Returns
    -------
    evaluation : Evaluation
        Of the uniform average, with the metrics ``test_rmse_stacked`` of the weighted one,
        ``test_rmse_best_member`` of the member with the lowest validation RMSE, and
        ``ensemble_gain``, ``ensemble_gain_low``, ``ensemble_gain_high``: how much lower than
        that member's the RMSE of the uniform average is, with its 95 % interval; from the
        expected votes where those are known.
    gain : Difference
        Of the average from the best member.
    table : DataFrame
        One row per member: name, val_rmse, test_rmse, test_rmse_expected where the truth is known,
        weight in the stack.
    """
    voted = dataset.split("validation").fractions
    weights = stack([member.validation for member in members], voted)
    evaluation = average(members, dataset)
    best = min(members, key=lambda member: rmse(voted, member.validation))
    gain = compare_predictions(best.evaluation.table, evaluation.table)
    metrics = evaluation.metrics | {
        "test_rmse_stacked": average(members, dataset, weights).metrics["test_rmse"],
        "test_rmse_best_member": best.evaluation.metrics["test_rmse"],
        "ensemble_gain": -gain.value,
        "ensemble_gain_low": -gain.high,
        "ensemble_gain_high": -gain.low,
    }
    table = pd.DataFrame(
        {
            "name": [member.name for member in members],
            "val_rmse": [rmse(voted, member.validation) for member in members],
            "test_rmse": [member.evaluation.metrics["test_rmse"] for member in members],
            **_expected(members),
            "weight": weights,
        }
    )
    return replace(evaluation, metrics=metrics), gain, table


def _compared(best: Evaluation, average: Evaluation, gain: Difference) -> pd.DataFrame:
    """Return a row for the best single network, and one for the average with its change from it."""
    names = [name for name in ("test_rmse", EXPECTED_RMSE) if name in best.metrics]
    change = {"difference": gain.value, "low": gain.low, "high": gain.high}
    return pd.DataFrame(
        [
            {"arm": "the best single network", **{name: best.metrics[name] for name in names}},
            {"arm": "the average", **{name: average.metrics[name] for name in names}, **change},
        ]
    )


def _expected(members: Sequence[Member]) -> dict[str, list[float]]:
    known = EXPECTED_RMSE in members[0].evaluation.metrics
    return {EXPECTED_RMSE: [m.evaluation.metrics[EXPECTED_RMSE] for m in members]} if known else {}


def stack(
    predicted: Sequence[NDArray[np.float32]], voted: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return weights of members that add up to one: Breiman (1996), "Stacked regressions".

    They are the non-negative least squares of the votes on the members' predictions, scaled.

    Parameters
    ----------
    predicted : sequence of array, shape (N, T)
        Of the validation galaxies, one array per member.
    voted : array, shape (N, T)

    Returns
    -------
    array, shape (M,)
        The uniform weights where no member predicts anything of the votes.
    """
    design = np.stack([member.ravel() for member in predicted], axis=1).astype(float)
    weights, _ = nnls(design, voted.ravel().astype(float))
    total = weights.sum()
    return weights / total if total > 0 else np.full(len(weights), 1 / len(weights))
