"""Stage survey: params.yaml -> data/survey/ (a mosaic or files, and votes)."""

from galopt.config.load import load_config
from galopt.data.protect_user_files import check_files
from galopt.data.survey import make_survey
from galopt.errors import command_line
from galopt.paths import PARAMS, SURVEY

if __name__ == "__main__":
    with command_line():
        config = load_config(PARAMS)
        check_files(config)
        make_survey(config, SURVEY)
