"""Stage survey: params.yaml -> data/survey/ (a mosaic or files, and votes)."""

from pathlib import Path

from galopt.config.load import load_config
from galopt.data.survey import make_survey
from galopt.errors import exit_on_error

if __name__ == "__main__":
    with exit_on_error():
        make_survey(load_config(), Path("data/survey"))
