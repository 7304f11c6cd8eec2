"""What a web server should not send to the worker, by either protocol. Each hurts nobody else."""

from __future__ import annotations

import contextlib
import json
import os

import pytest

from gateway import (CHAT_PARAMETERS, a_chat, connected, exchange, fastcgi_request, netstring, output, request, scgi_headers,
                     scgi_request, until_closed)
from harness import Stack, question, wait_until


@pytest.fixture(autouse=True)
def still_alive(stack: Stack, fake):
    """After each bad request: the same process, and it serves."""
    yield
    assert stack.worker.process.poll() is None
    assert stack.chat("still there?").status == 200


def test_a_request_of_our_own_making_is_answered(stack: Stack, fake):
    """Or the tests below would show nothing."""
    answer = output(exchange(stack, a_chat("by hand")))
    assert answer.startswith(b"Status: 200"), answer
    assert fake.wait_for_chat().prompt == "by hand"


@pytest.mark.only("fastcgi")  # SCGI bodies have no end of their own.
def test_a_body_shorter_than_announced_is_refused(stack: Stack, fake):
    """nginx would wait for the rest: this is a web server that passes on less than it announced."""
    body = json.dumps(question("Hi")).encode()
    parameters = {**CHAT_PARAMETERS, "CONTENT_LENGTH": str(len(body) + 100)}
    # No half-close here: to the worker that is a client that left.
    answer = output(exchange(stack, request(parameters, body)))
    assert answer.startswith(b"Status: 400"), answer
    assert b"invalid_request_error" in answer
    assert fake.chats() == []


def test_a_body_that_never_ends_is_refused_in_time(make_stack, fake):
    stack = make_stack(limits={"bodyTimeout": "300ms"})
    body = json.dumps(question("Hi")).encode()
    parameters = {**CHAT_PARAMETERS, "CONTENT_LENGTH": str(len(body) + 100)}
    answer = output(exchange(stack, request(parameters, body, announced_only=True)))
    assert answer.startswith(b"Status: 408"), answer
    assert fake.chats() == []


def test_a_body_that_breaks_off_costs_nothing(stack: Stack, fake):
    body = json.dumps(question("Hi")).encode()
    parameters = {**CHAT_PARAMETERS, "CONTENT_LENGTH": str(len(body) + 100)}
    exchange(stack, request(parameters, body, announced_only=True), half_close=True)
    assert fake.chats() == []


def test_a_body_over_the_workers_limit_is_read_and_refused(make_stack, fake):
    """nginx has its own limit and asks before: a web server without one sends all of it."""
    stack = make_stack(limits={"bodyBytes": 100_000})
    for length in (100_001, 3_000_000):
        body = json.dumps(question("x" * length)).encode()
        answer = output(exchange(stack, request({**CHAT_PARAMETERS, "CONTENT_LENGTH": str(len(body))}, body)))
        assert answer.startswith(b"Status: 413"), answer
    assert fake.chats() == []


NONSENSE = {
    "nothing": b"", "zeros": b"\0" * 64, "HTTP": b"GET / HTTP/1.1\r\n\r\n", "0xff": b"\xff" * 100_000,
    "half a record": b"\x01\x01\x00\x01\x00\x08\x00\x00",
    "bad lengths": b"\x01\x04\x00\x01\xff\xff\x00\x00" + b"\x84" * 65535,
    "no path": request({"REQUEST_METHOD": "POST"}, b""), "no parameters": request({}, b""),
    "negative length": request({**CHAT_PARAMETERS, "CONTENT_LENGTH": "-5"}, b"{}"),
    "enormous length": request({**CHAT_PARAMETERS, "CONTENT_LENGTH": "99999999999999999999"}, b"{}"),
    "a megabyte of parameters": request({f"HTTP_X_{number}": "x" * 500 for number in range(2000)}, b""),
}


@pytest.mark.parametrize("data", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_on_the_socket_does_no_harm(stack: Stack, fake, data: bytes):
    exchange(stack, data, half_close=True)
    assert fake.chats() == []


def scgi_chat(first: dict[str, str], rest: dict[str, str] = CHAT_PARAMETERS) -> bytes:
    return netstring(scgi_headers(first) + scgi_headers(rest)) + json.dumps(question("Hi")).encode()


LENGTH = str(len(json.dumps(question("Hi"))))
NOT_SCGI = {
    "FastCGI": fastcgi_request(CHAT_PARAMETERS, b"{}"),
    "no CONTENT_LENGTH": scgi_chat({"SCGI": "1"}),
    "CONTENT_LENGTH second": scgi_chat({"SCGI": "1", "CONTENT_LENGTH": LENGTH}),
    "an empty CONTENT_LENGTH": scgi_chat({"CONTENT_LENGTH": "", "SCGI": "1"}),
    "a leading zero": scgi_chat({"CONTENT_LENGTH": f"0{LENGTH}", "SCGI": "1"}),
    "a sign": scgi_chat({"CONTENT_LENGTH": f"+{LENGTH}", "SCGI": "1"}),
    "no SCGI": scgi_chat({"CONTENT_LENGTH": LENGTH}),
    "SCGI 2": scgi_chat({"CONTENT_LENGTH": LENGTH, "SCGI": "2"}),
    "CONTENT_LENGTH twice": scgi_chat({"CONTENT_LENGTH": LENGTH, "SCGI": "1"}, {**CHAT_PARAMETERS, "CONTENT_LENGTH": "2"}),
    "SCGI twice": scgi_chat({"CONTENT_LENGTH": LENGTH, "SCGI": "1"}, {**CHAT_PARAMETERS, "SCGI": "1"}),
    "no comma": scgi_chat({"CONTENT_LENGTH": LENGTH, "SCGI": "1"}).replace(b"\0,{", b"\0;{"),
    "a NUL too many": scgi_chat({"CONTENT_LENGTH": LENGTH, "SCGI": "1"}, {**CHAT_PARAMETERS, "": "x"}),
    "a value cut short": netstring(scgi_headers({"CONTENT_LENGTH": LENGTH, "SCGI": "1", **CHAT_PARAMETERS})[:-1]),
    "more than announced": scgi_chat({"CONTENT_LENGTH": "2", "SCGI": "1"}),
    "a second request": scgi_request(CHAT_PARAMETERS, b"{}") + scgi_request(CHAT_PARAMETERS, b"{}"),
    "headers over the limit": b"131065:CONTENT_LENGTH\0" + LENGTH.encode(),
    "a length with a leading zero": b"0" + scgi_request(CHAT_PARAMETERS, b"{}"),
    "a length that overflows": b"18446744073709551617:CONTENT_LENGTH\0",
}


@pytest.mark.only("scgi")
@pytest.mark.parametrize("data", NOT_SCGI.values(), ids=NOT_SCGI)
def test_what_scgi_does_not_allow_is_closed_and_reported(stack: Stack, fake, data: bytes):
    def reports() -> int:
        return sum(line["message"] == "malformed request" for line in stack.worker.lines())
    before = reports()
    # Not by closing on our side: the worker must see it by itself.
    assert exchange(stack, data) == b""
    wait_until(lambda: reports() > before, 5, "the report")
    assert fake.chats() == []


def test_a_web_server_that_ends_in_mid_request_leaves_nothing_behind(stack: Stack):
    def descriptors() -> int:
        return len(os.listdir(f"/proc/{stack.worker.pid}/fd"))
    data = request({**CHAT_PARAMETERS, "CONTENT_LENGTH": "1000"}, b"{", announced_only=True)
    before = descriptors()
    for end in (1, 8, 12, 16, 20, 200, len(data) - 5, len(data)):
        for _ in range(10):
            with connected(stack) as connection:
                connection.sendall(data[:end])
    wait_until(lambda: descriptors() <= before + 2, 5, f"descriptors near {before}")


def test_half_requests_disturb_nobody(stack: Stack):
    data = a_chat()
    with contextlib.ExitStack() as open_connections:
        connections = [open_connections.enter_context(connected(stack)) for _ in range(100)]
        for connection in connections:
            connection.sendall(data[:30])
        assert stack.chat().status == 200
        # And they may still go on.
        connections[0].sendall(data[30:])
        assert output(until_closed(connections[0])).startswith(b"Status: 200")


def test_stalled_bodies_on_the_socket_itself_disturb_nobody(stack: Stack, fake):
    """Apache passes an upload on as it comes: half a body, many times, must not use up the worker."""
    parameters = {**CHAT_PARAMETERS, "CONTENT_LENGTH": "1000"}
    with contextlib.ExitStack() as open_connections:
        for _ in range(40):
            connection = open_connections.enter_context(connected(stack))
            connection.sendall(request(parameters, b"{", announced_only=True))
        assert stack.chat().status == 200
