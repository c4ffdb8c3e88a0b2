"""What MLflow loads of galopt while it is itself being imported: see `pyproject.toml`.

It gives `mlflow run .` the experiment `galopt`, without an option, and lets models of before
version 0.2 find their loader. It stands apart from `galopt.tracking`, which imports MLflow.
"""

import logging
import sys
from pathlib import Path
from typing import Any

from mlflow.tracking.default_experiment.abstract_context import DefaultExperimentProvider

OLD_LOADER = "galopt.serving"
"""The module that MLflow was told to load models with before version 0.2."""

logger = logging.getLogger(__name__)


class ProjectExperiment(DefaultExperimentProvider):
    """Names the experiment of whatever MLflow starts in the project's folder."""

    def in_context(self) -> bool:
        """Tell whether the working folder is a galopt project."""
        project = Path("MLproject")
        return project.is_file() and "name: galopt" in project.read_text("utf-8")

    def get_experiment_id(self) -> str:
        """Return the experiment, made if need be; a project's run starts with it, so hush that."""
        from galopt.errors import GaloptError, shown_messages, verbose
        from galopt.tracking.store import experiment_id

        if not verbose():
            logging.getLogger("mlflow.projects").setLevel(logging.WARNING)
        try:
            with shown_messages():
                return experiment_id()
        except GaloptError as error:
            print(f"galopt: {error}", file=sys.stderr)
            raise SystemExit(2) from None  # MLflow takes any other for a warning, and goes on


def say_moved() -> None:
    """Log that a model of before version 0.2 is opened."""
    logger.info(
        "The model was logged before version 0.2; its loader galopt.serving is now "
        "galopt.tracking.pyfunc"
    )


def _load_pyfunc(folder: str) -> Any:
    from galopt.tracking import pyfunc  # here: MLflow is being imported

    say_moved()
    return pyfunc._load_pyfunc(folder)


# The installed package is imported before MLflow looks into such a model's copy of the code.
sys.modules.setdefault(OLD_LOADER, sys.modules[__name__])
