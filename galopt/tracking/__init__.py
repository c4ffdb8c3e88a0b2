"""Everything MLflow: the store, the runs, the registered models. Nothing else imports it."""

import logging
import os

# Before MLflow's import, which reads them: its notes on monitors, lock files and progress
# of a 20 MB copy hide the lines that a person wants to read.
os.environ.setdefault("MLFLOW_LOG_UV_FILES", "false")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
logging.getLogger("mlflow.system_metrics").setLevel(logging.WARNING)
logging.getLogger("mlflow.utils").setLevel(logging.ERROR)

from galopt.tracking.registry import log_model, register
from galopt.tracking.runs import (
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
