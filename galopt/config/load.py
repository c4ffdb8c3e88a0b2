"""Reading parameters: defaults, then the preset, then `params.yaml`, then overrides."""

from ast import literal_eval
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from galopt.config.renamed_parameters import current_key, current_names
from galopt.config.schema import Config
from galopt.errors import ConfigError
from galopt.paths import PARAMS, PRESETS

BUILT_IN = files("galopt.config") / "presets"
RUN_SECTIONS = ("augment", "network", "train", "evaluate")


def load_config(
    path: Path | str | None = None, overrides: str | Mapping[str, Any] | None = None
) -> Config:
    """Read and validate a configuration.

    Parameters
    ----------
    path : path, optional
        A YAML file with the sections of `galopt.config.Config`; by default nothing is stated.
    overrides : str or mapping, optional
        Dotted keys and their values, as text (``"train.epochs=2 augment.brightness=0"``)
        or as a mapping (``{"train.epochs": 2}``).

    Returns
    -------
    Config
        Frozen and complete.

    Raises
    ------
    ConfigError
        The file cannot be read, or a key is unknown, ill-typed or out of range. The
        message names the key, the value, what is allowed and the nearest valid key.

    Examples
    --------
    >>> import galopt
    >>> galopt.load_config(overrides="network.preset=modern").network.pooling
    'weighted'
    """
    return build_config(read_params(path) if path else {}, overrides)


def read_params(path: Path | str) -> dict[str, Any]:
    """Return what a YAML file of parameters states; errors are those of `load`."""
    try:
        stated = yaml.safe_load(Path(path).read_text("utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: {' '.join(str(error).split())}") from None
    if not isinstance(stated, dict):
        raise ConfigError(f"{path}: expected sections such as 'train:', got {stated!r}")
    return stated


def load_run_config(
    overrides: str, path: Path | str = PARAMS, sections: Sequence[str] = RUN_SECTIONS
) -> Config:
    """Read a configuration for one run, whose overrides may not touch the dataset.

    Parameters and errors are those of `load`; `sections` may be overridden.
    """
    for key, value in parse_overrides(overrides).items():
        section = key.split(".")[0]
        if section in Config.model_fields and section not in sections:
            why = (
                "not a parameter of a run"
                if section == "search"
                else f"the dataset is made as {path} says; change it there"
            )
            raise ConfigError(f"{key}={value!r}: {why}. Override {', '.join(sections)}")
    return load_config(path, overrides)


def build_config(
    stated: Mapping[str, Any], overrides: str | Mapping[str, Any] | None = None
) -> Config:
    """Validate stated parameters and overrides on top of the preset they name.

    Parameters and errors are those of `load`, with `stated` in place of the file.
    """
    if not isinstance(overrides, Mapping):
        overrides = parse_overrides(overrides or "")
    section = stated.get("network") or {}
    if not isinstance(section, Mapping):
        raise ConfigError(
            f"network={section!r}: expected parameters below it, such as 'preset: modern'"
        )
    name = overrides.get("network.preset", section.get("preset", "ignat2016"))
    return _validate(_merge(read_preset(name), stated), overrides)


def change_config(config: Config, overrides: str) -> Config:
    """Return a configuration with some parameters changed; the search is left out.

    Errors are those of `load`. Another preset is one too: what was stated beside the first
    is no longer known.
    """
    changes = parse_overrides(overrides)
    preset = changes.get("network.preset", config.network.preset)
    if preset != config.network.preset:
        raise ConfigError(
            f"network.preset={preset!r}: a run has one preset, here {config.network.preset}; "
            "run the other by itself (-P preset=…) and compare the two with `galopt compare`"
        )
    return _validate(config.model_dump(exclude={"search"}), changes)


def parse_overrides(text: str) -> dict[str, Any]:
    """Split ``"key=value key=value"`` into a mapping; values are read as YAML."""
    result = {}
    for word in text.split():
        key, equals, value = word.partition("=")
        if not (key and equals):
            raise ConfigError(f"override {word!r}: expected key=value, such as train.epochs=2")
        try:
            result[key] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise ConfigError(
                f"override {word!r}: {value!r} is not a value; write it without spaces"
            ) from None
    return result


def preset_names() -> list[str]:
    """Return the names that `network.preset` accepts."""
    return sorted(_preset_files())


def read_preset(name: Any) -> dict[str, Any]:
    """Return the parameters that a preset file states."""
    if name not in preset_names():
        raise ConfigError(
            f"network.preset={name!r}: no such preset; there are {', '.join(preset_names())}"
        )
    return yaml.safe_load(_preset_files()[name].read_text("utf-8"))


def _preset_files() -> dict[str, Traversable | Path]:
    """Return galopt's presets and those of the project's folder `presets`, by name."""
    entries = [*PRESETS.glob("*.yaml"), *BUILT_IN.iterdir()]  # a later one of a name wins
    return {entry.name[:-5]: entry for entry in entries if entry.name.endswith(".yaml")}


def flatten_preset(name: str) -> dict[str, Any]:
    """Return the parameters that a preset states by dotted key, lists as a whole."""
    return {
        f"{section}.{key}": value
        for section, inside in read_preset(name).items()
        for key, value in inside.items()
    }


def flatten(config: BaseModel) -> dict[str, Any]:
    """Return what a run is made of: ``{"train.learning_rate": 0.001}``."""
    other = {"work", "search", "ensemble", "ablate", "crossvalidate"}
    return dict(_leaves(config.model_dump(exclude=other), ""))


def unflatten(texts: Mapping[str, str]) -> Config:
    """Return the configuration that `flatten` made, of values that were written as text.

    Keys without a dot are left out: a run logs the parameters of `mlflow run` beside these.
    Errors are those of `load`.
    """
    tree: dict[str, Any] = {}
    for key, text in texts.items():
        *parents, last = key.split(".")
        if not parents:
            continue
        node = tree
        for name in parents:
            node = node.setdefault(name, {})
        try:
            node[last] = literal_eval(text)
        except (ValueError, SyntaxError):  # a text
            node[last] = text
    return _validate(_lists(tree), {})


def _lists(tree: Any) -> Any:
    """Turn mappings whose keys are numbers into lists."""
    if not isinstance(tree, dict):
        return tree
    inside = {name: _lists(value) for name, value in tree.items()}
    return list(inside.values()) if inside and all(map(str.isdigit, inside)) else inside


def valid_keys(sections: Iterable[str] = tuple(Config.model_fields)) -> list[str]:
    """Return every dotted key that the given sections accept."""
    return [key for key, _ in _leaves(_outline(Config), "") if key.split(".")[0] in set(sections)]


def _validate(tree: dict[str, Any], overrides: Mapping[str, Any]) -> Config:
    tree = deepcopy(current_names(tree))
    for key, value in overrides.items():
        _set(tree, current_key(key), current_names(deepcopy(value), f"{key}."))
    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        raise ConfigError("; ".join(_explain(detail) for detail in error.errors())) from None


def _merge(preset: Mapping[str, Any], stated: Mapping[str, Any]) -> dict[str, Any]:
    """Put what is stated on top of a preset, parameter by parameter of each section."""
    merged = dict(preset)
    for section, inside in stated.items():
        if isinstance(inside, Mapping):
            named = {key: value for key, value in inside.items() if _is_stated(section, key, value)}
            merged[section] = {**preset.get(section, {}), **named}
        else:
            merged[section] = inside
    return merged


def _is_stated(section: str, key: str, value: Any) -> bool:
    """Whether a file states a value: null is none, unless it is what the parameter's default is."""
    field = getattr(Config.model_fields.get(section), "annotation", None)
    parameter = getattr(field, "model_fields", {}).get(key)
    return value is not None or parameter is None or parameter.default is None


def _set(tree: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    node: Any = tree
    try:
        for name in parents:
            node = node[int(name)] if isinstance(node, list) else node.setdefault(name, {})
        node[int(last) if isinstance(node, list) else last] = value
    except (ValueError, IndexError, TypeError, AttributeError):
        raise ConfigError(f"{key}={value!r}: no such parameter{_nearest(key)}") from None


def _explain(detail: ErrorDetails) -> str:
    key = ".".join(map(str, detail["loc"]))
    if detail["type"] == "extra_forbidden":
        return f"{key}={detail['input']!r}: no such parameter{_nearest(key)}"
    message = detail["msg"].removeprefix("Value error, ")
    if not key:
        return message
    given = "" if isinstance(detail["input"], Mapping) else f"={detail['input']!r}"
    return f"{key}{given}: {message[0].lower()}{message[1:]}"


def _nearest(key: str) -> str:
    name = key.split(".")[0]
    if name not in Config.model_fields:
        return _meant(name, list(Config.model_fields), "sections")
    return _meant(key, valid_keys([name]), "keys")


def _meant(word: str, known: list[str], what: str) -> str:
    close = get_close_matches(word, known, n=1, cutoff=0.5)
    meant = f"; did you mean {close[0]}?" if close else ""
    return f"{meant} Valid {what}: {', '.join(known)}"


def _leaves(tree: Any, prefix: str) -> Iterable[tuple[str, Any]]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for name, value in items:
        nested = isinstance(value, dict) or (
            isinstance(value, list) and value and isinstance(value[0], dict)
        )
        if nested:
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _outline(model: type[BaseModel]) -> dict[str, Any]:
    return {
        name: _outline(field.annotation)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        else None
        for name, field in model.model_fields.items()
    }
