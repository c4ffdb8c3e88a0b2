"""Where a result comes from: the code, the libraries, the command that makes it again."""

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version

from galopt.config import Config
from galopt.params import RUN_SECTIONS, build, flatten

LIBRARIES = ("galopt", "keras", "tensorflow", "mlflow", "dvc", "numpy")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that decide a result."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def commit() -> str | None:
    """Return the git commit of the working folder, with '-dirty' if files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def differences(config: Config) -> dict[str, object]:
    """Return the dotted keys in which a configuration differs from its preset's defaults."""
    plain = flatten(build({"network": {"preset": config.network.preset}}))
    return {key: value for key, value in flatten(config).items() if plain.get(key) != value}


def command(config: Config) -> str:
    """Return the command that trains a configuration again on the same dataset."""
    changed = {
        key: value
        for key, value in differences(config).items()
        if key.split(".")[0] in RUN_SECTIONS and key != "network.preset"
    }
    words = f"uv run mlflow run . --env-manager local -P preset={config.network.preset}"
    if not changed:
        return words
    overrides = " ".join(f"{key}={_plain(value)}" for key, value in changed.items())
    return f'{words} -P overrides="{overrides}"'


def _plain(value: object) -> str:
    """Write a value as YAML without spaces, as an override takes it."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return str(value).replace(" ", "")
