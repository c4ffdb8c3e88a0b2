"""A file server on this machine that fails as real ones do, when a test says so."""

import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class FileServer(ThreadingHTTPServer):
    """Serves the files of a folder; one fault of `faults` a request, in order.

    Faults: a status such as '503'; 'cut' (the connection breaks at half of what was to be
    sent); 'redirect'; 'chunked' and 'unsized' (the length is not announced). `asked` lists the
    paths asked for, `began` the first byte of each answer with content.
    """

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.faults: list[str] = []
        self.ranges = True
        self.asked: list[str] = []
        self.began: list[int] = []

    def url(self, name: str) -> str:
        """Return the address of a file."""
        return f"http://127.0.0.1:{self.server_port}/{name}"

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that went away."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*_)


@contextmanager
def serving(folder: Path) -> Iterator[FileServer]:
    with FileServer(folder) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield server
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    server: FileServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        server = self.server
        server.asked.append(self.path)
        fault = server.faults.pop(0) if server.faults else ""
        path = server.folder / self.path.removeprefix("/")
        if fault.isdigit():
            return self.send_error(int(fault))
        if not path.is_file():
            return self.send_error(404)
        if fault == "redirect":
            self.send_response(302)
            self.send_header("Location", self.path)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        return self._send(path, fault)

    def _send(self, path: Path, fault: str) -> None:
        size, tag = path.stat().st_size, f'"{path.stat().st_mtime_ns}"'
        start = 0
        if self.server.ranges and self.headers.get("If-Range") == tag:
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
        self.server.began.append(start)
        self.send_response(206 if start else 200)
        self.send_header("ETag", tag)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        if fault == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        elif fault == "unsized":
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(size - start))
        self.end_headers()
        with path.open("rb") as stream, suppress(ConnectionError):  # the client may leave
            stream.seek(start)
            if fault == "chunked":
                while block := stream.read(1 << 16):
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
                self.wfile.write(b"0\r\n\r\n")
            elif fault == "cut":
                self.wfile.write(stream.read((size - start) // 2))
                self.close_connection = True
            else:
                shutil.copyfileobj(stream, self.wfile, 1 << 20)
