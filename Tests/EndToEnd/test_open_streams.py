"""What a stream holds of the worker's memory while it is open."""

from __future__ import annotations

from typing import Callable

import pytest

from fake_onemin import FakeOneMin, directive
from harness import Stack, Stream

STREAMS = 1000
PROMPT = 64_000
#: What one may hold, in bytes: 30,000 and room for what the allocator keeps. One that held its prompt would hold 90,000.
EACH = 50_000


@pytest.mark.timeout(120)
def test_a_prompt_is_not_held_as_long_as_its_answer_takes(make_stack: Callable[..., Stack], fake: FakeOneMin):
    stack = make_stack()
    prompt = (directive(text="Well.", hold=10) + "The quick brown fox jumps over the lazy dog. " * 1500)[:PROMPT]
    for _ in range(20):
        # Warm: allocator, connections, catalogue.
        assert stack.chat(prompt[-PROMPT // 2:]).status == 200
    before = stack.worker.resident_bytes()
    streams: list[Stream] = []
    try:
        # One after the other: of many prompts at once the allocator keeps more when they are gone.
        for _ in range(STREAMS):
            streams.append(stack.stream(prompt))
            assert streams[-1].status == 200
        grown = stack.worker.resident_bytes() - before
        assert grown < STREAMS * EACH, f"{grown / STREAMS / 1024:.0f} KB each"
    finally:
        for stream in streams:
            stream.close()
