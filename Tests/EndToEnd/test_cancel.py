"""A client that leaves: the upstream call ends, at once, in every phase."""

from __future__ import annotations

import concurrent.futures
import http.client
import json
import signal
import socket
import statistics
import threading
import time

import pytest

from fake_onemin import directive
from harness import KEY, Stack, Stream, question, wait_until

#: From the client's FIN to the end of the upstream connection, through nginx.
LIMIT = 0.1


def leave_while(stack: Stack, fake, stream: bool, fields: dict, n: int | None = None) -> float:
    """Sends a request, waits until the upstream call is in its phase, leaves; the seconds until the call ended."""
    fake.clear()
    connection = http.client.HTTPConnection("127.0.0.1", stack.nginx.port, timeout=20)
    body = question(directive(**fields), stream=stream or None, n=n)
    connection.request("POST", "/v1/chat/completions", json.dumps(body), {
        "Authorization": f"Bearer {KEY}", "Content-Type": "application/json", "x-request-id": f"leaves-{time.time_ns()}"})
    reader = None
    if stream and fields.get("at") not in ("head", "body"):
        reader = Stream(connection)
        assert reader.text(5)
    requests = fake.wait_for(lambda: len(fake.chats()) == (n or 1) and fake.chats(), what="the calls")
    left = time.monotonic()
    if reader is not None:
        reader.close()
    else:
        connection.close()
    ends = [fake.wait_for_abort(request, 5) for request in requests]
    return max(ends) - left


@pytest.mark.parametrize("stream, fields", [
    (False, dict(mode="stall", at="head")),
    (False, dict(mode="stall", at="body")),
    (True, dict(mode="stall", at="head")),
    (True, dict(mode="stall", at="body")),
    (True, dict(mode="stall", at=3)),
    (True, dict(events=100_000, gap=0.005)),
    (True, dict(repeat=2_000_000)),
], ids=["whole, waiting", "whole, head came", "stream, waiting", "stream, head came", "stream, silent", "stream, flowing",
        "stream, flooding"])
def test_the_upstream_call_ends_within_100_ms(stack: Stack, fake, stream: bool, fields: dict):
    # The median of three: one measurement on a busy machine says little.
    times = [leave_while(stack, fake, stream, fields) for _ in range(3)]
    assert statistics.median(times) < LIMIT, times


def test_all_calls_of_several_choices_end(stack: Stack, fake):
    assert leave_while(stack, fake, True, dict(mode="stall", at=2), n=4) < 1


def test_a_client_that_left_is_logged_as_such(stack: Stack, fake):
    stream = stack.stream(directive(mode="stall", at=1), headers={"x-request-id": "left-1"})
    assert stream.text(5)
    stream.close()
    line = stack.worker.wait_for_exchange("left-1")
    assert line["outcome"] == "client_left" and line["status"] == 499


def test_the_worker_serves_on_after_many_have_left(stack: Stack, fake):
    for _ in range(50):
        stream = stack.stream(directive(events=100_000, gap=0.001))
        assert stream.text(5)
        stream.close()
    fake.wait_for(lambda: all(request.aborted for request in fake.chats()), 5, "the end of all calls")
    assert stack.chat().status == 200


def test_a_client_that_leaves_during_its_upload_starts_nothing(stack: Stack, fake):
    import socket
    with socket.create_connection(("127.0.0.1", stack.nginx.port)) as connection:
        connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n"
                           b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
    assert stack.chat().status == 200
    assert len(fake.chats()) == 1


def test_over_http2_only_the_call_ends(make_stack, fake, tmp_path):
    """The vendor's connection is shared by calls that are not streamed: the others on it go on."""
    from harness import TLSNginx
    vendor = TLSNginx(tmp_path / "vendor", fake.port).start()
    try:
        stack = make_stack(loops=1, provider={"baseURL": vendor.url, "caFile": str(vendor.certificate)})
        assert stack.chat().status == 200
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            survivor = pool.submit(stack.chat, directive(gate="survivor", text="still here"))
            fake.wait_for_chat("survivor")
            for others in (True, False):
                # With another call on the connection, and alone on it.
                if not others:
                    fake.gate("survivor").release()
                    assert survivor.result(20).text == "still here"
                leaver = http.client.HTTPConnection("127.0.0.1", stack.nginx.port, timeout=30)
                name = f"left-{others}"
                leaver.request(
                    "POST", "/v1/chat/completions", json.dumps(question(directive(gate=name, text="x"))),
                    {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"})
                request = fake.wait_for_chat(name)
                left = time.monotonic()
                leaver.close()
                assert fake.wait_for_abort(request, 5) - left < 0.1
        assert stack.chat().status == 200
    finally:
        vendor.stop()


def test_who_leaves_ends_nobody_elses_call(make_stack, fake, tmp_path):
    """Also where the other call on the connection has to wait for its reader."""
    from harness import TLSNginx
    vendor = TLSNginx(tmp_path / "vendor", fake.port).start()
    try:
        stack = make_stack(loops=1, provider={"baseURL": vendor.url, "caFile": str(vendor.certificate)})
        assert stack.chat().status == 200

        def ask(prompt: str) -> http.client.HTTPConnection:
            connection = http.client.HTTPConnection("127.0.0.1", stack.nginx.port, timeout=30)
            connection.request("POST", "/v1/chat/completions", json.dumps(question(prompt)),
                               {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"})
            return connection

        for number in range(4):
            leaver = ask(directive(gate=f"leaver-{number}", text="x"))
            fake.wait_for_chat(f"leaver-{number}")
            other = ask(directive(gate=f"other-{number}", text="y" * 300_000))
            call = fake.wait_for_chat(f"other-{number}")
            # So that the worker hears of both at once: of an answer longer than it takes in, and of a client that left.
            stack.worker.signal(signal.SIGSTOP)
            fake.gate(f"other-{number}").release(3)
            fake.wait_for(lambda: call.completed, what="the answer")
            leaver.sock.shutdown(socket.SHUT_RDWR)
            leaver.close()
            wait_until(lambda: stack.nginx.error_log.read_text().count("client prematurely closed") > number,
                       what="the client's end")
            stack.worker.signal(signal.SIGCONT)
            answer = other.getresponse()
            assert answer.status == 200 and len(answer.read()) > 300_000
    finally:
        vendor.stop()


@pytest.mark.only("fastcgi")
@pytest.mark.timeout(120)
def test_what_was_meant_for_who_left_is_given_to_nobody(make_stack, fake, tmp_path):
    """libcurl forgets to free it. Whoever leaves while libcurl holds something does so by chance: some of 200 do."""
    from harness import TLSNginx
    vendor = TLSNginx(tmp_path / "vendor", fake.port).start()
    try:
        stack = make_stack(loops=1, provider={"baseURL": vendor.url, "caFile": str(vendor.certificate)})
        assert stack.chat().status == 200
        is_over = threading.Event()

        def leave(number: int) -> None:
            unit = f"<left-{number:04}>"
            connection = http.client.HTTPConnection("127.0.0.1", stack.nginx.port, timeout=30)
            connection.request("POST", "/v1/chat/completions",
                               json.dumps(question(directive(repeat=20_000, unit=unit))),
                               {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"})
            # When is what is tried.
            is_over.wait(0.003 + number % 25 * 0.003)
            connection.sock.shutdown(socket.SHUT_RDWR)
            connection.close()

        def read(number: int) -> None:
            unit = f"<read-{number:04}>"
            answer = stack.chat(directive(repeat=6000, unit=unit))
            assert answer.status == 200, answer.body[:200]
            assert answer.text == unit * 6000, f"{len(answer.text)} characters instead of {len(unit) * 6000}"

        with concurrent.futures.ThreadPoolExecutor(8) as leavers, concurrent.futures.ThreadPoolExecutor(8) as readers:
            left = [leavers.submit(leave, number) for number in range(200)]
            done = [readers.submit(read, number) for number in range(200)]
            for future in left + done:
                future.result(60)
    finally:
        vendor.stop()
