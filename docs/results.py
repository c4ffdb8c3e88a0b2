"""Writes the tables of results in README and in `explanation/results.md` from kept runs.

- `uv run python docs/results.py`: the tables
- `uv run python docs/results.py RUN`: a tracked run first: a row of README's table, which replaces
  the row of the same command; of an ablation or an ensemble, its measurement
"""

import json
import sys
from pathlib import Path

from galopt.evaluation.kept_results import RESULTS, Measurement, published_with_galopt

HERE = Path(__file__).parent
ROWS, README, PAGE = (
    HERE / "results.json",
    HERE.parent / "README.md",
    HERE / "explanation/results.md",
)
HEAD = """| galaxies | network | `test_rmse` | floor | constant | command |
|---|---|---|---|---|---|
"""
CHANGE = "change (95 % interval)"


def main() -> None:
    """Keep the runs that are named, and write the tables."""
    for reference in sys.argv[1:]:
        keep(reference)
    fill(README, "results", table(json.loads(ROWS.read_text())))
    for kind, short in (("ablation", _short_ablation), ("ensemble", None)):
        if measured := published_with_galopt(kind):
            fill(PAGE, kind, whole(measured))
            if short:
                fill(README, kind, short(measured))


def keep(reference: str) -> None:
    """Keep what a tracked run measured."""
    from galopt.tracking.queries import all_runs, find_run, text

    run = find_run(reference, all_runs())
    if measured := text(run, "measurement.json"):
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{Measurement.read(measured).kind}.json").write_text(measured)
        return
    rows, new = json.loads(ROWS.read_text()), row(reference)
    same = [old for old in rows if all(old[key] == new[key] for key in ("galaxies", "command"))]
    rows = [old for old in rows if old not in same] + [new]
    ROWS.write_text(json.dumps(rows, indent=2) + "\n")


def fill(file: Path, name: str, lines: str) -> None:
    """Write a table between the marks of its name."""
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, found, rest = file.read_text().partition(start)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        sys.exit(f"{file} has no place for the table: write {start}{end} where it belongs")
    file.write_text(before + start + lines + end + after)


def table(rows: list[dict]) -> str:
    """Return README's table in Markdown."""
    lines = [
        f"| {row['galaxies']} | {row['network']} | **{row['test_rmse']:.4f}** | {row['floor']:.4f} "
        f"| {row['constant']:.4f} | `{row['command']}` |\n"
        for row in rows
    ]
    return HEAD + "".join(lines)


def whole(measured: Measurement) -> str:
    """Return a measurement in Markdown: where, how, every arm."""
    galaxies = measured.galaxies
    stated = "".join(f"- `{key}: {value}`\n" for key, value in measured.parameters.items())
    lines = [
        f"| {arm['arm']} | {arm['test_rmse']:.4f} | {_number(arm.get('test_rmse_expected'))} "
        f"| {_number(arm.get('seeds'))} | {_change(arm)} |\n"
        for arm in measured.table
    ]
    return (
        f"{measured.survey}, {galaxies['train']:,} training and {galaxies['test']:,} test "
        f"galaxies, {len(measured.networks)} networks, galopt {measured.version}: "
        f"`{measured.command}` beside these lines of `params.yaml`:\n\n{stated}\n"
        f"| arm | `test_rmse` | `test_rmse_expected` | standard deviation over seeds | {CHANGE} |\n"
        f"|---|---|---|---|---|\n{''.join(lines)}"
    )


def _short_ablation(measured: Measurement) -> str:
    lines = [f"| {arm['arm']} | {_change(arm)} |\n" for arm in measured.table[1:]]
    return f"| difference | {CHANGE} |\n|---|---|\n{''.join(lines)}"


def _change(arm: dict) -> str:
    if arm.get("low") is None or not (arm["difference"] or arm["low"] or arm["high"]):
        return ""
    return f"{arm['difference']:+.4f} ({arm['low']:+.4f} to {arm['high']:+.4f})".replace("-", "−")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


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
