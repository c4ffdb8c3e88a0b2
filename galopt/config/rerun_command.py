"""The command that trains a configuration again."""

import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from galopt.config.load import RUN_SECTIONS, build_config, read_params, valid_keys
from galopt.config.schema import Config
from galopt.paths import PARAMS


def differences(config: Config, stated: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the dotted keys in which a configuration differs from what its preset gives.

    Parameters
    ----------
    config : Config
    stated : mapping, optional
        What `params.yaml` says beside the preset; nothing by default.
    """
    plain = build_config(stated or {}, {"network.preset": config.network.preset})
    return dict(_differences(config.model_dump(), plain.model_dump(), ""))


def command(config: Config, file: Path = PARAMS) -> str:
    """Return the command that, beside a `params.yaml`, trains a configuration again."""
    stated = read_params(file) if file.exists() else {}
    overrides = " ".join(
        f"{key}={_plain(value)}"
        for key, value in differences(config, stated).items()
        if key.split(".")[0] in RUN_SECTIONS
    )
    words = f"uv run mlflow run . --env-manager local -P preset={config.network.preset}"
    return f"{words} -P overrides={shlex.quote(overrides)}" if overrides else words


def title(config: Config, most: int = 60) -> str:
    """Return a name that tells runs apart: the preset and what differs from it.

    Parameters
    ----------
    config : Config
    most : int
        Characters of the changes; further ones are counted.
    """
    names = [key.split(".")[-1] for key in valid_keys(RUN_SECTIONS)]
    words = [
        f"{key.split('.')[-1] if names.count(key.split('.')[-1]) == 1 else key}={_plain(value)}"
        for key, value in differences(config).items()
        if key.split(".")[0] in RUN_SECTIONS
    ]
    shown = [word for n, word in enumerate(words) if len(" ".join(words[: n + 1])) <= most]
    left = [f"and {len(words) - len(shown)} more"] if len(shown) < len(words) else []
    return " ".join([config.network.preset, *shown, *left])


def without_password(storage: str) -> str:
    """Return the address of a study's database, fit to be shown."""
    try:
        return make_url(storage).render_as_string()
    except ArgumentError:
        return storage


def started_by(kind: str, params: Mapping[str, str]) -> str:
    """Return the command that started a tracked parent of several runs.

    Parameters
    ----------
    kind : {'ensemble', 'ablation', 'search'}
    params : mapping
        Its logged parameters; those of `mlflow run` have no dot in their names.
    """
    entry = {"ablation": "ablate"}.get(kind, kind)
    given = [
        f" -P {name}={shlex.quote(without_password(value) if name == 'storage' else value)}"
        for name, value in sorted(params.items())
        if "." not in name and value not in (str(PARAMS), "none")
    ]
    return f"uv run mlflow run . -e {entry} --env-manager local{''.join(given)}"


def _differences(ours: Any, plain: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield what differs; lists of different lengths differ as a whole."""
    if isinstance(ours, dict) and isinstance(plain, dict):
        pairs = [(name, value, plain.get(name)) for name, value in ours.items()]
    elif _alike(ours, plain):
        pairs = [(str(number), *pair) for number, pair in enumerate(zip(ours, plain, strict=True))]
    else:
        yield prefix, ours
        return
    for name, value, other in pairs:
        if value != other:
            yield from _differences(value, other, f"{prefix}.{name}" if prefix else name)


def _alike(ours: Any, plain: Any) -> bool:
    """Tell whether two values are lists of as many sections."""
    both = isinstance(ours, list) and isinstance(plain, list)
    return both and len(ours) == len(plain) and isinstance(ours[0], dict)


def _plain(value: Any) -> str:
    """Write a value as an override takes it: YAML without spaces."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
