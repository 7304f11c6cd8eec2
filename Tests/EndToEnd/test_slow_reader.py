"""A client that does not read slows its own stream and nothing else."""

from __future__ import annotations

import json
import socket
import time

import pytest

from fake_onemin import directive
from harness import KEY, Stack, question, wait_until

READERS = 16
ANSWER = 20_000_000
#: More than the kernel holds of one answer on its way: 4 MB where it is sent, up to 32 MB where it is received (`tcp(7)`,
#: `tcp_wmem` and `tcp_rmem`), and that twice where a vendor's web server stands between.
UNBOUNDED = 100_000_000
#: What one slow reader may hold of the worker's memory.
PER_READER = 256 * 1024


def connect_and_ignore(stack: Stack, prompt: str) -> socket.socket:
    """Asks for a stream and reads nothing of it."""
    connection = socket.socket()
    # What the kernel takes on this side stays small.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", stack.nginx.port))
    body = json.dumps(question(prompt, stream=True)).encode()
    connection.sendall(
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    return connection


def settled(value, quiet: float = 0.5, timeout: float = 30.0) -> int:
    """The value once it has not changed for a while."""
    last, since = value(), time.monotonic()

    def quiet_for_a_while() -> bool:
        nonlocal last, since
        now = value()
        if now != last:
            last, since = now, time.monotonic()
        return time.monotonic() - since > quiet
    wait_until(quiet_for_a_while, timeout, "the flow to stop")
    return last


@pytest.mark.timeout(120)
@pytest.mark.parametrize("http2", [False, True], ids=["http1", "http2"])
def test_slow_readers_hold_little_memory_and_disturb_nobody(make_stack, fake, tmp_path, http2: bool):
    from harness import TLSNginx
    vendor = TLSNginx(tmp_path / "vendor", fake.port).start() if http2 else None
    provider = {"baseURL": vendor.url, "caFile": str(vendor.certificate)} if vendor else {}
    try:
        stack = make_stack(provider=provider)
        for _ in range(20):
            # Warm: allocator, connections, catalogue.
            assert stack.chat().status == 200
        before = stack.worker.resident_bytes()
        # A short result: the record's copy of the text is not what this test is about.
        prompt = directive(repeat=UNBOUNDED // 16, result=["short"])
        readers = [connect_and_ignore(stack, prompt) for _ in range(READERS)]
        fake.wait_for(lambda: len(fake.chats("repeat")) == READERS, 20, "all slow readers")
        calls = fake.chats("repeat")
        sent = settled(lambda: sum(call.bytes_sent for call in calls))
        assert sent < READERS * UNBOUNDED / 2, "nothing held the upstream back"
        grown = stack.worker.resident_bytes() - before
        # 2 MB for the allocator's own ways.
        assert grown < READERS * PER_READER + 2_000_000, f"{grown / READERS / 1024:.0f} KB each"
        times = []
        for _ in range(20):
            start = time.monotonic()
            assert stack.chat().status == 200
            times.append(time.monotonic() - start)
        assert sorted(times)[10] < 0.1, times
        # Who left does not linger either.
        for reader in readers:
            reader.close()
        fake.wait_for(lambda: all(call.aborted for call in calls), 10, "the end of the calls")
    finally:
        if vendor:
            vendor.stop()


@pytest.mark.timeout(120)
def test_a_slow_reader_gets_everything_in_the_end(stack: Stack, fake):
    connection = connect_and_ignore(stack, directive(repeat=ANSWER // 16, result=["short"]))
    call = fake.wait_for_chat("repeat")
    settled(lambda: call.bytes_sent)
    assert call.completed is None
    total, digits, tail = 0, 0, b""
    connection.settimeout(30)
    while data := connection.recv(1 << 20):
        total += len(data)
        digits += data.count(b"0123456789abcdef")
        tail = (tail + data)[-200:]
    connection.close()
    assert b"data: [DONE]" in tail
    assert total > ANSWER


@pytest.mark.timeout(120)
def test_a_whole_answer_of_20_mb_passes(stack: Stack):
    answer = stack.chat(directive(repeat=ANSWER // 16))
    assert answer.status == 200, answer
    assert len(answer.text) == ANSWER
