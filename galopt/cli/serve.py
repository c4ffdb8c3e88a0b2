"""`galopt serve`: a model that answers over HTTP."""

from typing import Annotated

import typer

from galopt.cli.arguments import CHAMPION, Reference, open_network


def serve(
    model: Reference = CHAMPION,
    host: Annotated[str, typer.Option(help="address to listen on; 0.0.0.0 is all")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="port to listen on")] = 5001,
) -> None:
    """Answer over HTTP with a model's vote fractions, until Ctrl-C.

    The addresses and answers are those of `mlflow models serve`; what one client may ask for,
    and for how long, is bounded.

    * `galopt serve`

    * `galopt serve --model models:/galopt/3 --port 8080`
    """
    from galopt.tracking.serving import serve as serve_model  # here: loads MLflow and Keras

    serve_model(open_network(model), host, port)
