"""Writes README's table of results from `docs/results.json`, whose rows are logged runs.

- `uv run python docs/results.py`: the table
- `uv run python docs/results.py RUN`: the row of a tracked run first, the newest of its command
"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
RESULTS, README = HERE / "results.json", HERE.parent / "README.md"
START, END = "<!-- results -->\n", "<!-- end of results -->"
HEAD = """| galaxies | network | `test_rmse` | floor | constant | command |
|---|---|---|---|---|---|
"""


def main() -> None:
    """Add a run's row if one is named, and write the table."""
    rows = json.loads(RESULTS.read_text())
    for reference in sys.argv[1:]:
        new = row(reference)
        same = [
            old
            for old in rows
            if (old["galaxies"], old["command"]) == (new["galaxies"], new["command"])
        ]
        rows = [old for old in rows if old not in same] + [new]
    RESULTS.write_text(json.dumps(rows, indent=2) + "\n")
    before, _, rest = README.read_text().partition(START)
    README.write_text(before + START + table(rows) + END + rest.partition(END)[2])


def table(rows: list[dict]) -> str:
    """Return the table in Markdown."""
    lines = [
        f"| {row['galaxies']} | {row['network']} | **{row['test_rmse']:.4f}** | {row['floor']:.4f} "
        f"| {row['constant']:.4f} | `{row['command']}` |\n"
        for row in rows
    ]
    return HEAD + "".join(lines)


def row(reference: str) -> dict:
    """Return the row of a tracked run."""
    from galopt.config.load import unflatten
    from galopt.config.rerun_command import command
    from galopt.tracking.queries import all_runs, find_run

    run = find_run(reference, all_runs())
    return {
        "galaxies": f"{run.survey}, {int(run.tags['galopt.galaxies']):,}",
        "network": f"`{run.title}`",
        "test_rmse": run.metrics["test_rmse"],
        "floor": run.metrics["test_rmse_floor"],
        "constant": run.metrics["test_rmse_constant"],
        "command": command(unflatten(run.params)),
    }


if __name__ == "__main__":
    main()
