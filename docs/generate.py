"""The reference's pages that the code itself writes."""

from collections.abc import Iterator
from typing import Any

import typer.main
from pydantic import BaseModel
from typer.cli import get_docs_for_click

from galopt.cli.main import app
from galopt.config import Config
from galopt.config.describe import bounds
from galopt.config.load import build_config


def parameters() -> str:
    """Return one table a section of `params.yaml`: key, default, meaning."""
    return "\n".join(_sections(build_config({})))


def commands() -> str:
    """Return the help of `galopt` and of every command under it."""
    command = typer.main.get_command(app)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command), name="galopt")
    return text.removeprefix("# `galopt`\n")


PARTS = {"parameters": parameters, "commands": commands}


def _sections(config: Config) -> Iterator[str]:
    for name in type(config).model_fields:
        section = getattr(config, name)
        yield f"## {name}\n\n{(type(section).__doc__ or '').splitlines()[0]}\n"
        yield "| key | default | meaning |\n|---|---|---|"
        yield from _rows(section, name)
        yield ""


def _rows(section: BaseModel, prefix: str) -> Iterator[str]:
    values = section.model_dump()
    for name, field in type(section).model_fields.items():
        key, value = f"{prefix}.{name}", getattr(section, name)
        if isinstance(value, BaseModel):
            yield from _rows(value, key)
        else:
            limits = bounds(field).replace("|", "or").replace(">=", "≥").replace("<=", "≤")
            yield f"| `{key}` | {_default(values[name])} | {field.description}{limits} |"


def _default(value: Any) -> str:
    if isinstance(value, (list, dict)) and value and not isinstance(value, str):
        lines = value.items() if isinstance(value, dict) else enumerate(value)
        if isinstance(value, dict) or isinstance(value[0], dict):
            return "<br>".join(f"`{place}: {_plain(inside)}`" for place, inside in lines)
    return f"`{_plain(value)}`"


def _plain(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(inside)}" for name, inside in value.items())
    return str(value).lower() if isinstance(value, bool) else str(value)
