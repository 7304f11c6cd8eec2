"""A vendor by HTTP/2 whose connections take so many calls and no more."""

from __future__ import annotations

import http.client
import pathlib
import socket
import ssl
import threading

import h2.config
import h2.connection
import h2.errors
import h2.events
from hyperframe.frame import GoAwayFrame

from harness import free_port, openssl_certificate


class RefusingVendor:
    """Passes what it takes on to the fake. Calls that come on a connection after that are met by `how`:

    - `goaway`: refused, as by nginx after `keepalive_requests` or while it reloads; the connection stays
    - `goaway and end`: refused, and the connection ends when all that was taken is answered
    - `reset`: each of them refused by itself
    - `cut`: the connection ends without a word
    - `heard`: the connection ends after a word that says that the request was heard
    """

    def __init__(self, directory: pathlib.Path, fake_port: int, how: str, takes: int = 1) -> None:
        self.port = free_port()
        self.certificate, key = openssl_certificate(directory)
        self.how = how
        self.takes = takes
        # Requests that were not answered, and connections, whose number the lock guards.
        self.refused = 0
        self.connections = 0
        self._lock = threading.Lock()
        self._fake_port = fake_port
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate, key)
        self._context.set_alpn_protocols(["h2"])
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def stop(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            with self._context.wrap_socket(plain, server_side=True) as client:
                _Connection(self, client).run()
        except OSError:
            pass

    def count_refused(self) -> None:
        with self._lock:
            self.refused += 1

    def forward(self, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._fake_port, timeout=60)
        fields = {name: value for name, value in headers.items() if not name.startswith(":")}
        connection.request(headers[":method"], headers[":path"], body or None, fields)
        answer = connection.getresponse()
        return answer.status, answer.getheader("content-type", ""), answer.read()


class _Connection:
    def __init__(self, vendor: RefusingVendor, client: ssl.SSLSocket) -> None:
        self.vendor = vendor
        self.client = client
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.taken: dict[int, tuple[dict[str, str], bytearray]] = {}
        self.count = 0
        self.last = 0
        self.is_going = False

    def run(self) -> None:
        self.h2.initiate_connection()
        self.client.sendall(self.h2.data_to_send())
        while data := self.client.recv(65536):
            for event in self.h2.receive_data(data):
                if not self.handle(event):
                    return
            self.client.sendall(self.h2.data_to_send())
            if self.is_going and self.vendor.how == "goaway and end" and not self.taken:
                return self.end()

    def end(self) -> None:
        """Ends the connection as nginx does: with what has not been read it would be reset, and the farewell lost."""
        self.client.shutdown(socket.SHUT_WR)
        self.client.settimeout(30)
        while self.client.recv(65536):
            pass

    def handle(self, event: h2.events.Event) -> bool:
        """Says whether the connection stays."""
        if isinstance(event, h2.events.RequestReceived):
            headers = dict(event.headers)
            is_call = headers[":method"] == "POST"
            if is_call and self.count == self.vendor.takes:
                return self.refuse(event.stream_id)
            self.count += is_call
            self.last = event.stream_id
            self.taken[event.stream_id] = (headers, bytearray())
        elif isinstance(event, h2.events.DataReceived) and event.stream_id in self.taken:
            self.taken[event.stream_id][1].extend(event.data)
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded) and event.stream_id in self.taken:
            status, kind, body = self.vendor.forward(*self.taken.pop(event.stream_id))
            self.h2.send_headers(event.stream_id, [(":status", str(status)), ("content-type", kind)])
            # The relay's window is far larger than any of these answers.
            for start in range(0, len(body), 16384):
                self.h2.send_data(event.stream_id, body[start:start + 16384])
            self.h2.end_stream(event.stream_id)
        return True

    def refuse(self, stream: int) -> bool:
        self.vendor.count_refused()
        how = self.vendor.how
        if how == "reset":
            self.h2.reset_stream(stream, h2.errors.ErrorCodes.REFUSED_STREAM)
            return True
        if how == "cut":
            return False
        if not self.is_going:
            self.is_going = True
            # Written out, for the library takes a connection that says this for closed.
            last = stream if how == "heard" else self.last
            self.client.sendall(self.h2.data_to_send() + GoAwayFrame(0, last_stream_id=last).serialize())
        return how != "heard"
