"""`max_tokens`, which 1min.ai does not have: the relay ends the answer and the call. And what it counts itself."""

from __future__ import annotations

import openai
import pytest

from fake_onemin import directive
from harness import Stack, contents, finish_reasons

WORDS = ["one", " two", " three", " four", " five", " six", " seven", " eight"]


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("limit", [1, 3, 7])
def test_a_stream_ends_at_the_token(stack: Stack, field: str, limit: int):
    with stack.stream(directive(chunks=WORDS), stream_options={"include_usage": True}, **{field: limit}) as stream:
        values = stream.rest()
    assert contents(values) == "".join(WORDS[:limit])
    assert finish_reasons(values) == ["length"] and values[-1] == "[DONE]"
    usage = values[-2]["usage"]
    assert usage["completion_tokens"] == limit
    assert usage["total_tokens"] == usage["prompt_tokens"] + limit
    assert "x-fastrelay-ignored" not in stream.headers


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_an_answer_that_is_not_streamed_ends_at_the_token(stack: Stack, fake, limit: int):
    answer = stack.chat(directive(chunks=WORDS), max_tokens=limit)
    assert answer.text == "".join(WORDS[:limit])
    assert answer.json["choices"][0]["finish_reason"] == "length"
    assert answer.json["usage"]["completion_tokens"] == limit
    assert fake.wait_for_chat().target == "/api/chat-with-ai?isStreaming=true"


def test_a_limit_that_is_not_reached_changes_nothing(stack: Stack):
    answer = stack.chat(directive(chunks=WORDS), max_tokens=8)
    assert answer.text == "".join(WORDS) and answer.json["choices"][0]["finish_reason"] == "stop"
    assert answer.json["usage"]["completion_tokens"] == 7, "what the vendor said"
    with stack.stream(directive(chunks=WORDS), max_tokens=8) as stream:
        values = stream.rest()
    assert contents(values) == "".join(WORDS) and finish_reasons(values) == ["stop"]


def test_a_token_that_comes_in_pieces_is_cut_as_one(stack: Stack):
    # " unbelievable" is a single token of o200k_base.
    with stack.stream(directive(chunks=["an", " un", "believable", " end"]), max_tokens=2) as stream:
        values = stream.rest()
    assert contents(values) == "an unbelievable" and finish_reasons(values) == ["length"]


@pytest.mark.parametrize("stream", [True, False])
def test_the_limit_cancels_the_upstream_call(stack: Stack, fake, stream: bool):
    prompt = directive(chunks=["one two three", "never sent"], gate=f"limit-{stream}")
    fake.gate(f"limit-{stream}").release()
    if stream:
        with stack.stream(prompt, max_tokens=2) as answer:
            assert contents(answer.rest()) == "one two"
    else:
        assert stack.chat(prompt, max_tokens=2).text == "one two"
    request = fake.wait_for_chat()
    fake.wait_for_abort(request, 2)
    assert request.events_sent == 1


@pytest.mark.parametrize("stream", [True, False])
def test_each_of_several_choices_has_the_limit_to_itself(stack: Stack, fake, stream: bool):
    prompt = directive(chunks=WORDS, gap=0.01)
    if stream:
        with stack.stream(prompt, max_tokens=3, n=3, stream_options={"include_usage": True}) as answer:
            values = answer.rest()
        assert finish_reasons(values) == ["length"] * 3
        for index in range(3):
            assert "".join(choice["delta"].get("content") or "" for value in values[:-1]
                           for choice in value["choices"] if choice["index"] == index) == "one two three"
        usage = values[-2]["usage"]
    else:
        json = stack.chat(prompt, max_tokens=3, n=3).json
        assert [choice["message"]["content"] for choice in json["choices"]] == ["one two three"] * 3
        assert {choice["finish_reason"] for choice in json["choices"]} == {"length"}
        usage = json["usage"]
    assert usage["completion_tokens"] == 9
    for request in fake.chats():
        fake.wait_for_abort(request, 2)


@pytest.mark.parametrize("limit, stop, text, reason", [
    (8, " three", "one two", "stop"), (2, " three", "one two", "length"), (2, " two three", "one two", "length"),
    (3, " two three", "one", "stop"), (5, "nothing", "one two three four five", "length"),
])
@pytest.mark.parametrize("stream", [True, False])
def test_what_comes_first_of_limit_and_stop_sequence_ends_the_answer(
        stack: Stack, limit: int, stop: str, text: str, reason: str, stream: bool):
    if stream:
        with stack.stream(directive(chunks=WORDS), max_tokens=limit, stop=stop) as answer:
            values = answer.rest()
        assert (contents(values), finish_reasons(values)) == (text, [reason])
    else:
        answer = stack.chat(directive(chunks=WORDS), max_tokens=limit, stop=stop)
        assert (answer.text, answer.json["choices"][0]["finish_reason"]) == (text, reason)


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("value", [0, -1, 1.5, "5", True, [], 10**30])
def test_a_limit_that_is_none_is_refused(stack: Stack, fake, field: str, value):
    answer = stack.chat("Hi", **{field: value})
    assert answer.status == 400 and answer.error["param"] == field
    assert answer.error["type"] == "invalid_request_error" and field in answer.error["message"]
    assert fake.chats() == []


def test_the_openai_client_sees_the_reason(client: openai.OpenAI):
    answer = client.chat.completions.create(
        model="gpt-4o", max_tokens=2, messages=[{"role": "user", "content": directive(chunks=WORDS)}])
    assert answer.choices[0].finish_reason == "length" and answer.choices[0].message.content == "one two"
    assert answer.usage is not None and answer.usage.completion_tokens == 2


@pytest.mark.parametrize("mode", ["status", "error-event", "cut"])
@pytest.mark.parametrize("stream", [True, False])
def test_failures_of_a_limited_call_are_failures(stack: Stack, mode: str, stream: bool):
    faults = {"status": dict(status=429), "error-event": dict(afterEvents=0, message="broken"),
              "cut": dict(afterEvents=1)}
    prompt = directive(mode=mode, chunks=WORDS, **faults[mode])
    if not stream:
        assert stack.chat(prompt, max_tokens=5).status == (429 if mode == "status" else 502)
        return
    with stack.stream(prompt, max_tokens=5) as answer:
        if mode == "cut":
            assert "error" in answer.rest()[-1]
        else:
            assert answer.status == (429 if mode == "status" else 502)


def test_the_log_tells_who_counted(stack: Stack):
    def line(name: str, **fields):
        options = fields.pop("options", {})
        assert stack.chat(directive(chunks=WORDS, **fields), headers={"x-request-id": name}, **options).status == 200
        return stack.worker.wait_for_exchange(name)
    reported = line("who-vendor")
    assert "usage_counted" not in reported and "usage_estimated" not in reported and reported["credits"] == 5
    counted = line("who-relay", usage="zero")
    assert counted["usage_counted"] is True and "usage_estimated" not in counted
    assert counted["output_tokens"] == 8 and counted["input_tokens"] > 10
    cut = line("who-cut", options={"max_tokens": 3})
    assert cut["usage_counted"] is True and cut["output_tokens"] == 3
    estimated = line("who-knows", usage=None, options={"model": "claude-sonnet-4-5"})
    assert estimated["usage_estimated"] is True and "usage_counted" not in estimated
    assert estimated["output_tokens"] == 10, "8 tokens of o200k_base, and a fifth"


@pytest.mark.timeout(60)
def test_a_megabyte_in_one_event_is_counted_while_others_are_served(make_stack, fake):
    stack = make_stack(loops=1)
    with stack.stream(directive(repeat=1, unit="word " * 200_000, usage="zero"), headers={"x-request-id": "big"},
                      max_tokens=1_000_000) as stream:
        values = stream.rest()
    assert len(contents(values)) == 1_000_000
    line = stack.worker.wait_for_exchange("big")
    assert line["output_tokens"] == 200_001 and line["usage_counted"] is True
