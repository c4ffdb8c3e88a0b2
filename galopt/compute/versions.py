"""The version of the code and of the libraries that made a result."""

import platform

VERSION = "0.2.0"
"""Of galopt; `pyproject.toml` states the same."""

LIBRARIES = ("keras", "tensorflow", "mlflow", "dvc", "numpy")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that decide a result."""
    from importlib.metadata import PackageNotFoundError, version  # slow: not for `--help`

    found = {"python": platform.python_version(), "galopt": VERSION}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def commit() -> str | None:
    """Return the git commit of the working folder, with '-dirty' if files differ from it."""
    import subprocess  # slow: not for `--help`

    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
