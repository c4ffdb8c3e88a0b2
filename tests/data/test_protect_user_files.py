"""Files of the user that lie where stages write: refused before anything is touched."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from PIL import Image

from galopt.config.load import build_config
from galopt.data.dvc import make_dataset
from galopt.data.protect_user_files import check_files
from galopt.errors import DataError
from galopt.paths import OUTPUTS

VOTES = "id,file,smooth,disk\na,a.jpg,0.25,0.75\nb,b.jpg,0.5,0.5\n"


def own_galaxies(folder: Path) -> list[Path]:
    """Write two images and their votes; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("a.jpg", "b.jpg"):
        Image.radial_gradient("L").save(folder / name)
    (folder / "votes.csv").write_text(VOTES)
    return sorted(folder.iterdir())


def state(path: str | None, source: str = "folder") -> None:
    stated = yaml.safe_load(Path("params.yaml").read_text())
    stated["survey"] |= {"source": source}
    stated["survey"]["folder"]["path"] = path
    Path("params.yaml").write_text(yaml.safe_dump(stated))


def taken_from(path: Path, **folder: str) -> None:
    check_files(
        build_config({"survey": {"source": "folder", "folder": {"path": str(path), **folder}}})
    )


@pytest.mark.parametrize("output", OUTPUTS, ids=str)
def test_a_folder_that_is_lies_in_or_holds_an_output_is_refused(output, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in (output, output / "mine", Path("."), tmp_path.parent):
        with pytest.raises(DataError, match=r"survey\.folder\.path: .*move your files"):
            taken_from(path)
    taken_from(Path("data/mine"))
    taken_from(tmp_path.parent / "elsewhere")


def test_links_to_an_output_tables_and_mosaics_in_one_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("data/stamps").mkdir(parents=True)
    Path("mine").symlink_to("data/stamps")
    with pytest.raises(DataError, match=r"survey\.folder\.path"):
        taken_from(Path("mine"))
    with pytest.raises(DataError, match=r"survey\.folder\.votes"):
        taken_from(Path("other"), votes=str(tmp_path / "data/survey/votes.csv"))
    stated = {"survey": {"source": "candels", "candels": {"mosaic": "data/survey/field.fits"}}}
    with pytest.raises(DataError, match=r"survey\.candels\.mosaic"):
        check_files(build_config(stated))


@pytest.mark.parametrize("folder", ["data/survey", "data/stamps", "data/dataset"])
def test_a_folder_that_no_stage_has_made_is_not_replaced(folder, project):
    files = own_galaxies(Path(folder))
    with pytest.raises(DataError, match=rf"{folder}/a.jpg was not made by galopt"):
        make_dataset()
    assert sorted(Path(folder).iterdir()) == files


def test_what_an_interrupted_deletion_has_left_is_replaced(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for part in ("data/survey/tiles", "data/dataset"):
        Path(part).mkdir(parents=True)
    Path("data/dataset/images.npy").touch()
    check_files(build_config({}))


@pytest.mark.parametrize("path", ["data/stamps", "data/dataset", None])
def test_plain_dvc_repro_deletes_nothing_of_the_user(path, project):
    files = own_galaxies(Path(path or "data/stamps"))
    state(path, "folder" if path else "simulate")
    subprocess.run([sys.executable, "-m", "dvc", "init", "--no-scm", "-q"], check=True)
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "repro"], capture_output=True, text=True, check=False
    )
    assert done.returncode
    assert "move your files" in done.stderr
    assert sorted(Path(path or "data/stamps").iterdir()) == files


def test_a_stage_that_fails_leaves_what_it_made_before(project):
    own_galaxies(Path("data/mine"))
    state("data/mine")
    subprocess.run([sys.executable, "-m", "dvc", "init", "--no-scm", "-q"], check=True)
    command = [sys.executable, "-m", "dvc", "repro", "-q", "survey"]
    subprocess.run(command, check=True)
    made = Path("data/survey/votes.csv").read_text()
    state("data/gone")
    assert subprocess.run(command, capture_output=True, check=False).returncode
    assert Path("data/survey/votes.csv").read_text() == made
