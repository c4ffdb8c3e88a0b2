"""Stage stamps: data/survey/ -> data/stamps/, data/stamps.csv, data/rejected.csv."""

from galopt.config.load import load_config
from galopt.data.protect_user_files import check_files
from galopt.data.stamps import make_stamps
from galopt.errors import command_line
from galopt.paths import DATA, PARAMS, SURVEY

if __name__ == "__main__":
    with command_line():
        config = load_config(PARAMS)
        check_files(config)
        make_stamps(config, SURVEY, DATA)
