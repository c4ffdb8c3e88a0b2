"""Hostile clients of a served model, one thread each, until a deadline.

`python attack.py PORT IMAGE SECONDS` is a process of its own, and prints what became of them.
"""

import base64
import json
import random
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import NamedTemporaryFile

from helpers.hostile import ENDLESS_FITS, GARBAGE_JSON, packed_bomb, png_bomb

HEAD = "POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
PAUSE = 0.5
"""Seconds between two requests of a hostile client, which shares the server's cores."""


class Attack:
    """What strangers may send; each method is one kind, and returns what it was answered.

    Parameters
    ----------
    port : int
    stamp : bytes
        An ordinary image.
    seed : int
        Of what is random.
    """

    def __init__(self, port: int, stamp: bytes, seed: int = 2016) -> None:
        self.port, self.stamp, self.random = port, stamp, random.Random(seed)
        with NamedTemporaryFile() as file:
            png_bomb(Path(file.name), 50_000)
            self.bombs = [Path(file.name).read_bytes(), packed_bomb(500 << 20)]
        self.counts: dict[str, Counter[str]] = {kind.__name__: Counter() for kind in self.kinds()}

    def kinds(self) -> list[Callable[[float], str]]:
        """Return the kinds of hostile clients."""
        return [
            self.silent,
            self.slow_header,
            self.slow_body,
            self.reads_no_answer,
            self.many_connections,
            self.leaves_at_once,
            self.huge_batch,
            self.endless_body,
            self.bomb,
            self.endless_fits,
            self.garbage_bytes,
            self.garbage_json,
            self.garbage_image,
        ]

    def run(self, seconds: float) -> None:
        """Attack in all ways at once for some seconds."""
        end = time.monotonic() + seconds
        threads = [threading.Thread(target=self._repeat, args=(k, end)) for k in self.kinds()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _repeat(self, kind: Callable[[float], str], end: float) -> None:
        while time.monotonic() < end:
            try:
                outcome = kind(end)
            except OSError:
                outcome = "hung up on"
            self.counts[kind.__name__][outcome] += 1
            time.sleep(PAUSE)

    def _connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=120)

    def _post(self, images: list[bytes]) -> str:
        return self._send(json.dumps({"inputs": [base64.b64encode(i).decode() for i in images]}))

    def _send(self, text: str) -> str:
        body = text.encode("utf-8", "surrogatepass")
        with self._connect() as connection:
            connection.sendall(f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            return _status(connection)

    def _trickle(self, connection: socket.socket, text: bytes, end: float) -> str:
        for number in range(len(text)):
            connection.sendall(text[number : number + 1])
            time.sleep(1)
            if time.monotonic() > end:
                break
        return "end"

    def silent(self, end: float) -> str:
        """Connect and say nothing."""
        with self._connect() as connection:
            connection.settimeout(max(0.1, end - time.monotonic()))
            return "hung up on" if connection.recv(1) == b"" else "answered"

    def slow_header(self, end: float) -> str:
        """Send a header, one byte per second."""
        with self._connect() as connection:
            return self._trickle(connection, HEAD.encode() * 9, end)

    def slow_body(self, end: float) -> str:
        """Send a body, one byte per second."""
        with self._connect() as connection:
            connection.sendall(f"{HEAD}Content-Length: 9999999\r\n\r\n".encode())
            return self._trickle(connection, b" " * 9999, end)

    def reads_no_answer(self, end: float) -> str:
        """Ask for hundreds of galaxies, and take no byte of the answer."""
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            connection.settimeout(120)
            connection.connect(("127.0.0.1", self.port))
            images = [base64.b64encode(self.stamp).decode()] * 300
            body = json.dumps({"inputs": images, "params": {"errors": True}}).encode()
            connection.sendall(f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            time.sleep(max(0, min(20, end - time.monotonic())))
        return "left"

    def many_connections(self, end: float) -> str:
        """Open a hundred connections at once, with half a request on each."""
        with ExitStack() as stack:
            for _ in range(100):
                connection = stack.enter_context(self._connect())
                connection.sendall(f"{HEAD}Content-Length: 100\r\n\r\n".encode())
            time.sleep(1)
        return "left"

    def leaves_at_once(self, end: float) -> str:
        """Ask for galaxies and close the connection."""
        body = json.dumps({"inputs": [base64.b64encode(self.stamp).decode()] * 50}).encode()
        with self._connect() as connection:
            connection.sendall(f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return "left"

    def huge_batch(self, end: float) -> str:
        """Ask for as many galaxies as fit."""
        return self._post([self.stamp] * 900)

    def endless_body(self, end: float) -> str:
        """Send more bytes than may be sent."""
        size = 1 << 26
        with self._connect() as connection:
            connection.sendall(f"{HEAD}Content-Length: {size}\r\n\r\n".encode())
            for _ in range(size >> 20):
                connection.sendall(b" " * (1 << 20))
            return _status(connection)

    def bomb(self, end: float) -> str:
        """Send a small image that grows to gigabytes."""
        return self._post([self.random.choice(self.bombs)])

    def endless_fits(self, end: float) -> str:
        """Send an image of two thousand million axes."""
        return self._post([ENDLESS_FITS])

    def garbage_bytes(self, end: float) -> str:
        """Send what is no HTTP."""
        with self._connect() as connection:
            connection.sendall(self.random.randbytes(self.random.randrange(1, 4000)) + b"\r\n\r\n")
            connection.settimeout(1)
            return _status(connection)

    def garbage_json(self, end: float) -> str:
        """Send a body that means nothing."""
        return self._send(self.random.choice(GARBAGE_JSON))

    def garbage_image(self, end: float) -> str:
        """Send an image of which some bytes are wrong."""
        wrong = bytearray(self.stamp)
        for _ in range(self.random.randrange(1, 30)):
            wrong[self.random.randrange(len(wrong))] = self.random.randrange(256)
        return self._post([bytes(wrong)])


def _status(connection: socket.socket) -> str:
    """Return the status of an answer, or that there was none."""
    start = b""
    while len(start) < 12:
        try:
            part = connection.recv(4096)
        except TimeoutError:
            return "no answer"
        if not part:
            return "hung up on"
        start += part
    return start[9:12].decode("ascii", "replace")


if __name__ == "__main__":
    attack = Attack(int(sys.argv[1]), Path(sys.argv[2]).read_bytes())
    attack.run(float(sys.argv[3]))
    print(json.dumps(attack.counts))
