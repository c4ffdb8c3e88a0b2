"""HTML pages from templates, with nothing to fetch, and figures as SVG that lives inside them."""

import io
import re
from xml.etree import ElementTree

import matplotlib as mpl
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from matplotlib.figure import Figure

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
HOW_TO_OPEN = "open it in a browser"
"""What stands beside the path of a page that a command has written."""

ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK)


def svg(figure: Figure) -> str:
    """Return a figure as the text of an SVG file, the same each time: pages are versioned."""
    stream = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "galopt"}):
        figure.savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue()


def inline(text: str, name: str, alternative: str) -> str:
    """Turn an SVG file that matplotlib wrote into an element of an HTML page.

    Parameters
    ----------
    text : str
        The file.
    name : str
        Goes before every id, so that several figures fit in one page.
    alternative : str
        What the figure shows, in words; becomes its title.

    Returns
    -------
    str
        An ``<svg role="img">`` without prolog, metadata or fixed size. Black has become
        the colour of the page's text and white is transparent, so it suits a dark page.
    """
    root = ElementTree.fromstring(text)
    for child in list(root):
        if child.tag == f"{{{SVG}}}metadata":
            root.remove(child)
    for element in root.iter():
        for key, value in element.attrib.items():
            element.set(key, _renamed(key, _recoloured(key, value), name))
    title = ElementTree.Element(f"{{{SVG}}}title", {"id": f"{name}-title"})
    title.text = alternative
    root.insert(0, title)
    width = float(root.get("viewBox", "0 0 640 480").split()[2])
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    root.set("role", "img")
    root.set("aria-labelledby", f"{name}-title")
    root.set("style", f"--natural: {width:.0f}")
    return ElementTree.tostring(root, encoding="unicode")


def _renamed(key: str, value: str, name: str) -> str:
    if key == "id":
        return f"{name}-{value}"
    if key in ("href", f"{{{XLINK}}}href") and value.startswith("#"):
        return f"#{name}-{value[1:]}"
    return re.sub(r"url\(#", f"url(#{name}-", value)


def _recoloured(key: str, value: str) -> str:
    if key != "style":
        return value
    return value.replace("#000000", "currentColor").replace("fill: #ffffff", "fill: none")


def templates() -> Environment:
    """Return the environment of `galopt/report/templates`; an unknown name is an error."""
    environment = Environment(
        loader=PackageLoader("galopt.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["label"] = lambda name: str(name).replace("_", " ")
    environment.filters["rmse"] = lambda value: f"{value:.4f}"
    environment.filters["change"] = lambda value: f"{value:+.4f}".replace("-", "−")
    environment.filters["short"] = short
    environment.filters["breakable"] = breakable
    environment.filters["count"] = lambda value: f"{value:,}"
    return environment


def short(value: object) -> str:
    """Return a value, or its text, as people read it: three digits of what is no whole number."""
    text = str(value)
    try:
        return text if text.lstrip("-").isdecimal() else f"{float(text):.3g}"
    except ValueError:
        return text


def breakable(name: str) -> Markup:
    """Return a long name that a line may break after its dots, dashes and underscores."""
    return Markup(re.sub(r"([._-])(?=.)", r"\1<wbr>", str(escape(name))))
