"""The plugin that gives `mlflow run .` the experiment `galopt`, without an option.

MLflow loads it while it is itself being imported (see the entry point in
`pyproject.toml`), so it stands apart from `galopt.tracking`.
"""

import logging
from pathlib import Path

from mlflow.tracking.default_experiment.abstract_context import DefaultExperimentProvider


class ProjectExperiment(DefaultExperimentProvider):
    """Names the experiment of whatever MLflow starts in the project's folder."""

    def in_context(self) -> bool:
        """Tell whether the working folder is a galopt project."""
        project = Path("MLproject")
        return project.is_file() and "name: galopt" in project.read_text()

    def get_experiment_id(self) -> str:
        """Return the experiment, made if need be; a project's run starts with it, so hush that."""
        from galopt.errors import shown_messages, verbose
        from galopt.tracking.store import experiment_id

        if not verbose():
            logging.getLogger("mlflow.projects").setLevel(logging.WARNING)
        with shown_messages():
            return experiment_id()
