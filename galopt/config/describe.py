"""Parameters as text to read: each with its value, meaning and bounds."""

from collections.abc import Iterable
from typing import Any

import yaml
from pydantic import BaseModel

from galopt.config.schema import Config


def describe(config: Config) -> str:
    """Return the configuration as YAML with the meaning of every key beside it."""
    return "\n".join(_describe(config, 0)) + "\n"


def bounds(field: Any) -> str:
    """Return what a field of `galopt.config` allows: `` (>= 0, <= 1)``, or nothing."""
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    limits = [
        f"{sign} {getattr(mark, name):g}"
        for mark in field.metadata
        for name, sign in signs.items()
        if getattr(mark, name, None) is not None
    ]
    choices = getattr(field.annotation, "__args__", ())
    if choices and all(isinstance(choice, (str, int)) for choice in choices):
        limits.append(" | ".join(map(str, choices)))
    return f" ({', '.join(limits)})" if limits else ""


def _describe(model: BaseModel, depth: int) -> Iterable[str]:
    indent = "  " * depth
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield f"{indent}{name}:  # {(type(value).__doc__ or '').splitlines()[0]}"
            yield from _describe(value, depth + 1)
        elif isinstance(value, dict) and value:
            yield f"{indent}{name}:  # {field.description}"
            for key, item in value.items():
                nested = isinstance(item, BaseModel)
                stated = item.model_dump(exclude_unset=True) if nested else item
                yield f"{indent}  {key}: {_flow(stated)}  #"
        else:
            plain = model.model_dump()[name]
            yield f"{indent}{name}: {_flow(plain)}  # {field.description}{bounds(field)}"


def _flow(plain: Any) -> str:
    text = yaml.safe_dump(plain, default_flow_style=True, sort_keys=False, width=10_000)
    return text.removesuffix("...\n").strip()
