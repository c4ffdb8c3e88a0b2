"""From what a command was given to a session, and to a server of it."""

import logging
import socket
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import uvicorn
from PIL import Image

from galopt.config import Stamps
from galopt.data.imaging.composite import composite
from galopt.data.imaging.image_files import image_ids
from galopt.data.imaging.stamp_files import SIDE
from galopt.errors import DataError, GaloptError
from galopt.labelling.answers import Answers
from galopt.labelling.app import make_app
from galopt.labelling.order import Order
from galopt.labelling.session import Session
from galopt.prediction.model import MorphologyModel
from galopt.prediction.preprocess import make_stamps

HOST = "127.0.0.1"

logger = logging.getLogger(__name__)


def answers_beside(votes: Path, targets: Sequence[str] | None, several: bool) -> Answers:
    """Open the answers of a table of votes, which lie beside it.

    Raises
    ------
    DataError
        The table is there without them: somebody else wrote it.
    """
    path = votes.with_suffix(".answers")
    if votes.exists() and not path.exists():
        raise DataError(f"{votes} exists, and not by galopt label; choose another --out")
    return Answers(path, targets, several)


def random_session(files: Sequence[Path], answers: Answers, votes: Path, people: int) -> Session:
    """Return a session over image files, in random order."""
    galaxies = pd.DataFrame({"id": image_ids(files), "file": [str(file) for file in files]})
    return Session(galaxies, answers, Order(galaxies=len(galaxies)), votes, people)


def taught_session(
    model: MorphologyModel,
    files: Sequence[Path],
    answers: Answers,
    votes: Path,
    people: int,
) -> Session:
    """Return a session in the order that teaches a model most.

    Files that cannot be read are left out, and counted in the log.
    """
    from galopt.prediction.embedding import embedder  # here: loads Keras
    from galopt.prediction.inputs import stamps_in
    from galopt.prediction.predict import read_stamps

    embed, tables, features, doubt, lost = embedder(model), [], [], [], 0
    for stamps, good, bad in read_stamps(model, stamps_in(files)):
        lost += len(bad)
        if len(good):
            tables.append(good)
            features.append(embed(stamps))
            doubt.append(model.with_spread(stamps)[1].mean(axis=1))
    if not tables:
        raise DataError(f"none of {len(files)} images can be read")
    if lost:
        logger.warning(f"{lost} of {len(files)} images cannot be read, and are left out")
    galaxies = pd.concat(tables, ignore_index=True)
    order = Order(np.concatenate(features), np.concatenate(doubt))
    return Session(galaxies, answers, order, votes, people)


def drawer(stamps: Stamps, bands: Sequence[str]) -> Callable[[Path], Image.Image]:
    """Return what draws a galaxy's file for people, stretched as the stamps are."""
    return partial(_draw, stamps=stamps, bands=bands)


def serve(session: Session, draw: Callable[[Path], Image.Image], port: int, browser: bool) -> None:
    """Serve the page on this machine until Ctrl-C.

    Raises
    ------
    GaloptError
        The port is taken.
    """
    try:
        listening = socket.create_server((HOST, port))  # a browser that comes early waits
    except OSError as error:
        reason = error.strerror or error
        raise GaloptError(f"port {port}: {reason}; choose another with --port") from None
    with listening, suppress(KeyboardInterrupt):  # uvicorn raises it again when it has ended
        session.write()  # a server that was killed may have kept more answers than votes
        address = f"http://{HOST}:{port}/"
        logger.info(f"Label galaxies: {address}\nVotes go to {session.votes}; stop with Ctrl-C")
        if browser:
            webbrowser.open(address)
        server = uvicorn.Server(uvicorn.Config(make_app(session, draw), log_level="warning"))
        server.run(sockets=[listening])


def _draw(file: Path, stamps: Stamps, bands: Sequence[str]) -> Image.Image:
    return Image.fromarray(composite(make_stamps([file], stamps, SIDE, bands)[0], bands))
