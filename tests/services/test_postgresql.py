"""A study in PostgreSQL: one driver, a wrong password, a restart in the middle."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from helpers.driver_process import Process
from helpers.postgres_server import postgresql  # noqa: F401
from helpers.tracked import figures, statuses
from optuna.trial import TrialState

from galopt.config import Search
from galopt.errors import GaloptError
from galopt.experiments.search.lock import only_driver
from galopt.experiments.search.storage import open_storage
from galopt.experiments.search.study import load_study

pytestmark = pytest.mark.service


def test_what_cannot_be_reached_is_one_clear_line(postgresql):  # noqa: F811
    with pytest.raises(GaloptError, match="password authentication failed") as caught:
        open_storage(postgresql.url.replace("secret", "wrong"))
    assert "wrong" not in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(GaloptError, match="Connection refused"):
        open_storage("postgresql://postgres@127.0.0.1:1/studies")


def test_the_lock_is_held_once_and_taken_again_after_a_restart(postgresql):  # noqa: F811
    with only_driver(postgresql.url, "noise") as lock:
        second = only_driver(postgresql.url, "noise")
        with pytest.raises(GaloptError, match="is being searched by another process"):
            second.__enter__()
        postgresql.stop()
        postgresql.start()
        assert lock.keep()
    with only_driver(postgresql.url, "noise"):
        pass


def test_a_worker_that_starts_while_the_database_is_away_waits_for_it(postgresql):  # noqa: F811
    open_storage(postgresql.url)
    postgresql.stop()
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(open_storage, postgresql.url, wait=True)
        time.sleep(1)
        assert not opening.done()
        postgresql.start()
        assert opening.result(timeout=60).get_all_studies() == []


def test_a_restart_of_the_database_loses_no_trial(tmp_path, blobs, postgresql):  # noqa: F811
    with Process(postgresql.url, 6, 2, folder=tmp_path, DATASET=str(blobs.folder)) as driver:
        driver.until("ended")
        postgresql.stop()
        postgresql.start()
        assert driver.end() == 0, driver.lines
        assert driver.lines[-1] == "finished"
    study = load_study(Search(study="noise"), open_storage(postgresql.url))
    reasons = [trial.user_attrs.get("reason") for trial in study.trials]
    states = Counter(trial.state for trial in study.trials)
    assert states == {TrialState.COMPLETE: 6}, reasons
    assert statuses(tmp_path) == {"FINISHED": 1 + 6}
    assert {"history", "timeline"} <= figures(tmp_path)
