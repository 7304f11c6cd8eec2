"""An https host with files that clients name by address, on 127.0.0.2, and a host that nobody may be led to, on 127.0.0.1.

A test tells the worker that 127.0.0.2 is a network it may fetch from, and which certificate to believe; 127.0.0.1 stays
refused as everywhere. `host.private.connections` counts who came there all the same.

    /png /jpeg /webp /gif /pdf /docx /txt /csv /svg /html /wav    what they are called
    /picture?id=…          a PNG that is the same as long as the host lives, another for every id
    /as?kind=png&type=…    bytes of one kind under another Content-Type; without type none at all
    /bomb                  a PNG of 60000×60000 by its head
    /empty                 nothing;  /status?code=…  an error page
    /endless?type=…        bytes for as long as somebody takes them;  /large?bytes=…  so many, without saying how many
    /claims?bytes=…        a Content-Length, and then that it does not stop before it
    /slow                  a head, then a byte every 50 ms;  /stall  no head at all
    /cut                   less than its Content-Length says
    /redirect?to=…         302 to an address, `{here}` being this host and `{private}` the other;  /loop  to itself
    /hops?left=…           so many redirects to the next
"""

from __future__ import annotations

import contextlib
import http.server
import pathlib
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse
from typing import Any

from fake_formats import PNG
from fake_samples import NAMES, bomb, picture, sample


def certificate(directory: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """A self-signed certificate for both hosts, to be believed as its own authority."""
    directory.mkdir(parents=True, exist_ok=True)
    chain, key = directory / "files.pem", directory / "files.key"
    if not chain.exists():
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=files.test", "-addext",
             "subjectAltName=DNS:localhost,DNS:files.test,IP:127.0.0.1,IP:127.0.0.2,IP:::1",
             "-keyout", str(key), "-out", str(chain)], check=True, capture_output=True)
    return chain, key


class _Server(http.server.ThreadingHTTPServer):
    """One listener; the handshake happens on the thread of the connection."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: str, host: "FileHost", context: ssl.SSLContext | None) -> None:
        self.host, self.context = host, context
        self.connections = 0
        self.open: set[socket.socket] = set()
        super().__init__((address, 0), _Handler)
        self.url = f"{'https' if context else 'http'}://{address}:{self.server_port}"

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, peer = super().get_request()
        self.connections += 1
        connection.settimeout(30)
        if self.context is not None:
            connection = self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self.open.add(connection)
        return connection, peer

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Peers that leave are what many tests are about."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        if isinstance(self.request, ssl.SSLSocket):
            self.request.do_handshake()
        super().setup()

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        host = self.server.host
        address = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(address.query))
        fetch = Fetch(self.path, dict(self.headers.items()), self.server is host.private)
        host.fetches.append(fetch)
        self.close_connection = True
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionError, ssl.SSLError, TimeoutError):
                self.answer(host, fetch, address.path.strip("/"), query)
                fetch.completed = True
        finally:
            fetch.ended = time.monotonic()
            host.tell()

    def answer(self, host: "FileHost", fetch: "Fetch", name: str, query: dict[str, str]) -> None:
        if name in NAMES:
            self.give(200, NAMES[name][1], sample(name))
        elif name == "picture":
            self.give(200, "image/png", host.picture(query.get("id", "")))
        elif name == "as":
            self.give(200, query.get("type"), sample(query["kind"]))
        elif name == "bomb":
            self.give(200, "image/png", bomb())
        elif name == "empty":
            self.give(200, "image/png", b"")
        elif name == "status":
            self.give(int(query["code"]), "text/html", sample("html"))
        elif name in ("endless", "large"):
            self.head(200, query.get("type", "image/png"), None)
            self.pour(fetch, PNG + bytes(65_536), int(query["bytes"]) if name == "large" else None)
        elif name == "claims":
            self.head(200, "image/png", int(query["bytes"]))
            self.pour(fetch, PNG + bytes(65_536), int(query["bytes"]))
        elif name == "slow":
            self.head(200, "image/png", 1_000_000)
            for value in sample("png") + bytes(100_000):
                self.wfile.write(bytes([value]))
                fetch.sent += 1
                time.sleep(0.05)
        elif name == "stall":
            # Until the peer leaves, or the host stops.
            self.connection.recv(1)
            raise ConnectionResetError
        elif name == "cut":
            self.head(200, "image/png", 10_000)
            self.wfile.write(sample("png"))
        elif name in ("redirect", "loop", "hops"):
            left = int(query.get("left", "1")) - 1
            to = {"redirect": query.get("to", ""), "loop": "{here}/loop",
                  "hops": f"{{here}}/hops?left={left}" if left else "{here}/png"}[name]
            location = to.replace("{here}", host.url).replace("{private}", host.private.url)
            self.give(int(query.get("code", "302")), "text/plain", b"", {"Location": location})
        else:
            self.give(404, "text/plain", b"not here\n")

    def head(self, status: int, kind: str | None, length: int | None, further: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in {"Content-Type": kind, "Content-Length": length, **(further or {})}.items():
            if value is not None:
                self.send_header(key, str(value))
        self.send_header("Connection", "close")
        self.end_headers()

    def give(self, status: int, kind: str | None, body: bytes, further: dict[str, str] | None = None) -> None:
        self.head(status, kind, len(body), further)
        self.wfile.write(body)

    def pour(self, fetch: "Fetch", piece: bytes, total: int | None) -> None:
        while not self.server.host.stopping and (total is None or fetch.sent < total):
            step = piece if total is None else piece[: total - fetch.sent]
            self.wfile.write(step)
            fetch.sent += len(step)


class Fetch:
    """One request that came, and what became of it."""

    def __init__(self, target: str, headers: dict[str, str], private: bool) -> None:
        self.target, self.headers, self.private = target, headers, private
        #: Bytes handed to the socket of an answer that is poured.
        self.sent = 0
        #: Whether all of the answer was handed over.
        self.completed = False
        #: When it was over, one way or the other.
        self.ended: float | None = None


class FileHost:
    """Both hosts, while a test runs."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.ca, key = certificate(directory)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, key)
        self.stopping = False
        self.fetches: list[Fetch] = []
        self._changed = threading.Condition()
        self._pictures: dict[str, bytes] = {}
        self.public = _Server("127.0.0.2", self, context)
        #: With TLS, so that a relay which goes there gets an answer.
        self.private = _Server("127.0.0.1", self, context)
        #: Without TLS, for addresses that begin with http.
        self.plain = _Server("127.0.0.2", self, None)
        self._threads = [threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
                         for server in self._servers]

    @property
    def _servers(self) -> list[_Server]:
        return [self.public, self.private, self.plain]

    @property
    def url(self) -> str:
        return self.public.url

    def start(self) -> "FileHost":
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        self.stopping = True
        for server in self._servers:
            server.shutdown()
            for connection in list(server.open):
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            server.server_close()

    def __enter__(self) -> "FileHost":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def clear(self) -> None:
        self.fetches.clear()
        for server in self._servers:
            server.connections = 0

    def picture(self, name: str) -> bytes:
        return self._pictures.setdefault(name, picture())

    def tell(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def wait_for_end(self, containing: str = "", timeout: float = 10.0) -> Fetch:
        """A fetch that is over, whoever ended it."""
        def over() -> list[Fetch]:
            return [one for one in self.fetches if containing in one.target and one.ended is not None]
        with self._changed:
            if not self._changed.wait_for(over, timeout):
                raise TimeoutError(f"the host never saw the end of a fetch of {containing!r}")
            return over()[-1]
