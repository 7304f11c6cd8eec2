"""Silence: comments keep a stream open, between events only."""

from __future__ import annotations

import openai
import pytest

from fake_onemin import directive
from harness import KEY, MODEL, Stack, contents, finish_reasons


@pytest.fixture
def beating(make_stack) -> Stack:
    return make_stack(heartbeat="100ms")


def test_a_silent_stream_shows_signs_of_life_before_its_first_event(beating: Stack, fake):
    gate = fake.gate("silent")
    with beating.stream(directive(gate="silent", chunks=["a"])) as stream:
        blocks = [stream.block(5) for _ in range(3)]
        assert all(block.startswith(":") for block in blocks), blocks
        assert stream.status == 200
        gate.release(2)
        values = stream.rest()
    assert contents(values) == "a" and values[-1] == "[DONE]"


def test_and_between_two_events(beating: Stack, fake):
    gate = fake.gate("pause")
    with beating.stream(directive(gate="pause", chunks=["a", "b"])) as stream:
        gate.release()
        assert stream.text(5) == "a"
        times = []
        for _ in range(3):
            assert stream.block(5).startswith(":")
            times.append(stream.reads[-1][0])
        assert times[2] - times[0] >= 0.15
        gate.release(2)
        assert stream.text(5) == "b"


def test_a_flowing_stream_has_none(beating: Stack):
    with beating.stream(directive(events=40, gap=0.02)) as stream:
        values = stream.rest()
    assert b"\n:" not in stream.raw and not stream.raw.startswith(b":")
    assert finish_reasons(values) == ["stop"]


def test_an_upstream_that_stops_within_an_event_does_not_tear_it(beating: Stack):
    # 75 bytes: the second event is half there.
    with beating.stream(directive(mode="stall", at=1, chunks=["a", "b"], split=5)) as stream:
        assert stream.text(5) == "a"
        assert stream.block(5).startswith(":")


def test_after_the_first_comment_an_early_failure_is_an_error_event(beating: Stack):
    with beating.stream(directive(mode="status", status=429, delay=0.4)) as stream:
        assert stream.status == 200 and stream.block(5).startswith(":")
        values = stream.rest()
    assert values[-1]["error"]["code"] == "rate_limit_exceeded" and "[DONE]" not in values


def test_the_openai_client_takes_comments_for_nothing(beating: Stack):
    with openai.OpenAI(base_url=beating.url, api_key=KEY, max_retries=0) as client:
        chunks = list(client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": directive(text="late", delay=0.5)}], stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "late"


def test_a_heartbeat_outlives_the_web_servers_patience(make_stack, fake):
    """nginx gives up a silent worker after its read time-out; comments keep the stream alive beyond it."""
    stack = make_stack(heartbeat="100ms", replace={"fastcgi_read_timeout    65m;": "fastcgi_read_timeout 1s;"})
    with stack.stream(directive(text="late", delay=1.5)) as stream:
        assert contents(stream.rest()) == "late"


def test_whole_answers_have_none(beating: Stack):
    answer = beating.chat(directive(text="late", delay=0.4))
    assert answer.status == 200 and answer.text == "late" and answer.body.startswith(b"{")
