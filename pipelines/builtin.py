"""Put the model of a tracked run into the package: ``python -m pipelines.builtin RUN``."""

import argparse

from galopt.errors import GaloptError, command_line

METRICS = ("test_rmse", "test_rmse_floor", "test_rmse_constant")


def main() -> None:
    """Copy the network, its numbers and its card; it is named after its preset."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="id or name of a run on a survey whose noise floor is known")
    given = parser.parse_args()
    with command_line():
        from galopt.config.load import unflatten
        from galopt.config.rerun_command import command
        from galopt.prediction.builtin import keep  # what is heavy, after what may be refused
        from galopt.tracking.models import open_model
        from galopt.tracking.queries import all_runs, find_run, text

        run = find_run(given.run, all_runs())
        if missing := [name for name in METRICS if name not in run.metrics]:
            raise GaloptError(f"run {run.label} has no {missing[0]}")
        facts = {
            "survey": run.survey,
            "dataset": run.tags["galopt.dataset"],
            "command": command(unflatten(run.params)),
        } | {name: round(run.metrics[name], 4) for name in METRICS}
        card = text(run, "model_card.md") or ""
        print(keep(open_model(run.id), run.tags["galopt.preset"], facts, card))


if __name__ == "__main__":
    main()
