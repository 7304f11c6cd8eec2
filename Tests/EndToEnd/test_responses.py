"""The openai Python client's responses: odd but legal requests, and what it raises."""

from __future__ import annotations

import secrets
from typing import Any

import openai
import pytest

from fake_onemin import FakeOneMin, directive
from harness import MODEL

TOOL: dict[str, Any] = {"type": "function", "name": "read", "strict": False, "parameters": {
    "type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}}
IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo=", "detail": "auto"}
CALL = {"type": "function_call", "call_id": "a", "name": "read", "arguments": '{"path": "a"}'}


def test_items_of_every_kind_become_one_prompt(client: openai.OpenAI, fake: FakeOneMin):
    response = client.responses.create(model=MODEL, instructions="Be brief.", input=[
        {"role": "developer", "content": "Be kind."}, {"role": "user", "content": "Read it"},
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "secret thought"}]},
        {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [
            {"type": "output_text", "text": "I look.", "annotations": []}]},
        CALL, {"type": "function_call_output", "call_id": "a", "output": [{"type": "input_text", "text": "A pear"}]},
        {"role": "user", "content": [{"type": "input_text", "text": "Well?"}]}])
    assert response.status == "completed" and response.output_text == "Hello from 1min.ai, the fake one."
    prompt = fake.chats()[-1].prompt
    assert prompt.startswith(
        "[system]\nBe brief.\n\n[developer]\nBe kind.\n\n[user]\nRead it\n\n[assistant]\nI look.\n")
    assert prompt.endswith("[tool: read #1]\nA pear\n\n[user]\nWell?\n\n[assistant]")
    assert "secret thought" not in prompt


def test_what_is_ignored_is_named(client: openai.OpenAI):
    raw = client.responses.with_raw_response.create(
        model=MODEL, input="Hi", temperature=0.5, truncation="auto", reasoning={"effort": "high"}, store=False,
        include=["message.output_text.logprobs", "reasoning.encrypted_content"], top_logprobs=2)
    assert set(raw.headers["x-fastrelay-ignored"].split(", ")) \
        == {"temperature", "truncation", "reasoning.effort", "include", "top_logprobs"}
    response = raw.parse()
    assert response.temperature == 0.5 and response.reasoning.effort == "high" and response._request_id


def test_a_call_that_is_cut_is_incomplete(client: openai.OpenAI, fake: FakeOneMin):
    call = '<tool_call>\n{"name": "read", "arguments": {"path": "' + "word " * 99
    fake.script(key := secrets.token_hex(8), [call, call])
    client = client.with_options(api_key=key)
    whole = client.responses.create(model=MODEL, input="Read", tools=[TOOL], max_output_tokens=30)
    with client.responses.stream(model=MODEL, input="Read", tools=[TOOL], max_output_tokens=30) as stream:
        kinds = [event.type for event in stream]
    assert whole.status == "incomplete" and whole.incomplete_details.reason == "max_output_tokens"
    assert all(item.status == "incomplete" for item in whole.output)
    assert kinds[-1] == "response.incomplete"


@pytest.mark.parametrize("items, place", [
    ([{"role": "user", "content": [{"type": "input_text", "text": "What?"}, IMAGE]}], "input[0].content[1]"),
    ([{"role": "user", "content": "Read"}, CALL, {**CALL, "call_id": "b"},
      {"type": "function_call_output", "call_id": "a", "output": "A"},
      {"type": "function_call_output", "call_id": "b", "output": [IMAGE]}], "input[4].output[0]"),
    ([{"role": "user", "content": "Read"}, CALL, CALL], "input[2]"),
])
def test_what_is_wrong_is_named(client: openai.OpenAI, fake: FakeOneMin, items: list, place: str):
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model=MODEL, input=items)
    assert caught.value.param == place and caught.value.request_id
    assert fake.chats() == []


@pytest.mark.parametrize("fault, error, code", [
    ({"status": 401}, openai.AuthenticationError, "invalid_api_key"),
    ({"status": 402}, openai.RateLimitError, "insufficient_quota"),
    ({"status": 403}, openai.PermissionDeniedError, "permission_denied"),
    ({"status": 429, "retryAfter": 7}, openai.RateLimitError, "rate_limit_exceeded"),
    ({"status": 500}, openai.InternalServerError, "upstream_failed"),
])
@pytest.mark.parametrize("stream", [False, True])
def test_each_failure_has_its_class(client: openai.OpenAI, stream: bool, fault: dict, error: type, code: str):
    with pytest.raises(error) as caught:
        client.responses.create(model=MODEL, input=directive(mode="status", **fault), stream=stream)
    assert caught.value.code == code and caught.value.request_id
    assert caught.value.response.headers.get("retry-after") == ("7" if "retryAfter" in fault else None)


@pytest.mark.parametrize("fault", [
    {"mode": "cut"}, {"mode": "reset"}, {"mode": "end"}, {"mode": "error-event", "message": "It broke"}])
def test_a_stream_that_breaks_off_is_raised(client: openai.OpenAI, fault: dict):
    pieces: list[str] = []
    with pytest.raises(openai.APIError) as caught:
        with client.responses.stream(
                model=MODEL, input=directive(chunks=["One ", "two"], afterEvents=1, **fault)) as stream:
            pieces.extend(event.delta for event in stream if event.type == "response.output_text.delta")
    assert pieces == ["One "] and caught.value.code == "upstream_failed"


def test_what_was_said_before_counts(make_stack, fake: FakeOneMin, tmp_path):
    stack = make_stack(store={"path": str(tmp_path / "store.db")})
    with openai.OpenAI(base_url=stack.url, api_key="someone", max_retries=0, timeout=30) as client:
        made = client.conversations.create(items=[{"role": "user", "content": "Read it"}, CALL])
        output = {"type": "function_call_output", "call_id": "a", "output": "A pear"}
        counted = client.responses.input_tokens.count(model=MODEL, conversation=made.id, input=[output])
        whole = client.responses.input_tokens.count(
            model=MODEL, input=[{"role": "user", "content": "Read it"}, CALL, output])
        assert counted.input_tokens == whole.input_tokens > 10
        first = client.responses.create(model=MODEL, input="I am Ann.")
        foreign = client.with_options(api_key="someone-else")
        for call in (lambda: foreign.responses.retrieve(first.id), lambda: foreign.responses.delete(first.id),
                     lambda: foreign.responses.input_items.list(first.id)):
            with pytest.raises(openai.NotFoundError):
                call()
        with pytest.raises(openai.BadRequestError) as caught:
            foreign.responses.create(model=MODEL, input="Who am I?", previous_response_id=first.id)
        assert caught.value.param == "previous_response_id"
        client.responses.create(model=MODEL, input="Who am I?", previous_response_id=first.id)
        assert fake.chats()[-1].prompt.startswith("[user]\nI am Ann.\n\n[assistant]\nHello")
