"""Pages of their own: HTML from a template, with nothing to fetch."""

from jinja2 import Environment, PackageLoader, StrictUndefined


def templates() -> Environment:
    """Return what reads `galopt/templates`; a name that a template does not know is an error."""
    environment = Environment(
        loader=PackageLoader("galopt"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["label"] = lambda name: str(name).replace("_", " ")
    environment.filters["rmse"] = lambda value: f"{value:.4f}"
    environment.filters["change"] = lambda value: f"{value:+.4f}".replace("-", "−")
    environment.filters["count"] = lambda value: f"{value:,}"
    return environment
