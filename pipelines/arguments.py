"""The arguments of an MLproject entry point, read as the configuration that they ask for."""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches

from galopt.config import Config
from galopt.config.load import RUN_SECTIONS, load_run_config
from galopt.errors import ConfigError, command_line, user_error
from galopt.paths import PARAMS

UNSET = str(PARAMS)
"""What MLproject hands over for a parameter that was not given."""


@contextmanager
def entry_point() -> Iterator[None]:
    """Run the block as a command; the run that `mlflow run` has started says why it failed."""
    reason = None
    try:
        with command_line():
            try:
                yield
            except KeyboardInterrupt:
                print("galopt: stopped; the same command goes on from here", file=sys.stderr)
                raise SystemExit(130) from None
            except Exception as error:
                reason = user_error(error)
                raise
    finally:
        if reason and "MLFLOW_RUN_ID" in os.environ:
            from galopt.tracking.runs import note_refusal  # here, after the message was shown

            note_refusal(str(reason))


def read_config(about: str, keys: Mapping[str, str], sections: Sequence[str] = ()) -> Config:
    """Return the configuration that the command line and `params.yaml` ask for.

    Parameters
    ----------
    about : str
        What the entry point does, for ``--help``.
    keys : mapping of str to str
        Its parameters and the dotted keys that they set.
    sections : sequence of str
        Sections that may be overridden beside those of a run.

    Raises
    ------
    ConfigError
        A parameter or a key is unknown, or a value is ill-typed or out of range.
    """
    parser = argparse.ArgumentParser(description=about, allow_abbrev=False)
    for name, key in keys.items():
        parser.add_argument(f"--{name}", default=UNSET, help=f"{key} [what {UNSET} says]")
    parser.add_argument("--overrides", default="none", help='"key=value …", any key of the run')
    parsed, unknown = parser.parse_known_args()
    if unknown:
        raise ConfigError(_unknown(unknown[0].lstrip("-").partition("=")[0], [*keys, "overrides"]))
    given = vars(parsed)
    words = [f"{key}={given[name]}" for name, key in keys.items() if given[name] != UNSET]
    words += [given["overrides"]] if given["overrides"] != "none" else []
    return load_run_config(" ".join(words), sections=(*RUN_SECTIONS, *sections))


def _unknown(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    meant = f"; did you mean {close[0]}?" if close else ""
    return f"-P {name}: no such parameter{meant} Valid parameters: {', '.join(known)}"
