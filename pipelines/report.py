"""DVC stage `report`: the comparison with the paper, as one page."""

from galopt.errors import command_line
from galopt.paths import REPORT


def main() -> None:
    """Write `report/index.html` from the metrics, the dataset and the MLflow store."""
    with command_line():
        from galopt.report.run.page import write_report  # heavy, so errors are shown by the block

        write_report(REPORT)


if __name__ == "__main__":
    main()
