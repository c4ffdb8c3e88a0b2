"""The searched space: from ranges by dotted key to the configuration of one trial.

Two kinds of keys are more than a parameter of the run. ``X.count`` is the length of the list
``X``: a list that grows repeats its last item. ``X.3…`` is inside its item 3, and exists only
in trials whose ``X`` is that long.
"""

from collections.abc import Mapping
from copy import deepcopy
from math import isclose
from typing import TYPE_CHECKING, Any

from galopt.config import Config, Parameter
from galopt.config.load import RUN_SECTIONS, build_config
from galopt.errors import ConfigError

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

COUNT = ".count"


class Space:
    """A validated space.

    Parameters
    ----------
    config : Config
        Where the search starts; its `search.space` says what varies.

    Raises
    ------
    ConfigError
        A key is no parameter of a run, a bound is out of its range, or a condition cannot
        be met.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.parameters = _ordered(config.search.space)
        if not self.parameters:
            raise ConfigError("search.space is empty: state a range, as in params.yaml")
        self._plain = config.model_dump(exclude={"search"})
        for key, parameter in self.parameters.items():
            self._check_conditions(key, parameter)
            for value in _extremes(parameter):
                self._check_value(key, value)

    def suggest(self, trial: "BaseTrial") -> dict[str, Any]:
        """Return the values of one trial, those that exist in it, by dotted key."""
        values: dict[str, Any] = {}
        for key, parameter in self.parameters.items():
            if self._exists(key, parameter, values):
                values[key] = _suggest(trial, key, parameter)
        return values

    def configure(self, values: Mapping[str, Any]) -> Config:
        """Return the configuration that the values of a trial make.

        Raises
        ------
        ConfigError
            The values exclude each other.
        """
        return build_config(self._plain, self.overrides(values))

    def overrides(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a trial's values as overrides of the run: whole lists, then their items."""
        lists = {
            key.removesuffix(COUNT): _resize(_get(self._plain, key.removesuffix(COUNT)), value)
            for key, value in values.items()
            if key.endswith(COUNT)
        }
        return lists | {key: value for key, value in values.items() if not key.endswith(COUNT)}

    def values(self, config: Config) -> dict[str, Any] | None:
        """Return the values that make a configuration; None if it lies outside the space."""
        plain = config.model_dump(exclude={"search"})
        values: dict[str, Any] = {}
        for key, parameter in self.parameters.items():
            if self._exists(key, parameter, values):
                value = _get(plain, key)
                if not _contains(parameter, value):
                    return None
                values[key] = value
        return values

    def _exists(self, key: str, parameter: Parameter, values: Mapping[str, Any]) -> bool:
        name, index = _item(key)
        count = values.get(f"{name}{COUNT}") if name else None
        return (count is None or index < count) and all(
            name in values and values[name] == value for name, value in parameter.when.items()
        )

    def _check_conditions(self, key: str, parameter: Parameter) -> None:
        for other, value in parameter.when.items():
            if other not in self.parameters:
                raise ConfigError(f"search.space.{key}.when: {other} is not in search.space")
            if not _contains(self.parameters[other], value):
                raise ConfigError(f"search.space.{key}.when: {other} is never {value!r}")

    def _check_value(self, key: str, value: Any) -> None:
        section = key.split(".")[0]
        if section in Config.model_fields and section not in RUN_SECTIONS:
            raise ConfigError(f"search.space.{key}: the dataset is the same for all trials")
        values = {key: value}
        if key.endswith(COUNT) and not isinstance(_get(self._plain, key[: -len(COUNT)]), list):
            raise ConfigError(f"search.space.{key}: {key[: -len(COUNT)]} is not a list")
        name, index = _item(key)
        if name and index is not None and f"{name}{COUNT}" in self.parameters:
            values = {f"{name}{COUNT}": max(index + 1, len(_get(self._plain, name) or []))} | values
        try:
            self.configure(values)
        except ConfigError as error:
            raise ConfigError(f"search.space.{key}={value!r}: {error}") from None


def _ordered(space: dict[str, Parameter]) -> dict[str, Parameter]:
    """Return the parameters, each after those that decide whether it exists."""
    ordered: dict[str, Parameter] = {}
    waiting = dict(space)
    while waiting:
        ready = [key for key, one in waiting.items() if not _deciders(key, one) & waiting.keys()]
        if not ready:
            raise ConfigError(
                f"search.space: the conditions of {', '.join(waiting)} go in a circle"
            )
        ordered |= {key: waiting.pop(key) for key in ready}
    return ordered


def _deciders(key: str, parameter: Parameter) -> set[str]:
    name, _ = _item(key)
    return {*parameter.when, *([f"{name}{COUNT}"] if name else [])}


def _suggest(trial: "BaseTrial", key: str, parameter: Parameter) -> Any:
    if parameter.kind == "categorical":
        choices: Any = parameter.choices
        return trial.suggest_categorical(key, choices)
    assert parameter.low is not None
    assert parameter.high is not None
    if parameter.kind == "float":
        return trial.suggest_float(
            key, parameter.low, parameter.high, step=parameter.step, log=parameter.log
        )
    step = int(parameter.step or 1)
    return trial.suggest_int(
        key, int(parameter.low), int(parameter.high), step=step, log=parameter.log
    )


def _extremes(parameter: Parameter) -> list[Any]:
    if parameter.choices is not None:
        return parameter.choices
    whole = int if parameter.kind == "int" else float
    return [whole(bound) for bound in (parameter.low, parameter.high) if bound is not None]


def _contains(parameter: Parameter, value: Any) -> bool:
    if parameter.choices is not None:
        return any(value == choice and type(value) is type(choice) for choice in parameter.choices)
    assert parameter.low is not None
    assert parameter.high is not None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    steps = (value - parameter.low) / parameter.step if parameter.step else 0
    return parameter.low <= value <= parameter.high and isclose(steps, round(steps), abs_tol=1e-6)


def _item(key: str) -> tuple[str, int] | tuple[None, None]:
    """Return the list that a key is inside of and the number of the item."""
    words = key.split(".")
    for position, word in enumerate(words):
        if word.isdigit():
            return ".".join(words[:position]), int(word)
    return None, None


def _resize(items: list[Any], count: int) -> list[Any]:
    items = deepcopy(items)
    while len(items) < count:
        items.append(deepcopy(items[-1]))
    return items[:count]


def _get(tree: Any, key: str) -> Any:
    """Return what a dotted key means; a missing item or key is None."""
    if key.endswith(COUNT):
        items = _get(tree, key.removesuffix(COUNT))
        return len(items) if isinstance(items, list) else None
    for word in key.split("."):
        if isinstance(tree, list):
            tree = tree[int(word)] if word.isdigit() and int(word) < len(tree) else None
        elif isinstance(tree, dict):
            tree = tree.get(word)
        else:
            return None
    return tree
