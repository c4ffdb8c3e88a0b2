"""Stage stamps: data/survey/ -> data/stamps/*.jpg, data/stamps.csv, data/rejected.csv."""

from pathlib import Path

from galopt.config.load import load_config
from galopt.data.stamps import make_stamps
from galopt.errors import exit_on_error

if __name__ == "__main__":
    with exit_on_error():
        make_stamps(load_config(), Path("data/survey"), Path("data"))
