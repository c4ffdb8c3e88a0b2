"""`galopt data`: look at a survey and its stamps before training on them."""

import typer

app = typer.Typer(
    no_args_is_help=True, help="Look at a survey, its votes and its stamps before training."
)


@app.callback()
def data() -> None:
    """Look at a survey, its votes and its stamps before training."""
