"""Everything MLflow: the store, the runs, the registered models. Nothing else imports it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from galopt.tracking import dvc_experiment, quiet  # noqa: F401  before MLflow's import

if TYPE_CHECKING:
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
        note_refusal,
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
    "note_refusal",
    "open_store",
    "register",
    "start_run",
]

_REGISTRY = ("describe_model", "log_model", "register")


def __getattr__(name: str) -> Any:
    """Import what is asked for where it is first used: a table of runs needs no model."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "registry" if name in _REGISTRY else "store" if name == "open_store" else "runs"
    return getattr(import_module(f"{__name__}.{home}"), name)
