"""The code blocks of a page of the documentation."""

import re
from dataclasses import dataclass

from helpers.project import PROJECT

DOCS = PROJECT / "docs"
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: the language after its fence, and what is in it."""

    language: str
    text: str


def blocks(page: str) -> list[Block]:
    """Return the blocks of a page, such as 'how-to/server.md', in order."""
    return [Block(*match.groups()) for match in _FENCE.finditer((DOCS / page).read_text())]
