"""Stage survey: params.yaml -> data/survey/ (a mosaic or files, and votes)."""

from pathlib import Path

from galopt.config.load import load_config
from galopt.errors import exit_on_error
from galopt.survey import make_survey

if __name__ == "__main__":
    with exit_on_error():
        make_survey(load_config(), Path("data/survey"))
