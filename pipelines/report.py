"""DVC stage `report`: the comparison with the paper, as one page."""

from pathlib import Path

from galopt.errors import exit_on_error


def main() -> None:
    """Write `report/index.html` from the metrics, the dataset and the MLflow store."""
    with exit_on_error():
        from galopt.report.run.page import write_report

        write_report(Path("report/index.html"))


if __name__ == "__main__":
    main()
