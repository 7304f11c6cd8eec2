"""Streamed chat, byte by byte."""

from __future__ import annotations

import json
import subprocess
import time

import pytest

from fake_onemin import directive
from harness import KEY, Stack, contents, finish_reasons, question
from lockstep import each_event_arrives_before_the_next_is_sent


def test_the_shape_of_a_stream(stack: Stack):
    with stack.stream("Hi") as stream:
        values = stream.rest()
    assert stream.status == 200
    assert stream.headers["Content-Type"].startswith("text/event-stream")
    assert stream.headers["Cache-Control"] == "no-store"
    # nginx takes X-Accel-Buffering for itself.
    assert "Content-Length" not in stream.headers
    assert values[-1] == "[DONE]"
    chunks = values[:-1]
    assert len({chunk["id"] for chunk in chunks}) == 1 and chunks[0]["id"].startswith("chatcmpl-")
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({(chunk["created"], chunk["model"]) for chunk in chunks}) == 1
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert all("role" not in chunk["choices"][0]["delta"] for chunk in chunks[1:])
    assert finish_reasons(values) == ["stop"]
    assert chunks[-1]["choices"][0] == {**chunks[-1]["choices"][0], "delta": {}, "finish_reason": "stop"}
    assert contents(values) == "Hello from 1min.ai, the fake one."
    assert all("usage" not in chunk for chunk in chunks)


def test_the_upstream_call_is_streamed(stack: Stack, fake):
    with stack.stream("Hi") as stream:
        stream.rest()
    assert fake.wait_for_chat().target == "/api/chat-with-ai?isStreaming=true"


def test_each_event_arrives_before_the_next_is_sent(stack: Stack, fake):
    each_event_arrives_before_the_next_is_sent(stack, fake)


def test_curl_shows_each_event_as_it_comes(stack: Stack, fake):
    gate = fake.gate("curl")
    body = json.dumps(question(directive(gate="curl", chunks=["a", "b", "c"]), stream=True))
    with subprocess.Popen(
            ["curl", "--silent", "--no-buffer", "--max-time", "20", f"{stack.url}/chat/completions", "--header",
             f"Authorization: Bearer {KEY}", "--json", body], stdout=subprocess.PIPE, text=True) as curl:
        fake.wait_for_chat()
        for piece in ("a", "b", "c"):
            gate.release()
            while f'"content":"{piece}"' not in (line := curl.stdout.readline()):
                assert line, "curl ended early"
        gate.release()
        assert curl.stdout.read().rstrip().endswith("data: [DONE]")
    assert curl.returncode == 0


def test_the_first_event_is_on_its_way_in_a_few_milliseconds(stack: Stack, fake):
    gate = fake.gate("prompt")
    delays = []
    pieces = [f"{number};" for number in range(30)]
    with stack.stream(directive(gate="prompt", chunks=pieces)) as stream:
        fake.wait_for_chat()
        for piece in pieces:
            sent = time.monotonic()
            gate.release()
            assert stream.text(5) == piece
            delays.append(time.monotonic() - sent)
    # Generous, for a busy machine: a buffer or a Nagle delay would be 40 ms or more each time.
    assert sorted(delays)[15] < 0.02, delays


def test_deltas_are_not_rechunked(stack: Stack):
    pieces = ["a", "bc", " ", "日本", "\n\n", "d" * 5000, "\U0001f600"]
    with stack.stream(directive(chunks=pieces)) as stream:
        values = stream.rest()
    received = [choice["delta"]["content"] for value in values if value != "[DONE]"
                for choice in value["choices"] if choice["delta"].get("content")]
    assert received == pieces


@pytest.mark.parametrize("split", [1, 2, 3, 7])
@pytest.mark.parametrize("newline", ["lf", "crlf"])
def test_utf8_and_events_may_be_split_anywhere(stack: Stack, split: int, newline: str):
    text = "ä€日本語\U0001f600\U0001f469‍\U0001f467 ok"
    with stack.stream(directive(chunks=list(text), split=split, newline=newline)) as stream:
        values = stream.rest()
    assert contents(values) == text and finish_reasons(values) == ["stop"]


def test_usage_comes_when_asked_for(stack: Stack):
    with stack.stream("Hi", stream_options={"include_usage": True}) as stream:
        chunks = stream.rest()[:-1]
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"] == {**chunks[-1]["usage"], "prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    assert all(chunk["usage"] is None and chunk["choices"] for chunk in chunks[:-1])


@pytest.mark.parametrize("usage", ["zero", None])
def test_usage_that_the_vendor_leaves_out_is_counted(stack: Stack, usage):
    with stack.stream(directive(usage=usage, text="word " * 50), stream_options={"include_usage": True}) as stream:
        counts = stream.rest()[-2]["usage"]
    assert counts["prompt_tokens"] > 20 and counts["completion_tokens"] == 51


def test_one_huge_event_passes(stack: Stack):
    with stack.stream(directive(mode="huge-event", size=1_000_000)) as stream:
        assert len(contents(stream.rest())) == 1_000_000


def test_thousands_of_events_stay_in_order(stack: Stack):
    with stack.stream(directive(events=5000, size=12)) as stream:
        values = stream.rest()
    text = contents(values)
    assert [int(text[start: start + 12].rstrip("x")) for start in range(0, len(text), 12)] == list(range(5000))


def test_several_choices_share_one_stream(stack: Stack, fake):
    with stack.stream(directive(chunks=["a", "b", "c"]), n=3, stream_options={"include_usage": True}) as stream:
        values = stream.rest()
    for index in range(3):
        choices = [choice for value in values[:-1] for choice in value["choices"] if choice["index"] == index]
        assert choices[0]["delta"]["role"] == "assistant"
        assert "".join(choice["delta"].get("content") or "" for choice in choices) == "abc"
        assert [choice["finish_reason"] for choice in choices if choice["finish_reason"]] == ["stop"]
    assert values[-2]["usage"]["completion_tokens"] == 21 and values[-1] == "[DONE]"
    assert len(fake.chats()) == 3


@pytest.mark.parametrize("chunks, stop, expected", [
    (["before ", "EN", "D", " after"], "END", "before "),
    (["before E", "N", "D after"], ["END"], "before "),
    (["aENaENDb", "c"], ["END"], "aENa"),
    (["almost EN", "ough"], "END", "almost ENough"),
    (["ends with EN"], "END", "ends with EN"),
    (["日", "本", "語"], "本", "日"),
])
def test_stop_sequences_are_found_across_events(stack: Stack, chunks: list[str], stop, expected: str):
    with stack.stream(directive(chunks=chunks), stop=stop, stream_options={"include_usage": True}) as stream:
        values = stream.rest()
    assert contents(values) == expected
    assert finish_reasons(values) == ["stop"] and values[-1] == "[DONE]"
    assert values[-2]["usage"]["completion_tokens"] > 0


def test_a_stop_sequence_cancels_the_upstream_call(stack: Stack, fake):
    with stack.stream(directive(chunks=["one STOP", "two"], gate="stop-cancels"), stop="STOP") as stream:
        request = fake.wait_for_chat()
        fake.gate("stop-cancels").release()
        values = stream.rest()
        assert contents(values) == "one " and finish_reasons(values) == ["stop"]
        fake.wait_for_abort(request, 2)


def test_text_that_cannot_begin_a_stop_sequence_is_not_held_back(stack: Stack, fake):
    with stack.stream(directive(chunks=["hello", "END"], gate="held"), stop="END") as stream:
        fake.wait_for_chat()
        fake.gate("held").release()
        assert stream.text(5) == "hello"
