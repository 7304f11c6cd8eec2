"""A web server's side of FastCGI and of SCGI, in bytes: for what nginx would never send."""

from __future__ import annotations

import contextlib
import json
import socket
from typing import Iterator

import harness
from harness import KEY, Stack, question

CHAT_PARAMETERS = {
    "REQUEST_METHOD": "POST", "REQUEST_URI": "/v1/chat/completions", "PATH_INFO": "/v1/chat/completions", "SCRIPT_NAME": "",
    "QUERY_STRING": "", "CONTENT_TYPE": "application/json", "SERVER_PROTOCOL": "HTTP/1.1", "GATEWAY_INTERFACE": "CGI/1.1",
    "REMOTE_ADDR": "127.0.0.1", "HTTP_AUTHORIZATION": f"Bearer {KEY}"}


def fastcgi_request(parameters: dict[str, str], body: bytes, announced_only: bool = False) -> bytes:
    """One request in FastCGI records, as a web server sends it; without the end of the body when `announced_only`."""
    def record(kind: int, content: bytes) -> bytes:
        return bytes([1, kind, 0, 1]) + len(content).to_bytes(2, "big") + b"\0\0" + content

    def length(value: bytes) -> bytes:
        return bytes([len(value)]) if len(value) < 128 else (len(value) | 0x80000000).to_bytes(4, "big")
    encoded = b"".join(length(name.encode()) + length(value.encode()) + name.encode() + value.encode()
                       for name, value in parameters.items())
    data = record(1, b"\0\1\0\0\0\0\0\0")
    for start in range(0, len(encoded), 65528):
        data += record(4, encoded[start: start + 65528])
    data += record(4, b"")
    for start in range(0, len(body), 65528):
        data += record(5, body[start: start + 65528])
    return data if announced_only else data + record(5, b"")


def fastcgi_stdout(answer: bytes) -> bytes:
    output, position = b"", 0
    while position + 8 <= len(answer):
        kind, size, padding = answer[position + 1], int.from_bytes(answer[position + 4: position + 6], "big"), answer[position + 6]
        if kind == 6:
            output += answer[position + 8: position + 8 + size]
        position += 8 + size + padding
    return output


def netstring(content: bytes) -> bytes:
    return b"%d:%b," % (len(content), content)


def scgi_headers(parameters: dict[str, str]) -> bytes:
    return b"".join(name.encode() + b"\0" + value.encode() + b"\0" for name, value in parameters.items())


def scgi_request(parameters: dict[str, str], body: bytes) -> bytes:
    """One request as nginx sends it: its length first, whatever `parameters` say of it, and the version."""
    first = {"CONTENT_LENGTH": parameters.get("CONTENT_LENGTH", str(len(body))), "SCGI": "1"}
    return netstring(scgi_headers({**first, **parameters, **first})) + body


def request(parameters: dict[str, str], body: bytes, announced_only: bool = False) -> bytes:
    """One request by the protocol of the run."""
    if harness.PROTOCOL == "scgi":
        return scgi_request(parameters, body)
    return fastcgi_request(parameters, body, announced_only)


def output(answer: bytes) -> bytes:
    """What the bytes of an answer say, as far as they have come."""
    return answer if harness.PROTOCOL == "scgi" else fastcgi_stdout(answer)


def a_chat(prompt: str = "Hi") -> bytes:
    """A request that is right."""
    body = json.dumps(question(prompt)).encode()
    return request({**CHAT_PARAMETERS, "CONTENT_LENGTH": str(len(body))}, body)


@contextlib.contextmanager
def connected(stack: Stack) -> Iterator[socket.socket]:
    """A connection to the worker itself."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(stack.worker.socket_path))
        yield connection


def until_closed(connection: socket.socket) -> bytes:
    answer = b""
    # A worker may close in the middle of nonsense.
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        while piece := connection.recv(65536):
            answer += piece
    return answer


def exchange(stack: Stack, data: bytes, half_close: bool = False) -> bytes:
    """What the worker answers to these bytes until it closes."""
    with connected(stack) as connection:
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            connection.sendall(data)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        return until_closed(connection)
