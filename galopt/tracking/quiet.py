"""Hushes MLflow before its import: its notes hide the lines that a person wants to read."""

import logging
import os

from galopt.errors import verbose

if not verbose():
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
os.environ.setdefault("MLFLOW_LOG_UV_FILES", "false")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
logging.getLogger("mlflow.system_metrics").setLevel(logging.WARNING)
logging.getLogger("mlflow.utils").setLevel(logging.ERROR)
logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)  # it raises what it logs
