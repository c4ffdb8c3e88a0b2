"""The runs of an SQLite store, read without MLflow, whose import takes longer than a table."""

import sqlite3
from collections import defaultdict
from contextlib import closing
from datetime import datetime
from pathlib import Path

from galopt.tracking.tracked_run import TrackedRun

_RUNS = """
    select run_uuid, runs.name, status, start_time, artifact_uri
    from runs join experiments using (experiment_id)
    where runs.lifecycle_stage = 'active' and experiments.lifecycle_stage = 'active'
    and run_uuid in (select run_uuid from tags where key = 'galopt.kind')
    order by start_time desc, run_uuid
"""
_PARAMS = "select run_uuid, key, value from params"
_TAGS = "select run_uuid, key, value from tags"
_METRICS = "select run_uuid, key, iif(is_nan, 'nan', value) from latest_metrics"


def read_runs(path: Path) -> list[TrackedRun]:
    """Return galopt's runs in a store that `check_store` found whole, the newest first."""
    with closing(sqlite3.connect(path)) as database:
        runs = database.execute(_RUNS).fetchall()
        params, tags, metrics = (_by_run(database, q) for q in (_PARAMS, _TAGS, _METRICS))
    return [
        TrackedRun(
            identifier,
            name or identifier[:8],
            status,
            datetime.fromtimestamp(started / 1000),
            params[identifier],
            tags[identifier],
            {key: float(value) for key, value in metrics[identifier].items()},
            artifacts,
        )
        for identifier, name, status, started, artifacts in runs
    ]


def _by_run(database: sqlite3.Connection, query: str) -> defaultdict[str, dict]:
    found: defaultdict[str, dict] = defaultdict(dict)
    for identifier, key, value in database.execute(query):
        found[identifier][key] = value
    return found
