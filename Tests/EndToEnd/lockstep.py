"""Whether a stream passes event by event, which every way from the relay to a client is asked."""

from __future__ import annotations

import uuid
from typing import Mapping

from fake_onemin import FakeOneMin, directive
from harness import Stack, Stream, finish_reasons


def each_event_arrives_before_the_next_is_sent(
        stack: Stack, fake: FakeOneMin, count: int = 20, headers: Mapping[str, str] | None = None) -> Stream:
    """The fake sends one delta per release, and the client must have it before the next release.

    Returns the stream, which is over.
    """
    pieces = [f"piece {number}" for number in range(count)]
    # Of its own, so that one that fails leaves nothing open for the next.
    name = uuid.uuid4().hex
    gate = fake.gate(name)
    with stack.stream(directive(gate=name, chunks=pieces), headers=headers) as stream:
        request = fake.wait_for_chat()
        for number, piece in enumerate(pieces):
            gate.release()
            assert stream.text(5) == piece
            # Not one more has left the fake.
            assert request.events_sent <= number + 1
        gate.release()
        rest = stream.rest()
    assert rest[-1] == "[DONE]" and finish_reasons(rest) == ["stop"]
    return stream
