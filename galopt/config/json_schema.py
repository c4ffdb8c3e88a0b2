"""The schema of `params.yaml` for editors: completion, bounds and meaning of every key.

``python -m galopt.config.json_schema`` writes it; a test keeps it current.
"""

import json
from typing import Any

from galopt.config.schema import Config
from galopt.files import atomic_file
from galopt.paths import PARAMS_SCHEMA


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a file of parameters.

    Every section may be left out, and every key be null: the preset and the defaults fill in.
    """
    schema = Config.model_json_schema()
    schema.pop("required", None)
    for section in schema["$defs"].values():
        stated = section.get("properties", {})
        section["properties"] = {name: _or_null(key) for name, key in stated.items()}
    return schema | {"$schema": "https://json-schema.org/draft/2020-12/schema"}


def _or_null(key: dict[str, Any]) -> dict[str, Any]:
    about = {name: key[name] for name in ("title", "description", "default") if name in key}
    kind = {name: value for name, value in key.items() if name not in about}
    return about | {"anyOf": [*kind.get("anyOf", [kind]), {"type": "null"}]}


def as_text() -> str:
    """Return the content of `params.schema.json`."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    with atomic_file(PARAMS_SCHEMA) as file:
        file.write_text(as_text(), encoding="utf-8")
