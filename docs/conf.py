"""Sphinx's settings: `uv run --group docs sphinx-build -W docs site` builds the site, offline."""

import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.utils.math import latex2mathml
from sphinx.application import Sphinx

sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parent)]

import generate  # noqa: E402  from this folder

project = "galopt"
author = "the galopt authors"
release = metadata.version("galopt")
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["_static"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
copybutton_exclude = ".linenos, .gp, .go"

autodoc_default_options = {"member-order": "bysource"}
autodoc_typehints = "none"
napoleon_google_docstring = False
default_role = "code"

html_theme = "pydata_sphinx_theme"
html_title = "galopt"
html_static_path = ["_static"]
html_css_files = ["galopt.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "galopt"},
    "navbar_end": ["theme-switcher"],
    "header_links_before_dropdown": 5,
    "show_toc_level": 2,
    "footer_start": [],
    "footer_end": [],
    "show_prev_next": True,
}
# The formulas are MathML, which every browser draws, so the pages load nothing from elsewhere.
html_math_renderer = "mathml"


def setup(app: Sphinx) -> None:
    """Draw formulas as MathML and fill in what the code itself says."""
    app.add_html_math_renderer("mathml", (_math, None), (_math_block, None))
    app.connect("source-read", _fill)


def _math(writer: Any, node: nodes.math) -> None:
    writer.body.append(latex2mathml.tex2mathml(node.astext()))
    raise nodes.SkipNode


def _math_block(writer: Any, node: nodes.math_block) -> None:
    formula = latex2mathml.tex2mathml(node.astext(), as_block=True)
    writer.body.append(f'<div class="math">{formula}</div>')
    raise nodes.SkipNode


def _fill(app: Sphinx, page: str, source: list[str]) -> None:
    for name, make in generate.PARTS.items():
        mark = f"<!-- {name} -->"
        if mark in source[0]:
            source[0] = source[0].replace(mark, make())
