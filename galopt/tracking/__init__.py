"""Everything MLflow: the store, the runs, the registered models. Nothing else imports it."""

from galopt.tracking import quiet  # noqa: F401  before MLflow's import
from galopt.tracking.registry import describe_model, log_model, register
from galopt.tracking.runs import (
    describe_run,
    log_epoch,
    log_evaluation,
    log_figures,
    log_file,
    log_history,
    log_network,
    log_text,
    log_training,
    start_run,
)
from galopt.tracking.store import open_store

__all__ = [
    "describe_model",
    "describe_run",
    "log_epoch",
    "log_evaluation",
    "log_figures",
    "log_file",
    "log_history",
    "log_model",
    "log_network",
    "log_text",
    "log_training",
    "open_store",
    "register",
    "start_run",
]
