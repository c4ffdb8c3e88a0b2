"""The page and its API: FastAPI on this machine, which MLflow brings."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from fastapi import BackgroundTasks, FastAPI, HTTPException, Response
from fastapi.responses import HTMLResponse
from PIL import Image
from pydantic import BaseModel, StringConstraints
from starlette.middleware.trustedhost import TrustedHostMiddleware

from galopt.errors import DataError
from galopt.labelling.session import Session
from galopt.report.html import templates

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]

HOSTS = ["127.0.0.1", "localhost"]
"""Names under which the page answers, so that no other page's name leads to it."""


class Person(BaseModel):
    """Who asks."""

    person: Name


class Answer(Person):
    """What somebody says of a galaxy."""

    number: int
    ticks: list[str]


def make_app(session: Session, picture: Callable[[Path], Image.Image]) -> FastAPI:
    """Return the server of a session.

    Parameters
    ----------
    session : Session
    picture : callable
        Draws a galaxy's file for people; raises a DataError if it cannot be read.
    """
    app = FastAPI(title="galopt label", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)
    page = _page(session)

    @app.get("/", response_class=HTMLResponse)
    def home() -> str:
        return page

    @app.post("/api/next")
    def following(asked: Person) -> dict[str, Any]:
        return session.show(asked.person)

    @app.post("/api/answer")
    def answer(given: Answer, after: BackgroundTasks) -> dict[str, Any]:
        try:
            shown = session.answer(given.person, given.number, given.ticks)
        except DataError as error:
            raise HTTPException(409, str(error)) from None
        after.add_task(session.write)
        return shown

    @app.post("/api/undo")
    def undo(asked: Person, after: BackgroundTasks) -> dict[str, Any]:
        shown = session.undo(asked.person)
        after.add_task(session.write)
        return shown

    @app.get("/api/agreement")
    def agreement() -> list[dict[str, Any]]:
        return session.agreement()

    @app.get("/galaxies/{number}")
    def galaxy(number: int) -> Response:
        if not 0 <= number < len(session.galaxies):
            raise HTTPException(404, f"there is no galaxy {number}")
        try:
            image = picture(Path(session.galaxies["file"].iloc[number]))
        except DataError as error:
            raise HTTPException(422, str(error)) from None
        file = io.BytesIO()
        image.save(file, "JPEG", quality=95)
        return Response(file.getvalue(), media_type="image/jpeg")

    return app


def _page(session: Session) -> str:
    return (
        templates()
        .get_template("label.html.j2")
        .render(
            targets=session.answers.targets,
            several=session.answers.several,
            people=session.people,
            galaxies=len(session.galaxies),
            votes=session.votes,
        )
    )
